/** Generates docs/benchmarks.md and its chart from docs/benchmarks.json. */
import { routes } from '../shared/routes/index.ts';
import type { AreaResults } from './areas.ts';
import { CONTESTANTS, type ColdResults, type ColdStart } from './cold.ts';
import type { Grown, GrowthResults } from './growth.ts';
import type { InstanceResults } from './instances.ts';
import { instancesChart, instancesSection } from './instances-page.ts';
import type { LoadResults, Parts } from './load.ts';
import { FLAT, growthOf, type Trend, WARM } from './memory.ts';
import {
  ASSUMED_CONNECTION,
  ASSUMED_TRIP,
  bestMemory,
  COLD_SHARE,
  MEMORY,
  PRICES,
  SIZES,
  WHOLE_PROCESSOR,
  type Work,
  withMemory,
} from './prices.ts';
import { median, quantile, rounded, type Summary } from './statistics.ts';
import { table } from './table.ts';
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
  /** Date, duration and form of the last measurement of each part. */
  runs: Record<string, { date: string; seconds: number; short: boolean }>;
  cold: ColdResults;
  warm: WarmResults;
  areas: AreaResults;
  instances: InstanceResults;
  growth: GrowthResults;
  load: LoadResults;
}

/** Goals of cold starts: the maximum ratio of modelled first answers to each contestant. */
const COLD_GOALS = { sdk: 0.6, express: 0.45, nestjs: 0.3, empty: 1.5 } as const;
/** Milliseconds of processor time. */
const FIRST_CALL = 15;
/** KB, in the middle. */
const BUNDLE = 90;
const OWN_CPU_GOAL = 0.3;
/** Own processor time of a warm call that hashes a password (ms): more than this, and nothing else. */
const HASHING = 50;
const LATENCY_GOAL = 1.25;

/** Where a start goes: measured by hand, by bundles that do one part more. Ratios between the parts are what counts. */
const PROFILED = '2026-11, Node 24.21, a busy machine';
const [EMPTY, FLOOR] = [28.7, 51];
const PROFILE = [
  ["Node's start and the runtime client", 27.2, 27.2, 27.2],
  ['Load: `http`, `crypto`, `tls`, `https` of Node', 7.4, 6.3, ''],
  ['Load: the bundle is read, compiled and evaluated, with zod and middy', 5.2, '', ''],
  [
    'Load: the connection. The check for an IPv6 address 2.7, root certificates 2.1, resolver 1, socket and handshake 5',
    10.8,
    '',
    '',
  ],
  ['Load: the rehearsal, most of it the first run of the HTTP client, the signature and our own code', 11.5, '', ''],
  ['First call', 8.7, 19.1, 0.4],
];

const NAMES: Record<(typeof CONTESTANTS)[number], string> = {
  empty: 'empty handler',
  smallest: 'the smallest possible client, one GetItem',
  sdk: 'the SDK alone, one GetItem',
  hono: 'hono',
  express: 'express + serverless-http',
  nestjs: 'NestJS on express',
};

/** The documents by file name. Parts that were never measured are omitted. */
export function documents(results: Partial<Benchmarks>): Record<string, string> {
  const { machine, runs = {}, cold, warm, areas, instances, growth, load } = results;
  const sections = [
    `# Benchmarks

\`npm run bench\` generates this page (one part: \`npm run bench -- cold\`, \`warm\`, \`areas\`, \`instances\`, \`growth\` or
\`load\`; quickly: \`--short\`).
[benchmarks.json](benchmarks.json) contains the numbers. Times depend on the machine, so compare ratios, which come from
one run on one machine. A time is a median with the quartiles in brackets. \`npm test\` enforces what does not depend on
the machine: bundle sizes, and the round trips, requests and units of each operation.`,
    machine && aboutMachine(machine, runs),
    (cold || warm || load) && goals(cold, warm, load),
    cold && coldSection(cold),
    cold && warm && memorySection(cold, warm),
    warm && warmSection(warm),
    instances && areas && instancesSection(instances, areas),
    growth && growthSection(growth),
    load && loadSection(load),
  ];
  return {
    'benchmarks.md': `${sections.filter(Boolean).join('\n\n')}\n`,
    ...(cold && { 'benchmarks.svg': chart(cold) }),
    ...(instances && { 'instances.svg': instancesChart(instances) }),
  };
}

/** The operations in docs/costs.md. */
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

