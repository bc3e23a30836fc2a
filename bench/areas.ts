/**
 * What a function of a whole area costs at its start, next to functions of single operations: processor time until the
 * code is loaded, of the first call, and of the first call of another operation in the same instance.
 */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { BUNDLE_FILE, bundleFolder } from '../infra/bundle.ts';
import { type SharedFunction, sharedFunctions } from '../infra/functions.ts';
import { type FunctionRow, type Operation, routes } from '../shared/routes/index.ts';
import { eventOf } from '../test/support/api.ts';
import { cook, requestOf } from '../test/support/recipes.ts';
import { MEMORY } from './prices.ts';
import {
  checkAnswer,
  type Message,
  type Place,
  processorTimeOf,
  sendEvent,
  startProcess,
  withBundles,
} from './processes.ts';
import { median, rounded } from './statistics.ts';

/** Operations of each area that are measured. */
const SAMPLE = 5;

/** Medians of processor time (ms). */
export interface InstanceTimes {
  /** Until the code is loaded. */
  load: number;
  /** The first call. */
  first: number;
  /** The first call of another operation by the same instance, and the second one; of one operation alone its own. */
  next: number;
  again: number;
}

export interface AreaResults {
  /** By area, with the size of the bundle and the number of operations in it. */
  areas: Record<string, { bytes: number; operations: number } & InstanceTimes>;
  /** Over all areas: the same calls by the function of their own operation, by that of the area, and by one for all. */
  operation: InstanceTimes;
  area: InstanceTimes;
  all: InstanceTimes;
}

export function measureAreas(rounds: number): Promise<AreaResults> {
  const areas = sharedFunctions(routes).map((row) => ({ ...row, sample: sampleOf(row.operations) }));
  const all = allInOne(routes);
  return withBundles([all, ...areas, ...areas.flatMap(({ sample }) => sample)], async (lab, folder, bytes) => {
    const single: number[][] = [];
    const together: number[][] = [];
    const times = new Map<string, number[][]>(areas.map(({ id }) => [id, []]));
    for (let round = 0; round < rounds; round++)
      for (const row of areas)
        for (const [n, one] of row.sample.entries()) {
          const other = row.sample[(n + 1) % row.sample.length]!;
          // The function of one operation knows no other one.
          single.push(await run(one, [one, one, one], folder, lab));
          times.get(row.id)!.push(await run(row, [one, other, other], folder, lab));
          together.push(await run(all, [one, other, other], folder, lab));
        }
    return {
      areas: Object.fromEntries(
        areas.map(({ id, area, operations }) => [
          area,
          { bytes: bytes[id]!, operations: operations.length, ...timesOf(times.get(id)!) },
        ]),
      ),
      operation: timesOf(single),
      area: timesOf([...times.values()].flat()),
      all: timesOf(together),
    };
  });
}

/** One function for all operations that may share one. No deployment has it; it shows what more sharing would bring. */
export function allInOne(rows: readonly Operation[]): SharedFunction {
  const parts = sharedFunctions(rows);
  const grants = [...new Set(parts.flatMap((part) => part.grants))];
  return { ...parts[0]!, id: 'area/all', grants, operations: parts.flatMap(({ operations }) => operations) };
}

function timesOf(runs: number[][]): InstanceTimes {
  const [load, first, next, again] = [0, 1, 2, 3].map((n) => rounded(median(runs.map((run) => run[n]!)), 1)) as [
    number,
    number,
    number,
    number,
  ];
  return { load, first, next, again };
}

/** Operations at equal distances. */
function sampleOf(operations: readonly Operation[]): Operation[] {
  const most = Math.min(SAMPLE, operations.length);
  return Array.from({ length: most }, (_, n) => operations[Math.floor((n * operations.length) / most)]!);
}

/** Starts an instance and lets it make everyday calls. @returns processor time of the load and of each call */
async function run({ id }: FunctionRow, calls: Operation[], folder: string, lab: Place): Promise<number[]> {
  const { recorder, scene } = lab;
  const child = startProcess({ id, file: join(bundleFolder(folder, id), BUNDLE_FILE), memory: MEMORY }, lab);
  try {
    await said(child, 'ready');
    const times = [processorTimeOf(child)];
    for (const route of calls) {
      await lab.warm();
      // A call in this process first, after which the table is put back as it was.
      await recorder.record(() => cook(route, scene));
      await recorder.restore();
      const { method, path, request } = requestOf(route, scene);
      const before = processorTimeOf(child);
      sendEvent(child, eventOf(method, path, request));
      const message = await said(child, 'result');
      times.push(processorTimeOf(child) - before);
      await recorder.restore();
      checkAnswer(route.id, message);
    }
    return times;
  } finally {
    child.kill('SIGKILL');
  }
}

async function said(child: ChildProcess, kind: string): Promise<Message> {
  const [message] = (await once(child, 'message')) as [Message];
  if (message.kind !== kind) throw new Error(message.errorMessage);
  return message;
}
