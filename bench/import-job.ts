/**
 * `npm run bench:import`: how long an import by functions takes for a million users and ten million memberships. A process
 * measures units and processor time of real lines, another one what an unkind database makes of them; a simulation of
 * lanes on a table with AWS's limits does the rest. Writes the table in docs/import-export.md.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Context, SQSEvent } from 'aws-lambda';
import { startDynamoDbLocal } from '../infra/local/dynamodb-local.ts';
import { Random } from '../infra/local/random.ts';
import { KIND, UNKIND } from '../infra/local/unkind/manners.ts';
import { withPart } from '../infra/pages.ts';
import { PRICES } from './prices.ts';

const LANES = 16;
const MEMORY = 1769 / 1024;
/** As it would be moved in. */
const USERS = 1_000_000;
const MEMBERSHIPS = 10_000_000;
const GROUP = 20;
const GROUPS = MEMBERSHIPS / GROUP;
/** As it is measured. */
const MEASURED = { users: 1280, groups: 256 };

/** Assumed times on AWS (ms): a BatchGet of 100 keys, a transaction of 100 items, the write of one item. */
const TIMES = { read: 10, transaction: 40, write: 5 };
/** Write units per second: of a partition, of a new table, and of a table by the usual quota of an account. */
const LIMITS = { partition: 1000, fresh: 4000, quota: 40_000 };
/** A table on demand takes at once twice its highest use; AWS promises to double that within so many seconds. */
const DOUBLING = 1800;

const KINDS = ['user', 'group', 'member'] as const;
type Kind = (typeof KINDS)[number];

/** What a chunk of lines of a kind needs, on average. */
interface Chunk {
  lines: number;
  /** Processor time (ms). */
  cpu: number;
  transactions: number;
  readUnits: number;
  writeUnits: number;
}

/** What became of the same lines before an unkind database. */
interface Unkind {
  lines: number;
  done: number;
  /** Transactions that were sent, and those that were written. */
  sent: number;
  written: number;
  runs: number;
  failed: number;
}

function linesOf(kind: Kind): object[] {
  const { users, groups } = MEASURED;
  if (kind === 'user')
    return Array.from({ length: users }, (_, n) => ({ kind, user_id: 1000 + n, username: `moving${n}` }));
  const owner = (group: number) => 1000 + ((group * 7) % users);
  if (kind === 'group')
    return Array.from({ length: groups }, (_, n) => ({ kind, group_id: 9000 + n, owner_id: owner(n), name: `G ${n}` }));
  return Array.from({ length: groups * GROUP }, (_, n) => {
    const group = Math.floor(n / GROUP);
    return { kind, group_id: 9000 + group, user_id: 1000 + ((group * 7 + 1 + (n % GROUP) * 31) % users) };
  });
}

