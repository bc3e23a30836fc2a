import type { Call } from '../call/call.ts';
import { APP_ID } from '../data/app-repo.ts';
import type { Database } from '../data/database.ts';
import { type Job, jobId } from '../data/job-repo.ts';
import type { Key } from '../data/keys.ts';
import { AREA, OPERATION, STAGE } from '../environment.ts';
import { BY_AREA, BY_CODE, BY_OPERATION, BY_STAGE, CALLS, COSTS, NAMESPACE } from '../metrics.ts';

let cold = true;

/** How a call ended. */
interface Outcome {
  /** HTTP status. */
  status: number;
  /** Code of the envelope. */
  code: number;
  fault?: Error;
}

/**
 * One line of JSON a call: who did what, how it ended, what it cost. Never a token, a password, a parameter or a body.
 * Times in milliseconds, units as the database counted them (what it refused is not in it). CloudWatch makes metrics of
 * it (decision 30), where dimensions must be strings: so the code is one.
 */
export function logCall(
  { call, started, requestId, gatewayId }: { call: Call; started: number; requestId: string; gatewayId: string },
  { status, code, fault }: Outcome,
) {
  const { actorKind: actor, db } = call;
  const { trips, requests, readUnits, writeUnits } = db.usage;
  // Codes of callers that were not let in are the same for every operation, and anybody could make them all occur.
  const tells = fault !== undefined || (code !== 200 && actor !== undefined);
  const line = {
    level: fault ? 'error' : 'info',
    time: new Date().toISOString(),
    ...source(),
    app: APP_ID.test(call.app) ? call.app : undefined,
    actor,
    status,
    code: String(code),
    ms: Math.round((performance.now() - started) * 10) / 10,
    trips,
    requests,
    read_units: readUnits,
    write_units: writeUnits,
    [CALLS]: 1,
    request_id: requestId,
    gateway_id: gatewayId,
    ...(cold && { cold }),
    ...(fault && { error: describe(fault) }),
  };
  cold = false;
  write(line, db, [
    { Dimensions: tells ? [BY_CODE, BY_OPERATION] : [BY_CODE], Metrics: [{ Name: CALLS, Unit: 'Count' }] },
  ]);
}

/** One line of JSON a run of a background job; `done` false: it goes on in another run, or failed. */
export function logJob(run: {
  db: Database;
  job: Job;
  key: Key;
  done: boolean;
  started: number;
  requestId: string;
  fault?: Error;
}) {
  const { db, job, key, done, started, requestId, fault } = run;
  const { requests, readUnits, writeUnits } = db.usage;
  const line = {
    level: fault ? 'error' : 'info',
    time: new Date().toISOString(),
    ...source(),
    app: job.app,
    job: job.kind,
    job_id: jobId(key),
    done,
    ms: Date.now() - started,
    requests,
    read_units: readUnits,
    write_units: writeUnits,
    request_id: requestId,
    ...(fault && { error: describe(fault) }),
  };
  write(line, db, []);
}

/** One line of JSON an upload that arrived: what became of it. */
export function logUpload(run: {
  db: Database;
  key: string;
  outcome?: string;
  started: number;
  requestId: string;
  fault?: Error;
}) {
  const { db, key, outcome, started, requestId, fault } = run;
  const { requests, readUnits, writeUnits } = db.usage;
  const line = {
    level: fault ? 'error' : 'info',
    time: new Date().toISOString(),
    ...source(),
    app: key.split('/')[1],
    upload: outcome,
    ms: Date.now() - started,
    requests,
    read_units: readUnits,
    write_units: writeUnits,
    request_id: requestId,
    ...(fault && { error: describe(fault) }),
  };
  write(line, db, []);
}

/** Where a line comes from. */
const source = () => ({
  stage: process.env[STAGE],
  area: process.env[AREA],
  operation: process.env[OPERATION],
});

/** What CloudWatch is to make of a line: members of it as metrics, for each set of dimensions. */
interface Directive {
  Dimensions: readonly (readonly string[])[];
  Metrics: { Name: string; Unit: string }[];
}

const costs: Directive = {
  Dimensions: [BY_AREA],
  Metrics: Object.entries(COSTS).map(([Name, Unit]) => ({ Name, Unit })),
};

/**
 * Writes the line in CloudWatch's embedded metric format, as it is: `console.log` would put time and request id before
 * it, and it would be no JSON for the log's filters.
 */
function write(line: object, { events, tight }: Database, directives: Directive[]) {
  const happened = Object.keys(events).map((Name) => ({ Name, Unit: 'Count' }));
  const all = [...directives, costs, ...(happened.length > 0 ? [{ Dimensions: [BY_STAGE], Metrics: happened }] : [])];
  const metadata = {
    Timestamp: Date.now(),
    CloudWatchMetrics: all.map((directive) => ({ Namespace: NAMESPACE, ...directive })),
  };
  const collections = tight.size > 0 && { collections: [...tight] };
  process.stdout.write(`${JSON.stringify({ ...line, ...collections, ...events, _aws: metadata })}\n`);
}

/** Name, message and stack of a fault and of what caused it, for the operator only. */
function describe(error: unknown): object | undefined {
  if (!(error instanceof Error)) return error === undefined ? undefined : { message: String(error) };
  const { name, message, stack, cause } = error;
  return { name, message, stack, cause: describe(cause) };
}