/** The table in docs/costs.md. */
export function costTable(warm: WarmResults): string {
  const cents = (dollars: number) => dollars.toFixed(2);
  return table(
    ['a call of', 'round trips', 'read units', 'write units', 'DynamoDB', 'Lambda', 'total'],
    SHOWN.map((id) => {
      const { trips, read, write, dollars } = warm[id]!;
      return [`\`${id}\``, trips, read, write, cents(dollars.database), cents(dollars.lambda), cents(dollars.total)];
    }),
  );
}

const spread = ({ median, low, high }: Summary) => `${median} (${low}–${high})`;
const kilobytes = (bytes: number) => rounded(bytes / 1024, 0);

function aboutMachine(machine: Machine, runs: Benchmarks['runs']): string {
  const measured = Object.entries(runs).map(
    ([part, { date, seconds, short }]) => `${part} ${date} (${seconds} s${short ? ', short form' : ''})`,
  );
  const packages = Object.entries(machine.packages).map(([name, version]) => `${name} ${version}`);
  const hasty = Object.values(runs).some(({ short }) => short)
    ? '\n\nThe short form takes few samples on a machine that may be busy. Its times are rough, its counts exact.'
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
      goal(`Modelled first answer, median of the operations ÷ ${NAMES[name]}`, most, cold.ratios[name]);
    goal('Processor time of a first call, median of the operations, ms', FIRST_CALL, cold.middle.call);
    goal('Bundle, median of the operations, KB', BUNDLE, kilobytes(cold.middle.bytes));
  }
  if (warm) {
    const calls = Object.values(warm);
    goal(
      'Own processor time per warm call, median of the operations, ms',
      OWN_CPU_GOAL,
      median(calls.map(({ ownCpu }) => ownCpu)),
    );
    goal(
      'Latency ÷ that of the same requests by the SDK alone, median of the operations',
      LATENCY_GOAL,
      median(calls.map(({ ratio }) => ratio)),
    );
  }
  if (load) goal('Errors under load', 0, load.errors);
  if (load?.memory) {
    const most = Math.max(...load.memory.processes.flatMap((process) => growthOf(process) ?? []));
    goal('Growth of the heap of a process under load, at most, %', FLAT * 100, rounded(most * 100, 1));
  }
  return `## Goals\n\n${table(['', 'goal', 'measured', ''], rows)}`;
}

