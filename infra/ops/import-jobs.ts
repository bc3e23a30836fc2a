import { createWriteStream } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Command, InvalidArgumentError } from 'commander';
import { importJobOf, MOST_LANES } from '../../shared/data/import-job-repo.ts';
import { type OperatorTable, viewOf } from '../../shared/data/operator-queries.ts';
import { appNamed } from '../../shared/domain/app/apps.ts';
import {
  beginImport,
  cancelImport,
  type ImportState,
  importNamed,
  importsOf,
  isDone,
  newImportId,
  OUTCOMES,
  resumeImport,
} from '../../shared/domain/app/import-jobs.ts';
import { importWake, stepOf } from '../../shared/domain/app/import-run.ts';
import type { RefusedLine } from '../../shared/domain/app/refused-line.ts';
import type { AppId } from '../../shared/ids.ts';
import { PRICES } from '../../shared/prices.ts';
import { backgroundFunctions } from '../../shared/routes/index.ts';
import {
  putImportPart,
  putRefusedAtFirst,
  refusedLines,
  removeImportParts,
} from '../../shared/storage/operator-object-repo.ts';
import { importQueueNameOf } from '../names.ts';
import { type Answering, aligned, isoTime, shownTime } from './answer.ts';
import { appId, numberOrZero } from './arguments.ts';
import { findBucket } from './bucket.ts';
import { ImportReport } from './import-file.ts';
import { SortedLines } from './import-parts.ts';
import { Progress } from './progress.ts';
import { queueSender } from './queue.ts';
import type { Place } from './table.ts';

type OnBucket = Place & { bucket?: string };

/** Milliseconds between two looks at an import that is watched. */
const WATCH_EVERY = 2000;

/** `import-jobs …`: imports by functions, for files of millions of lines. */
export function addImportJobCommands(program: Command, answering: Answering) {
  const jobs = program
    .command('import-jobs')
    .description('import files of millions of lines by functions, while this computer may be off');
  const command = (name: string, description: string) =>
    jobs.command(name).description(description).argument('<app>', 'id of the app', appId);
  const onJob = (name: string, description: string) =>
    command(name, description).argument('<job>', 'id of the import', jobArgument);
  const onBucket = (added: Command) =>
    added.option('--bucket <name>', 'bucket on AWS: output BucketName of the data stack');

  onBucket(command('start', 'check a file, upload its lines, and start to import them'))
    .argument('<file>', 'JSON lines, as for import')
    .option('--lanes <number>', `functions that write at the same time, 1 to ${MOST_LANES}`, lanesArgument, MOST_LANES)
    .option('--units <number>', 'write units per second, at most', paceArgument)
    .action(
      answering<[AppId, string], OnBucket & { lanes: number; units?: number }>(async (table, [app, file], options) => {
        const state = await start(table, app, file, options);
        const next = `See: npm run ops -- import-jobs status ${app} ${state.job.id}`;
        return { json: stateJson(app, state), text: `${shown(state)}\n\nThe import runs. ${next}` };
      }),
    );

  command('list', 'list the imports of the last two weeks, the newest first').action(
    answering<[AppId], object>(async (table, [app]) => {
      const all = await importsOf(table, app);
      const rows = all.map((state) => {
        const { done, lines } = progressOf(state);
        const { id, createdAt, file } = state.job;
        return [id, conditionOf(state), shownTime(createdAt), `${done} of ${lines}`, file];
      });
      return {
        json: { app_id: app, imports: all.map((state) => stateJson(app, state)) },
        text:
          rows.length > 0 ? aligned(rows, ['id', 'state', 'started', 'lines', 'file']) : `App ${app} has no imports.`,
      };
    }),
  );

  onJob('status', 'show how far an import is, and what it has cost')
    .option('--watch', 'wait until it ends')
    .action(
      answering<[AppId, string], { watch?: true }>(async (table, [app, job], { watch }) => {
        const state = watch ? await watched(table, app, job) : await importNamed(table, app, job);
        return {
          json: stateJson(app, state),
          text: shown(state),
          failed: watch === true && progressOf(state).refused > 0,
        };
      }),
    );

  onBucket(onJob('report', 'write the refused lines of an import to a file'))
    .argument('<file>', 'gets JSON lines: line, kind, field, reason')
    .action(
      answering<[AppId, string, string], OnBucket>(async (table, [app, job, file], options) => {
        await importNamed(table, app, job);
        const bucket = findBucket(options);
        const all: RefusedLine[] = [];
        for await (const line of refusedLines(bucket, app, job)) all.push(JSON.parse(line));
        bucket.client.destroy();
        all.sort((one, other) => one.line - other.line);
        const out = createWriteStream(file, { mode: 0o600 });
        for (const line of all) out.write(`${JSON.stringify(line)}\n`);
        await new Promise<void>((done, failed) => out.on('error', failed).end(done));
        return {
          json: { app_id: app, job_id: job, file, refused: all.length },
          text: `${all.length} lines are in ${file}.`,
        };
      }),
    );

  onJob('resume', 'wake the lanes of an import that have failed too often').action(
    answering<[AppId, string], Place>(async (table, [app, job], options) => {
      const state = await importNamed(table, app, job);
      if (state.job.state === 'cancelled') throw new Error(`import ${job} is cancelled: start another one`);
      const woken = isDone(state) ? 0 : await resumeImport(app, state, wakeOf(options));
      const text = woken === 0 ? `Import ${job} is done.` : `${woken} lanes go on where they stopped.`;
      return { json: { app_id: app, job_id: job, woken }, text };
    }),
  );

  onBucket(onJob('cancel', 'end an import; what it has written stays')).action(
    answering<[AppId, string], OnBucket>(async (table, [app, job], options) => {
      const state = await importNamed(table, app, job);
      if (isDone(state)) throw new Error(`import ${job} is done`);
      const bucket = findBucket(options);
      await cancelImport(table, bucket, app, state);
      bucket.client.destroy();
      return { json: { app_id: app, job_id: job, cancelled: true }, text: `Import ${job} is cancelled.` };
    }),
  );
}