/** Imports the lines kind by kind in this process, by the function and the command as they are. */
async function measure(seed: number | undefined) {
  const [{ startTestBucket, TEST_BUCKET }, { Given }, worlds, { Recorder }] = await Promise.all([
    import('../test/support/bucket.ts'),
    import('../test/support/story.ts'),
    import('../test/support/world.ts'),
    import('../test/support/table-recorder.ts'),
  ]);
  const { documentClient } = await import('../shared/data/client.ts');
  const { handler } = await import('../functions/background/import.ts');
  const { opsHere, stackFolder } = await import('../test/ops/command-line.ts');
  const database = await startDynamoDbLocal();
  const bucket = await startTestBucket();
  const world = await worlds.worldInProcess({ dynamodb: database.endpoint, s3: bucket.endpoint }, seed);
  const recorder = new Recorder(documentClient(), world.table);
  const folder = stackFolder(
    database.endpoint,
    world.table.name,
    { endpoint: bucket.endpoint, name: TEST_BUCKET },
    process.env.AWS_ENDPOINT_URL_SQS,
  );
  process.chdir(folder);
  const file = join(folder, 'lines.ndjson');
  const counts = { sent: 0, written: 0, runs: 0, failed: 0 };
  let moves = 0;
  documentClient().middlewareStack.add(
    (next) => async (args) => {
      // Each chunk moves its lane once.
      if ('Item' in args.input && 'chunk' in (args.input.Item ?? {})) moves++;
      const isTransaction = 'TransactItems' in args.input;
      if (isTransaction) counts.sent++;
      const answer = await next(args);
      if (isTransaction) counts.written++;
      return answer;
    },
    { step: 'initialize', name: 'counts' },
  );
  const queue = worlds.testMessaging().imports;
  const workOff = async () => {
    for (;;) {
      const messages = queue.receive(LANES);
      if (messages.length === 0) return;
      await Promise.all(
        messages.map(async ({ id, receipt, body }) => {
          counts.runs++;
          const ends = Date.now() + 60_000;
          const context = { awsRequestId: id, getRemainingTimeInMillis: () => ends - Date.now() } as Context;
          const Records = [{ messageId: id, receiptHandle: receipt, body }];
          const { batchItemFailures } = await handler({ Records } as unknown as SQSEvent, context);
          counts.failed += batchItemFailures.length;
          if (batchItemFailures.length > 0) queue.changeVisibility(receipt, 0);
          else queue.delete(receipt);
        }),
      );
    }
  };
  const start = async (app: string, kind: Kind) => {
    writeFileSync(
      file,
      linesOf(kind)
        .map((line) => `${JSON.stringify(line)}\n`)
        .join(''),
    );
    const { exitCode, stdout } = await opsHere(['import-jobs', 'start', app, file, '--json']);
    const { job_id, refused } = JSON.parse(stdout);
    if (exitCode !== 0 || refused > 0) throw new Error(stdout);
    return job_id as string;
  };
  if (seed !== undefined) {
    const given = await Given.app(world);
    let done = 0;
    for (const kind of KINDS) {
      worlds.unkind!.begin(seed, KIND);
      const job = await start(given.app, kind);
      worlds.unkind!.begin(seed, UNKIND);
      await workOff();
      worlds.unkind!.begin(seed, KIND);
      const { stdout } = await opsHere(['import-jobs', 'status', given.app, job, '--json']);
      done += JSON.parse(stdout).done;
    }
    const lines = KINDS.reduce((sum, kind) => sum + linesOf(kind).length, 0);
    return { ...counts, lines, done } satisfies Unkind;
  }
  const chunks: Partial<Record<Kind, Chunk>> = {};
  // The first app warms the code up, the second one is timed, the third one has its units counted.
  for (const round of ['warm', 'time', 'units'] as const) {
    const given = await Given.app(world);
    for (const kind of KINDS) {
      await start(given.app, kind);
      const [transactions, movesBefore] = [counts.written, moves];
      const began = process.cpuUsage();
      if (round !== 'units') await workOff();
      const { user, system } = process.cpuUsage(began);
      const units = round === 'units' ? (await recorder.record(workOff)).units : { read: 0, write: 0 };
      if (round === 'warm') continue;
      const lines = linesOf(kind).length;
      const number = moves - movesBefore;
      const chunk = chunks[kind] ?? { lines: lines / number, cpu: 0, transactions: 0, readUnits: 0, writeUnits: 0 };
      chunks[kind] = chunk;
      chunk.transactions = (counts.written - transactions) / number;
      if (round === 'time') chunk.cpu = (user + system) / 1000 / number;
      else Object.assign(chunk, { readUnits: units.read / number, writeUnits: units.write / number });
    }
  }
  return chunks;
}

