import { randomUUID } from 'node:crypto';
import { exists } from './expression.ts';
import { JOB, jobIndex, jobKey, type Key } from './keys.ts';
import { type Get, getItem } from './read.ts';
import { measured, put, remove, type Step, update } from './step.ts';

/** Work that a small transaction leaves to the background; written with it, so that neither is without the other. */
export type Job = { app: string; createdAt: number; continued?: number } & (
  | { kind: 'dissolved group'; group: number }
  | { kind: 'deleted user'; user: number }
  | { kind: 'blocked users'; group: number; users: number[] }
  /** Keys in the bucket. */
  | { kind: 'deleted files'; group: number; objects: string[] }
);
export type JobOf<Kind extends Job['kind']> = Extract<Job, { kind: Kind }>;

export const putJob = (job: Job): Step => {
  const id = randomUUID();
  return put(jobKey(id), { ...job, ...jobIndex(id) });
};

/** What operators call a job. */
export const jobId = (key: Key): string => key.pk.slice(JOB.length);

export const jobOf = (key: Key): Get<Job | undefined> => getItem(key);
/** Lets the table's stream hand the job out again, to go on where it stopped; not one that another run has finished. */
export const continueJob = (key: Key, now: number): Step =>
  measured('jobs_cut_off', update(key, { set: { continued: now } }, exists));
export const finishJob = (key: Key): Step => measured('jobs_done', remove(key));