function coldSection(cold: ColdResults): string {
  const { middle, check } = cold;
  const row = (name: string, start: ColdStart) => [
    name,
    kilobytes(start.bytes),
    spread(start.load),
    spread(start.call),
    start.modelled,
    rounded(middle.modelled / start.modelled),
    spread(start.answer),
  ];
  const starts = Object.entries(cold.functions).sort(([, a], [, b]) => a.modelled - b.modelled);
  const answers = starts.map(([, { modelled }]) => modelled);
  const { empty, smallest } = cold.contestants;
  return `## Cold start

A new instance first loads the function, then handles its first call. Lambda gives it a whole processor while it loads, and
memory ÷ ${WHOLE_PROCESSOR.toLocaleString('en-US')} of one from its first event on: at ${MEMORY} MiB, a millisecond of work in the first call takes as long as ${rounded(WHOLE_PROCESSOR / MEMORY, 1)}
at load. So the two are measured apart, as processor time of the main thread, which other processes disturb least. The *modelled*
first answer at the deployed memory is

    load + call × ${WHOLE_PROCESSOR} ÷ memory + ${ASSUMED_TRIP} ms per round trip to DynamoDB + ${ASSUMED_CONNECTION} ms for the connection

where the times of round trips are assumed, since loopback has none. What AWS adds (a machine, the download of the code, its
own runtime client) is the same for all and not included. ${checkText(check)}

The table compares the real bundle of every function, with its everyday call, with other frameworks, which are bundled with
the same esbuild options and modelled at ${MEMORY} MiB. They do less: each makes one read, while our functions authenticate the caller, decide, and
in most operations write. The smallest possible client signs by \`node:crypto\` and sends by \`node:http\`; it has no errors, no
retries and no server around it, and is the floor. All run in the runtime client of the laptop stack on the Node of the
Lambda runtime, on DynamoDB Local. *Wall* is the time from the start of the process to the first answer on this machine.

![Cold starts](benchmarks.svg)

${table(
  ['', 'KB', 'load, ms', 'first call, ms', 'modelled, ms', 'median ÷ it', 'wall, ms'],
  [
    [
      '**median of the operations**',
      kilobytes(middle.bytes),
      rounded(middle.load, 1),
      rounded(middle.call, 1),
      rounded(middle.modelled, 1),
      1,
      '',
    ],
    row(cold.medianFunction, cold.functions[cold.medianFunction]!),
    ...CONTESTANTS.map((name) => row(NAMES[name], cold.contestants[name])),
  ],
)}

Half of the functions need between ${quantile(answers, 0.25)} and ${quantile(answers, 0.75)} ms. The fastest is ${starts[0]![0]} with ${answers[0]} ms, the slowest
${starts.at(-1)![0]} with ${answers.at(-1)} ms. Those that set or check a password spend their time in scrypt. Measures that reduce the time:

- Functions reach DynamoDB by 150 lines of their own behind the interface of the SDK's document client
  (\`shared/data/client.ts\`, [decision 76](decisions/0076-own-transport-and-priming.md)).
- As it loads, a function opens the connection, waits for it, and rehearses a call that never leaves the process
  (\`shared/priming.ts\`, [decision 84](decisions/0084-loaded-means-connected.md)).
- Bundles are CommonJS inside. An ES module that imports \`node:http\` evaluates all of its exports, including a second HTTP
  client. (The bundles of the other frameworks are CommonJS, too.)
- A bundle contains only its own operation; schemas use \`zod/mini\`.

Not done: V8's compile cache in the bundle. It would save 4 ms, and is valid only for one exact version of Node and V8 with
the same flags; Lambda updates Node automatically.

### Where the time goes

${table(['ms of a whole processor', 'median function', 'smallest client', 'empty'], PROFILE)}

Measured apart from the table above, on the same kind of machine (${PROFILED}). A part is the median of 21 processes that do only this, or
the difference between bundles that do one part more. The smallest client does in its first call, which counts
${rounded(WHOLE_PROCESSOR / MEMORY, 1)} times, what our functions do as they load.

So the ratio to an empty handler has a floor. Node's own start is ${rounded(empty.load.median, 1)} ms; \`https\`, \`tls\` and \`crypto\` of Node, a signature, a connection and
one request without anything around them make it ${smallest.modelled} ms, ${rounded(smallest.modelled / empty.modelled)} times an empty handler. Even if a client had all of this at load, its
modules, its connection and one round trip would be about ${FLOOR} ms, ${rounded(FLOOR / EMPTY, 1)} times an empty handler: a ratio of ${COLD_GOALS.empty} is out of reach for
whatever asks DynamoDB over TLS.
${COLD_GOALS.nestjs} of NestJS would be ${rounded(COLD_GOALS.nestjs * cold.contestants.nestjs.modelled, 1)} ms. Of ours, Node's start, its modules, the connection and two round trips are about 57; the rest is the first
run of code, ours and that of Node's HTTP client, which V8 must compile and interpret wherever it happens.`;
}

const checkText = (check: ColdResults['check']): string =>
  check
    ? `A process that
was held to the share of ${check.memory} MiB from its first event on (a control group of Linux) took ${check.measured} ms for the first call of the
median function, of which the model says ${check.modelled} ms.`
    : `The
model was not checked against a process that is held to such a share: this system does not allow it.`;

