/**
 * Runs the laptop stack in a separate process for `load.ts`, which asks for what the stack measured. It ends with its
 * parent. Parameters: the folders of the logs and of the data.
 */
import { roster } from '../infra/laptop/roster.ts';
import type { FunctionDefinition } from '../infra/local/deployment.ts';
import { startStack } from '../infra/local/stack.ts';
import { OPERATION } from '../shared/environment.ts';
import { WARM } from './memory.ts';

/** Sums over the invocations of a function; times in milliseconds. */
export interface Invocations {
  count: number;
  cold: number;
  /** Until a loaded instance took the event. */
  waited: number;
  /** In the handler; and the part of it that waited for the database. */
  wall: number;
  database: number;
  /** Of all requests to the database: as the function saw them, and as the gate before DynamoDB Local did. */
  requests: number;
  local: number;
  processor: number;
}

export interface StackReport {
  /** By the id of the operation. */
  functions: Record<string, Invocations>;
  /** Bytes of heap after a garbage collection: of the stack, and of warm instances by process id. */
  heap: number;
  heaps: Record<number, number>;
}

const nothing = (): Invocations => ({
  ...{ count: 0, cold: 0, waited: 0, wall: 0, database: 0, requests: 0, local: 0, processor: 0 },
});
const functions = new Map<string, Invocations>();
const heaps = new Map<number, number>();
/** Invocations by process id. */
const served = new Map<number, number>();

function sumsOf({ name, environment }: FunctionDefinition): Invocations {
  const id = environment[OPERATION] ?? name;
  const sums = functions.get(id) ?? nothing();
  functions.set(id, sums);
  return sums;
}

const [logs, data] = process.argv.slice(2) as [string, string];
const stack = await startStack({
  ...{ application: roster, port: 0, quiet: true, logs, data },
  measures: {
    onInvocation(definition, { pid, heap, waited, wall, database, requests, processor, coldStart }) {
      const sums = sumsOf(definition);
      sums.count++;
      if (coldStart) sums.cold++;
      sums.waited += waited;
      sums.wall += wall;
      sums.database += database;
      sums.requests += requests;
      sums.processor += processor;
      if (pid === undefined) return;
      served.set(pid, (served.get(pid) ?? 0) + 1);
      if (heap !== undefined && served.get(pid)! > WARM) heaps.set(pid, heap);
    },
    onDatabase(definition, took) {
      sumsOf(definition).local += took;
    },
  },
});
process.on('disconnect', () => stack.close().then(() => process.exit(0)));
process.on('message', (wish: 'reset' | 'report') => {
  if (wish === 'reset') functions.clear();
  // Exists by --expose-gc.
  globalThis.gc?.();
  const report: StackReport = {
    functions: Object.fromEntries(functions),
    heap: process.memoryUsage().heapUsed,
    heaps: Object.fromEntries(heaps),
  };
  heaps.clear();
  process.send?.(report);
});
process.send?.(stack.description);