const wakeOf = (place: Place) => importWake(queueSender(place, importQueueNameOf));

/** Uploads the lines of a file and starts their import. Where there is no import in the end, what was uploaded is removed. */
async function start(
  table: OperatorTable,
  id: AppId,
  file: string,
  { lanes: most, units, ...place }: OnBucket & { lanes: number; units?: number },
): Promise<ImportState> {
  const bucket = findBucket(place);
  const app = await appNamed(viewOf(table), id);
  const job = newImportId();
  const refused: string[] = [];
  const told = new ImportReport(undefined, (line) => refused.push(`${JSON.stringify(line)}\n`));
  const checking = new Progress(undefined);
  const sorted = await SortedLines.of(file, told, (lines) => checking.show(lines, 'lines checked'));
  checking.end();
  const uploading = new Progress(told.total('lines') - told.total('refused'));
  let uploaded = 0;
  try {
    const steps = await sorted.divide(most, async (step, lane, part, text, lines) => {
      await putImportPart(bucket, id, job, [step, lane, part], text);
      uploaded += lines;
      uploading.show(uploaded, 'lines uploaded');
    });
    if (refused.length > 0) await putRefusedAtFirst(bucket, id, job, refused.join(''));
    // Steps may have fewer lanes than others.
    const lanes = Math.max(1, ...steps.map(({ parts }) => parts.findLastIndex((count) => count > 0) + 1));
    const given = {
      id: job,
      file: file.slice(-200),
      lanes,
      steps: steps.map((step) => ({ ...step, parts: step.parts.slice(0, lanes) })),
      refused: Object.fromEntries([...told.counts].map(([kind, counts]) => [kind, counts.refused])),
      ...(units !== undefined && { pace: units }),
    };
    return await beginImport(table, app, given, wakeOf(place));
  } catch (error) {
    // Once it is on record, its lanes need the parts, whether they could be woken or not.
    const begun = await viewOf(table)
      .read(importJobOf(id, job))
      .catch(() => true);
    if (begun) {
      const next = `import-jobs resume ${id} ${job} begins it`;
      throw new Error(`the import is on record, but not begun: ${(error as Error).message}; ${next}`, { cause: error });
    }
    await removeImportParts(bucket, id, job).catch(() => {});
    throw error;
  } finally {
    uploading.end();
    await sorted.remove();
    bucket.client.destroy();
  }
}

async function watched(table: OperatorTable, app: AppId, job: string): Promise<ImportState> {
  let progress: Progress | undefined;
  for (;;) {
    const state = await importNamed(table, app, job);
    const { lines, done } = progressOf(state);
    progress ??= new Progress(lines);
    progress.show(done, 'lines');
    if (isDone(state) || state.job.state === 'cancelled') {
      progress.end();
      return state;
    }
    await sleep(WATCH_EVERY);
  }
}

type Condition = 'running' | 'failing' | 'cancelled' | 'done';

function conditionOf(state: ImportState): Condition {
  if (state.job.state === 'cancelled') return 'cancelled';
  if (isDone(state)) return 'done';
  return state.lanes.some(({ fault }) => fault !== undefined) ? 'failing' : 'running';
}

const sum = (numbers: readonly number[]) => numbers.reduce((sum, one) => sum + one, 0);

/** Lines that are done, and when the others will be. */
function progressOf({ job, lanes }: ImportState) {
  const count = (name: string) => sum(lanes.map(({ counts }) => counts[name] ?? 0));
  const without = Object.keys(job.refused).filter(
    (kind) => job.refused[kind]! > 0 && !job.steps.some((step) => step.kind === kind),
  );
  const kinds = [...job.steps, ...without.map((kind) => ({ kind, lines: 0 }))].map(({ kind, lines }) => {
    const [written, there, refused] = OUTCOMES.map((outcome) => count(`${kind} ${outcome}`)) as [
      number,
      number,
      number,
    ];
    return { kind, lines, written, there, refused, refusedAtFirst: job.refused[kind] ?? 0 };
  });
  const lines = sum(kinds.map((kind) => kind.lines));
  const done = sum(kinds.map(({ written, there, refused }) => written + there + refused));
  const began = Math.min(...lanes.map(({ startedAt, updatedAt }) => startedAt ?? updatedAt));
  const last = Math.max(...lanes.map(({ updatedAt }) => updatedAt));
  const seconds = Math.max(0, last - began) / 1000;
  const rate = seconds > 0 ? done / seconds : 0;
  return {
    kinds,
    lines,
    done,
    refused: sum(kinds.map(({ refused }) => refused)) + sum(Object.values(job.refused)),
    seconds,
    rate,
    ends: rate > 0 && done < lines ? last + ((lines - done) / rate) * 1000 : undefined,
    last,
  };
}

