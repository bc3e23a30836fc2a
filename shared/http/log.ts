import { APP_ID } from '../data/app-repo.ts';
import type { Database } from '../data/database.ts';
import type { Job } from '../data/job-repo.ts';
import type { Call } from '../domain/call.ts';
import { OPERATION } from '../environment.ts';

let cold = true;

/**
 * One line of JSON a call: who did what, how it ended, what it cost. Never a token, a password, a parameter or a body.
 * Times in milliseconds, units as the database counted them (what it refused is not in it). Written as it is:
 * `console.log` would put time and request id before it, and the line would be no JSON for the log's filters.
 */
export function logCall(
  { call, started, requestId }: { call: Call; started: number; requestId: string },
  code: number,
  fault?: Error,
) {
  const { trips, requests, readUnits, writeUnits } = call.db.usage;
  const line = {
    level: fault ? 'error' : 'info',
    time: new Date().toISOString(),
    operation: process.env[OPERATION],
    app: APP_ID.test(call.app) ? call.app : undefined,
    actor: call.actorKind,
    code,
    ms: Math.round((performance.now() - started) * 10) / 10,
    trips,
    requests,
    read_units: readUnits,
    write_units: writeUnits,
    request_id: requestId,
    ...(cold && { cold }),
    ...(fault && { error: describe(fault) }),
  };
  cold = false;
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

/** One line of JSON a run of a background job; `done` false: it goes on in another run. */
export function logJob(run: { db: Database; job: Job; done: boolean; started: number; requestId: string }) {
  const { db, job, done, started, requestId } = run;
  const { requests, readUnits, writeUnits } = db.usage;
  const line = {
    level: 'info',
    time: new Date().toISOString(),
    operation: process.env[OPERATION],
    app: job.app,
    job: job.kind,
    done,
    ms: Date.now() - started,
    requests,
    read_units: readUnits,
    write_units: writeUnits,
    request_id: requestId,
  };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

/** Name, message and stack of a fault and of what caused it, for the operator only. */
function describe(error: unknown): object | undefined {
  if (!(error instanceof Error)) return error === undefined ? undefined : { message: String(error) };
  const { name, message, stack, cause } = error;
  return { name, message, stack, cause: describe(cause) };
}
