/** docs/benchmarks.md and its chart, from the numbers of docs/benchmarks.json. */
import { routes } from '../shared/routes/index.ts';
import { CONTESTANTS, type ColdResults, type ColdStart } from './cold.ts';
import type { Grown, GrowthResults } from './growth.ts';
import type { LoadResults } from './load.ts';
import { ASSUMED_TRIP, PRICES } from './prices.ts';
import { median, quantile, rounded, type Summary } from './statistics.ts';
import type { WarmResults } from './warm.ts';

export interface Machine {
  processor: string;
  memoryGb: number;
  system: string;
  node: string;
  java: string;
  packages: Record<string, string>;
}

export interface Benchmarks {
  machine: Machine;
  /** When each part was measured last, for how long, and whether in the short form. */
  runs: Record<string, { date: string; seconds: number; short: boolean }>;
  cold: ColdResults;
  warm: WarmResults;
  growth: GrowthResults;
  load: LoadResults;
}

/** The goals of a cold start: at most so much of a contestant's. */
const COLD_GOALS = { sdk: 0.9, express: 0.6, nestjs: 0.42 } as const;
const LARGEST_BUNDLE = 260;
const OWN_CPU_GOAL = 0.3;
const LATENCY_GOAL = 1.25;

const NAMES: Record<(typeof CONTESTANTS)[number], string> = {
  empty: 'empty handler',
  sdk: 'the SDK alone, one GetItem',
  hono: 'hono',
  express: 'express + serverless-http',
  nestjs: 'NestJS on express',
};

/** By file name. Parts that were never measured are left out. */
export function documents(results: Partial<Benchmarks>): Record<string, string> {
  const { machine, runs = {}, cold, warm, growth, load } = results;
  const sections = [
    `# Benchmarks

Written by \`npm run bench\` (one part: \`npm run bench -- cold\`, \`warm\`, \`growth\` or \`load\`; a quick look: \`--short\`).
The numbers are in [benchmarks.json](benchmarks.json). Compare ratios, which come from one run on one machine; times are
that machine's. A time is a median, with the quartiles in brackets. What does not vary with the machine is guarded by
\`npm test\`: bytes of each bundle, round trips, requests and units of each operation.`,
    machine && aboutMachine(machine, runs),
    (cold || warm || load) && goals(cold, warm, load),
    cold && coldSection(cold),
    warm && warmSection(warm),
    growth && growthSection(growth),
    load && loadSection(load),
  ];
  return {
    'benchmarks.md': `${sections.filter(Boolean).join('\n\n')}\n`,
    ...(cold && { 'benchmarks.svg': chart(cold) }),
  };
}

/** The operations that docs/costs.md shows. */
const SHOWN = [
  'user/profile/get',
  'group/info',
  'group/member-list',
  'user/nickname',
  'group/msg/mute-mode',
  'group/apply',
  'group/leave',
  'group/create',
  'group/destroy',
  'group/file/upload',
  'token/user',
];

/** The table of docs/costs.md. */
export function costTable(warm: WarmResults): string {
  const cents = (dollars: number) => dollars.toFixed(2);
  return table(
    ['a call of', 'round trips', 'read units', 'write units', 'DynamoDB', 'Lambda', 'in all'],
    SHOWN.map((id) => {
      const { trips, read, write, dollars } = warm[id]!;
      return [`\`${id}\``, trips, read, write, cents(dollars.database), cents(dollars.lambda), cents(dollars.total)];
    }),
  );
}

const table = (head: string[], rows: (string | number)[][]): string =>
  [head, head.map((_, index) => (index === 0 ? '---' : '--:')), ...rows]
    .map((row) => `| ${row.join(' | ')} |`)
    .join('\n');

const spread = ({ median, low, high }: Summary) => `${median} (${low}–${high})`;
const kilobytes = (bytes: number) => rounded(bytes / 1024, 0);

function aboutMachine(machine: Machine, runs: Benchmarks['runs']): string {
  const measured = Object.entries(runs).map(
    ([part, { date, seconds, short }]) => `${part} ${date} (${seconds} s${short ? ', short form' : ''})`,
  );
  const packages = Object.entries(machine.packages).map(([name, version]) => `${name} ${version}`);
  const hasty = Object.values(runs).some(({ short }) => short)
    ? '\n\nA short form takes a few samples, on a machine that may do other things: its times say little, its counts all.'
    : '';
  return `Measured: ${measured.join(', ')}. ${machine.processor}, ${machine.memoryGb} GB, ${machine.system}; Node ${machine.node},
${machine.java}; ${packages.join(', ')}.${hasty}`;
}

