import type { Call } from '../call/call.ts';
import { APP_ID } from '../data/app-repo.ts';
import type { Database } from '../data/database.ts';
import { type Job, jobId } from '../data/job-repo.ts';
import type { Key } from '../data/keys.ts';
import type { ArchiveRun } from '../domain/event/archive.ts';
import type { RefreshRun } from '../domain/issuer/refresh.ts';
import { AREA, OPERATION, STAGE } from '../environment.ts';
import { BY_AREA, BY_CODE, BY_OPERATION, BY_STAGE, CALLS, COSTS, NAMESPACE } from '../metrics.ts';
import { isRehearsal } from '../priming.ts';

let cold = true;

/** How a call ended. */
interface Outcome {
  /** HTTP status. */
  status: number;
  /** Code of the envelope. */
  code: number;
  fault?: Error;
}

/** Milliseconds since some moment. `performance` would load a module of Node for it, which nothing else needs. */
export const clock = () => Number(process.hrtime.bigint()) / 1e6;

/**
 * Writes one line of JSON per call: actor, operation, outcome and cost, but never a token, a password, a parameter or a
 * body. Times are in milliseconds. Units are those that the database reports, without those of failed requests.
 * CloudWatch makes metrics of the line (decision 30) and takes only strings as dimensions, so the code is a string.
 */
export function logCall(
  { call, started, requestId, gatewayId }: { call: Call; started: number; requestId: string; gatewayId: string },
  { status, code, fault }: Outcome,
) {
  const { actorKind: actor, db } = call;
  const { trips, requests, readUnits, writeUnits } = db.usage;
  // Errors of unverified callers are the same for every operation, and anyone could cause a metric for each.
  const byOperation = fault !== undefined || (code !== 200 && actor !== undefined);
  const line = {
    level: fault ? 'error' : 'info',
    time: new Date().toISOString(),
    ...source(),
    app: APP_ID.test(call.app) ? call.app : undefined,
    actor,
    status,
    code: String(code),
    ms: Math.round((clock() - started) * 10) / 10,
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
  cold &&= isRehearsal();
  write(line, db, [
    { Dimensions: byOperation ? [BY_CODE, BY_OPERATION] : [BY_CODE], Metrics: [{ Name: CALLS, Unit: 'Count' }] },
  ]);
}

/** One run of a background function. */
interface Run {
  db: Database;
  started: number;
  requestId: string;
  fault?: Error;
}

function logRun({ db, started, requestId, fault }: Run, own: object) {
  const { requests, readUnits, writeUnits } = db.usage;
  const line = {
    level: fault ? 'error' : 'info',
    time: new Date().toISOString(),
    ...source(),
    ...own,
    ms: Date.now() - started,
    requests,
    read_units: readUnits,
    write_units: writeUnits,
    request_id: requestId,
    ...(fault && { error: describe(fault) }),
  };
  write(line, db, []);
}

/** Writes one line of JSON per run of a background job. `done` is false where another run continues it, or it failed. */
export const logJob = ({ job, key, done, ...run }: Run & { job: Job; key: Key; done: boolean }) =>
  logRun(run, { app: job.app, job: job.kind, job_id: jobId(key), done });

/**
 * Writes one line of JSON per batch of the table's stream. `relayed`: events that were numbered. `sent`: events that the
 * bus and the queue took. `age`: of the oldest record (ms).
 */
export const logRelay = ({
  records,
  relayed,
  sent,
  age,
  ...run
}: Run & { records: number; relayed: number; sent: number; age: number }) =>
  logRun(run, { records, relayed, sent, age });

/** Writes one line of JSON per batch of webhooks: how many messages it had, and how many of them come again. */
export const logDeliveries = ({ messages, postponed, ...run }: Run & { messages: number; postponed: number }) =>
  logRun(run, { messages, postponed });

/**
 * Writes one line of JSON per run of the archive: apps looked at, objects and events written, events that expired before
 * they were archived. `done` is false where the next run has to go on.
 */
export const logArchive = ({ apps, objects, events, lost, done, ...run }: Run & ArchiveRun) =>
  logRun(run, { apps, objects, events, lost, done });

/**
 * Writes one line of JSON per run that fetches keys: issuers asked, and those that did not give keys. `app` where an unknown
 * key was the reason.
 */
export const logRefresh = ({ app, issuers, failed, done, ...run }: Run & RefreshRun & { app: string | undefined }) =>
  logRun(run, { app, issuers, failed, done });

/** Writes one line of JSON per uploaded object, with its outcome. */
export const logUpload = ({ key, outcome, ...run }: Run & { key: string; outcome?: string }) =>
  logRun(run, { app: key.split('/')[1], upload: outcome });

/** Writes one line of JSON per decision of an authorizer, with its code. */
export const logAuthorizer = ({ app, code, ...run }: Run & { app: string; code: number }) =>
  logRun(run, { app, code: String(code) });

/** The origin of a line. */
const source = () => ({
  stage: process.env[STAGE],
  area: process.env[AREA],
  operation: process.env[OPERATION],
});

/** An instruction to CloudWatch: members of the line become metrics, for each set of dimensions. */
interface Directive {
  Dimensions: readonly (readonly string[])[];
  Metrics: { Name: string; Unit: string }[];
}

const costs: Directive = {
  Dimensions: [BY_AREA],
  Metrics: Object.entries(COSTS).map(([Name, Unit]) => ({ Name, Unit })),
};

/**
 * Writes the line in CloudWatch's embedded metric format. `console.log` would put time and request id before it, and the
 * log's filters would not read it as JSON.
 */
function write(line: object, { events, tight }: Database, directives: Directive[]) {
  const happened = Object.keys(events).map((Name) => ({ Name, Unit: 'Count' }));
  const all = [...directives, costs, ...(happened.length > 0 ? [{ Dimensions: [BY_STAGE], Metrics: happened }] : [])];
  const metadata = {
    Timestamp: Date.now(),
    CloudWatchMetrics: all.map((directive) => ({ Namespace: NAMESPACE, ...directive })),
  };
  const collections = tight.size > 0 && { collections: [...tight].map(withoutPerson) };
  const text = `${JSON.stringify({ ...line, ...collections, ...events, _aws: metadata })}\n`;
  // Node opens it on first use.
  const { stdout } = process;
  if (!isRehearsal()) stdout.write(text);
}

/** A partition key, but for the number of a user: no line names a person. */
const withoutPerson = (key: string) => key.replace(/^(U#[^#]+#).*/, '$1*');

/** Name, message and stack of a fault and of its causes. Only operators see it. */
function describe(error: unknown): object | undefined {
  if (!(error instanceof Error)) return error === undefined ? undefined : { message: String(error) };
  const { name, message, stack, cause } = error;
  return { name, message, stack, cause: describe(cause) };
}
