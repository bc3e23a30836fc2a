import { randomUUID } from 'node:crypto';
import { exists } from './expression.ts';
import { JOB, JOBS, jobIndex, type Key } from './keys.ts';
import { type Get, getItem } from './read.ts';
import type { ItemOf } from './schema.ts';
import * as schema from './schema.ts';
import { measured, put, remove, type Step, update } from './step.ts';

/** Work that a transaction leaves to the background: written by that transaction, so that none is lost. */
export type Job = ItemOf<typeof schema.jobFields>;
export type JobOf<Kind extends Job['kind']> = Extract<Job, { kind: Kind }>;

export const putJob = (job: Job): Step => {
  const id = randomUUID();
  return put(schema.job.key(id), { ...job, ...jobIndex(id) });
};

/** The id by which operators name a job. */
export const jobId = (key: Key): string => key.pk.slice(JOB.length);
/** The key of the job with this id. */
export const jobNamed = schema.job.key;

export const jobOf = (key: Key): Get<Job | undefined> => getItem(key);
/** Partitions of the global index that hold all jobs. */
export const JOB_PARTITIONS = JOBS;
/** The table's stream hands the job out again, and a run continues it. Refused where another run has finished it. */
export const continueJob = (key: Key, now: number): Step =>
  measured('jobs_cut_off', update(key, { set: { continued: now } }, exists));
export const finishJob = (key: Key): Step => measured('jobs_done', remove(key));