function goals(cold?: ColdResults, warm?: WarmResults, load?: LoadResults): string {
  const rows: (string | number)[][] = [];
  const goal = (what: string, most: number, found: number) =>
    rows.push([what, `≤ ${most}`, found, found <= most ? 'met' : '**missed**']);
  if (cold) {
    for (const [name, most] of Object.entries(COLD_GOALS) as [keyof typeof COLD_GOALS, number][])
      goal(`Cold start of the median function, by ${NAMES[name]}`, most, cold.ratios[name]);
    const largest = Math.max(...Object.values(cold.functions).map(({ bytes }) => bytes));
    goal('Largest bundle, KB', LARGEST_BUNDLE, kilobytes(largest));
  }
  if (warm) {
    const calls = Object.values(warm);
    goal(
      'Our own processor time a warm call, median of the operations, ms',
      OWN_CPU_GOAL,
      median(calls.map(({ ownCpu }) => ownCpu)),
    );
    goal(
      'Latency by the same requests made bare, median of the operations',
      LATENCY_GOAL,
      median(calls.map(({ ratio }) => ratio)),
    );
  }
  if (load) goal('Errors under load', 0, load.errors);
  return `## Goals\n\n${table(['', 'goal', 'measured', ''], rows)}`;
}

function coldSection(cold: ColdResults): string {
  const middle = cold.functions[cold.medianFunction]!;
  const row = (name: string, start: ColdStart) => [
    name,
    kilobytes(start.bytes),
    spread(start.ready),
    spread(start.answer),
    start.cpu ? spread(start.cpu) : '',
    rounded(middle.answer.median / start.answer.median),
  ];
  const answers = Object.values(cold.functions)
    .map(({ answer }) => answer.median)
    .sort((a, b) => a - b);
  const byTime = Object.entries(cold.functions).sort(([, a], [, b]) => a.answer.median - b.answer.median);
  const { empty, express } = cold.contestants;
  const beyondNode = (start: ColdStart) => start.answer.median - empty.answer.median;
  const share = rounded(beyondNode(middle) / beyondNode(express));
  return `## Cold start

From the start of the process until the bundle is loaded, and until its first answer, on DynamoDB Local: of every function's
real bundle with its everyday call, and of others made by the same build (same esbuild options), without the stand-ins for
parts of the SDK, which are ours. The others do less than we do: one read each, where we look up who asks, decide, and in
most operations write. The process is the laptop stack's runtime client on the Lambda runtime's Node, for all alike:
Lambda's own needs a compiler to be installed. What AWS adds (a machine, the code's download) is the same for all and not in
it. *Processor*: time that the main thread had until then, which others on the machine disturb least. The last column
compares first answers.

![Cold starts](benchmarks.svg)

${table(
  ['', 'KB', 'loaded, ms', 'first answer, ms', 'processor, ms', 'median function ÷ it'],
  [
    row(`median function (${cold.medianFunction})`, middle),
    ...CONTESTANTS.map((name) => row(NAMES[name], cold.contestants[name])),
  ],
)}

Half of the functions lie between ${quantile(answers, 0.25)} and ${quantile(answers, 0.75)} ms; the fastest is ${byTime[0]![0]} with ${answers[0]}, the slowest
${byTime.at(-1)![0]} with ${answers.at(-1)} (passwords are hashed so that it takes time). What was done for it:

- Bundles are CommonJS. An ES module that imports \`node:http\` makes Node evaluate all its exports, a second HTTP client
  among them. (The contestants' bundles have this too.)
- Stand-ins for what the SDK brings for other places than Lambda, and for services that are not used: the credential
  chain, shared configuration files, event streams, schemas, rules of endpoints (\`infra/bundle/stand-ins.ts\`).
- DynamoDB's protocol is 60 lines without schemas (\`shared/data/protocol.ts\`).
- A bundle holds its own operation only; schemas are \`zod/mini\`.

Not done: V8's compile cache in the bundle. It holds for one exact Node and V8 only, and Lambda updates its Node by itself.

What is left of the ratio to express: ${rounded(empty.answer.median)} ms of each start are Node's own, with an empty handler; of what comes
on top the median function takes ${share} of what express does. Most of that is Node's \`https\`, \`tls\` and \`crypto\`, which the
SDK needs to sign and send, here as there, and the first connection to the database.`;
}