function chart(cold: ColdResults): string {
  const bars: [string, { load: number; modelled: number }][] = [
    ['Roster, median', cold.middle],
    ...CONTESTANTS.map((name): [string, { load: number; modelled: number }] => {
      const { load, modelled } = cold.contestants[name];
      return [NAMES[name], { load: load.median, modelled }];
    }),
  ];
  const [left, width, bar] = [270, 400, 28];
  const most = Math.max(...bars.map(([, { modelled }]) => modelled));
  const x = (ms: number) => rounded((ms / most) * width, 1);
  const rows = bars.map(([name, { load, modelled }], index) => {
    const y = 44 + index * (bar + 10);
    const colour = index === 0 ? '#0b6e4f' : '#7a8a99';
    return [
      `<text x="${left - 8}" y="${y + 19}" text-anchor="end">${name}</text>`,
      `<rect x="${left}" y="${y}" width="${x(modelled)}" height="${bar}" fill="${colour}" opacity="0.55"/>`,
      `<rect x="${left}" y="${y}" width="${x(load)}" height="${bar}" fill="${colour}"/>`,
      `<text x="${left + x(modelled) + 8}" y="${y + 19}">${rounded(modelled, 1)} ms</text>`,
    ].join('\n');
  });
  const height = 54 + bars.length * (bar + 10);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${left + width + 90} ${height}" font-family="sans-serif" font-size="13">
<title>Cold start until the first answer</title>
<rect width="100%" height="100%" fill="#fff"/>
<text x="20" y="24" font-size="14">Modelled cold start at ${MEMORY} MiB: process started → loaded (dark) → first answer (light)</text>
${rows.join('\n')}
</svg>
`;
}

/** Kinds of operations by what they spend their time on. */
function kindsOfWork(cold: ColdResults, warm: WarmResults): { name: string; ids: string[]; work: Work }[] {
  const ids = routes.map(({ id }) => id).filter((id) => warm[id] && cold.functions[id]);
  const hashes = (id: string) => warm[id]!.ownCpu > HASHING;
  const kinds: [string, (id: string) => boolean][] = [
    ['hash or check a password', hashes],
    ['one round trip', (id) => !hashes(id) && warm[id]!.trips === 1],
    ['two round trips or more', (id) => !hashes(id) && warm[id]!.trips > 1],
  ];
  return kinds.flatMap(([name, isOf]) => {
    const all = ids.filter(isOf);
    if (all.length === 0) return [];
    const middle = (number: (id: string) => number) => median(all.map(number));
    const work = {
      trips: middle((id) => warm[id]!.trips),
      warm: middle((id) => warm[id]!.cpu),
      load: middle((id) => cold.functions[id]!.load.median),
      // Other threads hash: their time is not in that of the main one.
      first: middle((id) => cold.functions[id]!.call.median + (hashes(id) ? warm[id]!.cpu : 0)),
    };
    return [{ name, ids: all, work }];
  });
}

function memorySection(cold: ColdResults, warm: WarmResults): string {
  const rows = kindsOfWork(cold, warm).flatMap(({ name, ids, work }) => {
    const best = bestMemory(work);
    return SIZES.map((memory) => {
      const { warm, cold, dollars, waiting } = withMemory(work, memory);
      const mark = memory === best ? '**' : '';
      return [
        `${name} (${ids.length})`,
        `${mark}${memory}${mark}`,
        rounded(warm, 1),
        rounded(cold, 1),
        rounded(dollars),
        rounded(dollars * waiting, 1),
      ];
    });
  });
  return `## Memory

Lambda charges time × memory, and gives a processor in proportion to memory. The table models, for the median of each kind of
operation, a warm and a cold call, and dollars per million calls for the function's time alone (${PRICES.region}, ${PRICES.date}, arm64; ${rounded(COLD_SHARE * 100, 0)} % of the
calls cold, round trips of ${ASSUMED_TRIP} ms). The size in bold has the least product of price and mean waiting, or is the smallest within
a tenth of it: a larger one would add a larger part to the price than it takes from the time. Rows in \`shared/routes\` have these sizes (\`memory\`, default ${MEMORY}). Logins count as
hashing, which their everyday call here is not; batches of passwords have more, since they hash on two processors.

${table(['kind of operation', 'MiB', 'warm, ms', 'cold, ms', '$ per million', 'price × waiting'], rows)}`;
}

function warmSection(warm: WarmResults): string {
  const calls = Object.entries(warm).filter(([id]) => routes.some((route) => route.id === id));
  const over = calls.filter(([, { ratio }]) => ratio > LATENCY_GOAL).map(([id]) => id);
  const slow = calls.filter(([, { ownCpu }]) => ownCpu > OWN_CPU_GOAL).map(([id]) => id);
  const rest = [
    slow.length > 0 && `Operations with more than ${OWN_CPU_GOAL} ms of own processor time: ${slow.join(', ')}.`,
    over.length > 0 && `Operations with a ratio above ${LATENCY_GOAL}: ${over.join(', ')}.`,
    'Operations that set or check a password spend their time in scrypt, as intended.',
  ].filter(Boolean);
  return `## Warm calls

The table shows one everyday call of each operation (\`test/support/recipes.ts\`: lists of one entry, a group of ten), by a
caller that also made a call within the last minute, on DynamoDB Local. Units are computed as AWS charges: each item of a
transaction separately and twice, plus its index entries (\`infra/local/units.ts\`). *Own ms* is processor time with the SDK
and the server replaced by recorded answers. *Ratio* is the time of the call divided by that of the same requests by the
unmodified SDK; below 1 our client is faster.

Dollars are per million calls at list prices (${PRICES.region}, ${PRICES.date}, \`bench/prices.ts\`) for the HTTP API, Lambda on arm64, and DynamoDB
on demand. For Lambda, each round trip is assumed to take ${ASSUMED_TRIP} ms, and the measured processor time is scaled to the share of
a processor that the function has. Logs, transfer, storage and S3 are not included; uploads cost $${PRICES.s3ThousandPuts} per thousand.

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
    '$ total',
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

The tables show round trips · read units · write units of the same call in small and large groups and apps. Only
\`user/list\` by page number grows, by a unit per 100,000 users, once two calls have made the counts that it reads
([why](data-model.md#a-page-of-all-users)).

${part(groups, 'members')}

${part(apps, 'users')}`;
}