/** Runs a part in a process of its own. */
function inProcess<T>(part: string): T {
  const folder = mkdtempSync(join(tmpdir(), 'roster-bench-import-'));
  const file = join(folder, 'result.json');
  try {
    execFileSync(process.execPath, [import.meta.filename, part, file], { stdio: ['ignore', 'ignore', 'inherit'] });
    return JSON.parse(readFileSync(file, 'utf8')) as T;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

interface Simulated {
  /** Seconds of each kind. */
  seconds: Record<Kind, number>;
  throttled: number;
  busy: number;
}

/**
 * Lanes on a table. Each chunk reads, decides, and writes its transactions; one of them is refused where a partition that it
 * writes to has no units left, and sent again after a wait, as `Database` does.
 * @param fresh write units per second that the table takes at first
 */
function simulate(chunks: Record<Kind, Chunk>, fresh: number): Simulated {
  const random = new Random(1);
  let now = 0;
  let busy = 0;
  let throttled = 0;
  let capacity = fresh;
  let [used, since] = [0, 0];
  let peak = 0;
  /** Units left of each partition, and since when. */
  let partitions: { left: number; at: number }[] = [];
  const split = () => {
    const count = Math.ceil(capacity / LIMITS.partition);
    partitions = Array.from({ length: count }, () => ({ left: LIMITS.partition, at: now }));
  };
  split();
  let doubled = 0;
  const levelOf = (partition: { left: number; at: number }) => {
    partition.left = Math.min(LIMITS.partition, partition.left + ((now - partition.at) / 1000) * LIMITS.partition);
    partition.at = now;
    return partition.left;
  };
  const seconds = {} as Record<Kind, number>;
  const totals = { user: USERS, group: GROUPS, member: MEMBERSHIPS };
  for (const kind of KINDS) {
    const began = now;
    const { lines, cpu, transactions, writeUnits } = chunks[kind];
    const lanes = kind === 'member' ? LANES : 8;
    const free = Array.from({ length: lanes }, () => now);
    const tries = Array.from({ length: lanes }, () => 0);
    let left = Math.ceil(totals[kind] / lines);
    while (left > 0) {
      const lane = free.indexOf(Math.min(...free));
      now = free[lane]!;
      if (now - since >= 60_000) {
        peak = Math.max(peak, (used * 1000) / (now - since));
        [used, since] = [0, now];
      }
      if (now - doubled >= DOUBLING * 1000 && peak > capacity / 2) {
        capacity = Math.min(LIMITS.quota, capacity * 2);
        doubled = now;
        split();
      }
      // Half of the units are those of one group, or of one shard; the others are spread over users.
      const own = partitions[random.whole(0, partitions.length - 1)]!;
      if (levelOf(own) <= 0 || partitions.some((partition) => levelOf(partition) <= 0)) {
        throttled++;
        free[lane] = now + random.next() * Math.min(1000, 50 * 2 ** tries[lane]!++);
        continue;
      }
      tries[lane] = 0;
      own.left -= writeUnits / 2;
      for (const partition of partitions) partition.left -= writeUnits / 2 / partitions.length;
      used += writeUnits;
      const takes = cpu + TIMES.read + transactions * TIMES.transaction + TIMES.write;
      free[lane] = now + takes;
      left--;
    }
    now = Math.max(...free);
    seconds[kind] = (now - began) / 1000;
    busy += seconds[kind] * lanes;
  }
  return { seconds, throttled, busy };
}

const number = (value: number) => Math.round(value).toLocaleString('en-US');
const duration = (seconds: number) =>
  seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;

function report(chunks: Record<Kind, Chunk>, unkind: Unkind): string {
  const totals = { user: USERS, group: GROUPS, member: MEMBERSHIPS };
  const sum = (of: 'readUnits' | 'writeUnits') =>
    KINDS.reduce((all, kind) => all + (chunks[kind][of] / chunks[kind].lines) * totals[kind], 0);
  const [reads, writes] = [sum('readUnits'), sum('writeUnits')];
  const rows = [
    ['a new table', LIMITS.fresh],
    ['a table that has taken 12,000 write units per second', 12_000],
    ['a table warmed up to 40,000 write units per second', LIMITS.quota],
  ] as const;
  const dollarsOf = (busy: number) => ({
    units: (reads / 1e6) * PRICES.dynamoDbMillionReadUnits + (writes / 1e6) * PRICES.dynamoDbMillionWriteUnits,
    functions: busy * MEMORY * PRICES.lambdaGbSecond,
    requests: ((USERS + GROUPS + MEMBERSHIPS) / 1024 / 1000) * PRICES.s3ThousandPuts,
  });
  const lines = rows.map(([table, fresh]) => {
    const { seconds, busy } = simulate(chunks, fresh);
    const total = KINDS.reduce((all, kind) => all + seconds[kind], 0);
    const { units, functions, requests } = dollarsOf(busy);
    const dollars = units + functions + requests;
    return `| ${table} | ${KINDS.map((kind) => duration(seconds[kind])).join(' | ')} | **${duration(total)}** | ${number((USERS + GROUPS + MEMBERSHIPS) / total)} | $${units.toFixed(0)} | $${functions.toFixed(2)} | **$${dollars.toFixed(0)}** |`;
  });
  const perLine = KINDS.map((kind) => {
    const { lines, cpu, transactions, readUnits, writeUnits } = chunks[kind];
    return `| ${kind} | ${lines.toFixed(0)} | ${(cpu / lines).toFixed(2)} ms | ${transactions.toFixed(1)} | ${(readUnits / lines).toFixed(1)} | ${(writeUnits / lines).toFixed(1)} |`;
  });
  return [
    `Measured, with ${number(MEASURED.users)} users and ${number(MEASURED.groups)} groups of ${GROUP} members:`,
    '',
    '| kind | lines of a chunk | processor time of a line | transactions of a chunk | read units of a line | write units of a line |',
    '| --- | --- | --- | --- | --- | --- |',
    ...perLine,
    '',
    `Simulated, for ${number(USERS)} users and ${number(MEMBERSHIPS)} memberships in ${number(GROUPS)} groups: ${number(reads / 1e6)} million read units and ${number(writes / 1e6)} million write units.`,
    '',
    '| on | users | groups | members | all | lines per second | units | functions | costs |',
    '| --- | --- | --- | --- | --- | --- | --- | --- | --- |',
    ...lines,
    '',
    `Before an unkind database (one request in ten fails or is late, each partition key takes 1,000 write units per second) the same ${number(unkind.lines)} lines needed ${(unkind.sent / unkind.written).toFixed(2)} transactions for each that was written; ${unkind.failed} of ${unkind.runs} runs failed and came again, and all ${number(unkind.done)} lines were counted once.`,
  ].join('\n');
}

const [part, result] = process.argv.slice(2);
if (part !== undefined && result !== undefined) {
  writeFileSync(result, JSON.stringify(await measure(part === 'unkind' ? 7 : undefined)));
  process.exit(0);
}
const chunks = inProcess<Record<Kind, Chunk>>('kind');
const text = report(chunks, inProcess<Unkind>('unkind'));
const document = resolve(import.meta.dirname, '../docs/import-export.md');
writeFileSync(document, withPart(readFileSync(document, 'utf8'), 'import-job', text, 'npm run bench:import'));
console.log(text);