const MEMORY = backgroundFunctions.find(({ trigger }) => trigger === 'imports')!.memory! / 1024;

/** What an import has used, at list prices: without what its events cost. */
function costsOf({ job, lanes }: ImportState) {
  const [readUnits, writeUnits, ms, throttled] = (['readUnits', 'writeUnits', 'ms', 'throttled'] as const).map((name) =>
    sum(lanes.map((lane) => lane[name])),
  ) as [number, number, number, number];
  const parts = sum(job.steps.flatMap((step) => step.parts));
  const dollars =
    (readUnits / 1e6) * PRICES.dynamoDbMillionReadUnits +
    (writeUnits / 1e6) * PRICES.dynamoDbMillionWriteUnits +
    (ms / 1000) * MEMORY * PRICES.lambdaGbSecond +
    (parts / 1000) * PRICES.s3ThousandPuts;
  return { readUnits, writeUnits, seconds: Math.round(ms / 1000), throttled, dollars };
}

function shown(state: ImportState): string {
  const { job, lanes } = state;
  const { kinds, lines, done, refused, rate, ends, last } = progressOf(state);
  const { readUnits, writeUnits, seconds, throttled, dollars } = costsOf(state);
  const rows = kinds.map((kind) =>
    [kind.kind, kind.lines + kind.refusedAtFirst, kind.written, kind.there, kind.refused + kind.refusedAtFirst].map(
      String,
    ),
  );
  const condition = conditionOf(state);
  const at = condition === 'running' || condition === 'failing' ? `, at ${job.steps[stepOf(lanes)]?.kind} lines` : '';
  const facts = [
    ['import', `${job.id} of ${job.file}`],
    ['state', `${condition}${at}`],
    ['started', shownTime(job.createdAt)],
    ['last write', shownTime(last)],
    ['lines', `${done} of ${lines}, ${Math.round(rate)} per second`],
    ...(ends === undefined ? [] : [['ends about', shownTime(ends)]]),
    ['refused', `${refused}${refused > 0 ? ': import-jobs report writes them to a file' : ''}`],
    [
      'used',
      `${readUnits} read units, ${writeUnits} write units, ${seconds} s of functions, throttled ${throttled} times`,
    ],
    ['costs', `$${dollars.toFixed(2)}`],
  ];
  const faults = lanes.flatMap(({ fault }, lane) => (fault === undefined ? [] : [`lane ${lane}: ${fault}`]));
  return [
    aligned(facts as string[][]),
    ...(rows.length > 0 ? ['', aligned(rows, ['kind', 'lines', 'written', 'there already', 'refused'])] : []),
    ...(faults.length > 0 ? ['', ...faults] : []),
  ].join('\n');
}

function stateJson(app: AppId, state: ImportState) {
  const { job, lanes } = state;
  const { kinds, lines, done, refused, rate, ends, last } = progressOf(state);
  const { readUnits, writeUnits, seconds, throttled, dollars } = costsOf(state);
  return {
    app_id: app,
    job_id: job.id,
    file: job.file,
    state: conditionOf(state),
    started_at: isoTime(job.createdAt),
    written_at: isoTime(last),
    ends_at: isoTime(ends && Math.round(ends)),
    ...{ lines, done, refused },
    lines_per_second: Math.round(rate),
    kinds: Object.fromEntries(
      kinds.map(({ kind, refusedAtFirst, ...counts }) => [
        kind,
        {
          lines: counts.lines + refusedAtFirst,
          written: counts.written,
          there_already: counts.there,
          refused: counts.refused + refusedAtFirst,
        },
      ]),
    ),
    read_units: readUnits,
    write_units: writeUnits,
    function_seconds: seconds,
    throttled,
    dollars: Math.round(dollars * 10_000) / 10_000,
    faults: lanes.flatMap(({ fault }, lane) => (fault === undefined ? [] : [{ lane, fault }])),
  };
}

function jobArgument(text: string): string {
  if (!/^[0-9a-f]{12}$/.test(text))
    throw new InvalidArgumentError('An import has 12 hexadecimal digits: see import-jobs list.');
  return text;
}

function lanesArgument(text: string): number {
  const lanes = numberOrZero(text);
  if (lanes < 1 || lanes > MOST_LANES) throw new InvalidArgumentError(`There are 1 to ${MOST_LANES} lanes.`);
  return lanes;
}

function paceArgument(text: string): number {
  const units = numberOrZero(text);
  if (units < 100) throw new InvalidArgumentError('A chunk of lines needs some 100 units: give 100 or more.');
  return units;
}