function loadSection({ processor, memory, operations, parts, ...load }: LoadResults): string {
  const total = (of: Parts) => Object.values(of).reduce((sum, ms) => sum + ms, 0);
  const all = Object.values(operations).reduce((sum, { calls, mean }) => sum + calls * mean, 0);
  const percent = (share: number) => rounded(share * 100, 0);
  const inOrder = ({ gateway, instance, function: own, gate, database }: Parts) => [
    gateway,
    instance,
    own,
    gate,
    database,
  ];
  const slowest = Object.entries(operations).sort(([, a], [, b]) => b.p50 - a.p50);
  const rows = slowest.map(([id, { calls, cold, p50, p99, mean, parts, processor }]) => [
    ...[id, calls, cold, p50, p99, mean, percent((calls * mean) / all), ...inOrder(parts), rounded(processor, 1)],
  ]);
  const share = inOrder(parts).map((ms) => `**${percent(ms / total(parts))} %**`);
  const sum = ['**all**', load.calls, '', load.p50, load.p99, rounded(total(parts), 1), 100, ...share, ''];
  return `## Load

${load.clients} clients call the laptop stack for ${load.seconds} s over HTTP on loopback, each as its own user and without a pause, as an app with a
chat would: four reads per write, logins, checks by a service, a group that all join and leave. Together ${load.calls} calls,
${load.callsPerSecond} per second, ${load.errors} errors. All processes share this machine, so most of a time is waiting for a processor: compare the
operations with each other. On AWS each instance has its own processor.

The slowest operations come first. The mean is divided into the way through the *gateway*, waiting for an *instance*, the *function*
itself, the *gate* before the database, which checks permissions and exists on the laptop only, and *DynamoDB Local*, from the
request that the gate sends to the end of its answer. The last column is processor time of the function. The last row has the shares
of all time.

${table(
  [
    ...['operation', 'calls', 'cold', 'p50, ms', 'p99, ms', 'mean, ms', '% of all time'],
    ...['gateway', 'instance', 'function', 'gate', 'DynamoDB Local', 'processor, ms'],
  ],
  [...rows, sum],
)}

${processorText(load.seconds, processor)}

${memoryText(memory)}`;
}

function processorText(seconds: number, processor: LoadResults['processor']): string {
  if (!processor) return 'Processor time was not measured on this system.';
  const names = { database: 'DynamoDB Local', stack: 'gateway, gate and the rest of the stack', function: 'functions' };
  const all = Object.values(processor).reduce((sum, spent) => sum + spent, 0);
  const rows = Object.entries({ ...names, clients: 'clients' })
    .map(([kind, name]): [string, number] => [name, processor[kind as keyof typeof processor]])
    .sort(([, a], [, b]) => b - a);
  return `Processor time of the kinds of processes, of ${rounded(all, 0)} s in ${seconds} s:

${table(
  ['', 'seconds', '%'],
  rows.map(([name, spent]) => [name, spent, rounded((spent / all) * 100, 0)]),
)}`;
}

function memoryText(memory: LoadResults['memory']): string {
  if (!memory) return 'Memory was not measured on this system.';
  const grows = ({ early, late }: Trend) => `${early} → ${late}`;
  return `Memory of each process that lived from second ${memory.from} to the end, in MB: the first third of this time → its last.
*Resident* is the median, which grows as long as a process prefers new memory to a garbage collection. *Heap* is the least that was
in use after a collection. It is measured in instances after ${WARM} calls, when Node has compiled and optimized most of what they run.
The tables of DynamoDB Local are on disk, so that data do not count as its memory. The run fails if a heap grows by more than
${FLAT * 100} %.

${table(
  ['process', 'resident', 'heap', 'growth, %'],
  memory.processes.map((process) => [
    ...[process.name, grows(process.resident), process.heap ? grows(process.heap) : ''],
    process.heap ? rounded(growthOf(process)! * 100, 1) : '',
  ]),
)}`;
}