function chart(cold: ColdResults): string {
  const middle = cold.functions[cold.medianFunction]!;
  const bars: [string, ColdStart][] = [
    ['Roster, median function', middle],
    ...CONTESTANTS.map((name): [string, ColdStart] => [NAMES[name], cold.contestants[name]]),
  ];
  const [left, width, bar] = [190, 400, 28];
  const most = Math.max(...bars.map(([, { answer }]) => answer.high));
  const x = (ms: number) => rounded((ms / most) * width, 1);
  const rows = bars.map(([name, { ready, answer }], index) => {
    const y = 44 + index * (bar + 10);
    const colour = index === 0 ? '#0b6e4f' : '#7a8a99';
    return [
      `<text x="${left - 8}" y="${y + 19}" text-anchor="end">${name}</text>`,
      `<rect x="${left}" y="${y}" width="${x(answer.median)}" height="${bar}" fill="${colour}" opacity="0.55"/>`,
      `<rect x="${left}" y="${y}" width="${x(ready.median)}" height="${bar}" fill="${colour}"/>`,
      `<line x1="${left + x(answer.low)}" x2="${left + x(answer.high)}" y1="${y + 14}" y2="${y + 14}" stroke="#222"/>`,
      `<text x="${left + x(answer.high) + 8}" y="${y + 19}">${answer.median} ms</text>`,
    ].join('\n');
  });
  const height = 54 + bars.length * (bar + 10);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${left + width + 90} ${height}" font-family="sans-serif" font-size="13">
<title>Cold start until the first answer</title>
<rect width="100%" height="100%" fill="#fff"/>
<text x="${left}" y="24" font-size="14">Cold start: process started → loaded (dark) → first answer (light), ms</text>
${rows.join('\n')}
</svg>
`;
}

function warmSection(warm: WarmResults): string {
  const calls = Object.entries(warm).filter(([id]) => routes.some((route) => route.id === id));
  const over = calls.filter(([, { ratio }]) => ratio > LATENCY_GOAL).map(([id]) => id);
  const slow = calls.filter(([, { ownCpu }]) => ownCpu > OWN_CPU_GOAL).map(([id]) => id);
  const rest = [
    slow.length > 0 && `More processor time than ${OWN_CPU_GOAL} ms: ${slow.join(', ')}.`,
    over.length > 0 && `A ratio above ${LATENCY_GOAL}: ${over.join(', ')}.`,
    'Operations that take or check a password spend their time in scrypt, which is what it is for.',
  ].filter(Boolean);
  return `## Warm calls

One everyday call of each operation (\`test/support/recipes.ts\`: lists of one entry, a group of ten), by somebody who called
within the last minute, on DynamoDB Local. Units are as AWS charges: of a transaction each item for itself and twice, with
its index entries (\`infra/local/units.ts\`). *Own ms*: processor time with the SDK and the server replaced by recorded
answers. *Ratio*: the call's time by that of the same requests made bare, by the SDK as it comes (below 1: our client
takes less time than that one).

Dollars are for a million calls at list prices (${PRICES.region}, ${PRICES.date}, \`bench/prices.ts\`): HTTP API, Lambda on arm64 (each round trip
taken for ${ASSUMED_TRIP} ms, and the measured processor time for as much longer as the function has less than a processor),
DynamoDB on demand. Not in it: logs, transfer, storage, and S3, where a client's upload costs $${PRICES.s3ThousandPuts} a thousand.

${rest.join(' ')}

${table(
  [
    'operation',
    'trips',
    'requests',
    'read',
    'write',
    'bytes in',
    'out',
    'own ms',
    'ms',
    'ratio',
    '$ API',
    '$ Lambda',
    '$ DynamoDB',
    '$ all',
  ],
  calls.map(([id, call]) => [
    id,
    call.trips,
    call.requests,
    call.read,
    call.write,
    call.asked,
    call.answered,
    call.ownCpu,
    spread(call.latency),
    call.ratio,
    call.dollars.gateway,
    call.dollars.lambda,
    call.dollars.database,
    call.dollars.total,
  ]),
)}`;
}

function growthSection({ groups, apps }: GrowthResults): string {
  const part = (rows: Record<string, Record<number, Grown>>, what: string) => {
    const sizes = [...new Set(Object.values(rows).flatMap((row) => Object.keys(row)))]
      .map(Number)
      .sort((a, b) => a - b);
    const cell = (grown: Grown | undefined) => (grown ? `${grown.trips} · ${grown.read} · ${grown.write}` : '');
    return table(
      [what, ...sizes.map((size) => size.toLocaleString('en-US'))],
      Object.entries(rows).map(([name, row]) => [name, ...sizes.map((size) => cell(row[size]))]),
    );
  };
  return `## Growth

Round trips · read units · write units of the same call in small and large groups and apps. Nothing grows but
\`user/list\` by page number, which counts the users before the page; a cursor does not
([why](data-model.md#a-page-of-all-users)).

${part(groups, 'members')}

${part(apps, 'users')}`;
}

function loadSection(load: LoadResults): string {
  const memory = load.memory
    ? `memory of all its processes ${load.memory.early} MB after a third of the time, ${load.memory.late} MB at the end.`
    : 'memory not measured on this system.';
  return `## Load

${load.clients} clients call the laptop stack for ${load.seconds} s over HTTP on loopback, four reads to a write, each on its own user and group:
${load.calls} calls, ${load.callsPerSecond} a second, ${load.errors} errors; p50 ${load.p50} ms, p99 ${load.p99} ms; ${memory}
As many clients that make the same requests bare get ${load.barePerSecond} calls a second out of DynamoDB Local: the stack, whose gateway,
functions and database share the machine with the clients, gives ${rounded(load.share * 100, 0)} % of it. It says that the stack holds; on AWS each
function instance has a processor of its own.`;
}
