import { continueJob, JOB_PARTITIONS, type Job, jobId, jobNamed, jobOf } from '../../data/job-repo.ts';
import { indexedKeys, type OperatorTable, viewOf } from '../../data/operator-queries.ts';
import { badParameter } from '../../errors.ts';

export type WaitingJob = Job & { id: string };

/** The background's unfinished jobs, the oldest first, running ones included. */
export async function waitingJobs(table: OperatorTable): Promise<WaitingJob[]> {
  const waiting: WaitingJob[] = [];
  for (const partition of JOB_PARTITIONS)
    for await (const keys of indexedKeys(table, partition)) {
      const jobs = await viewOf(table).read(keys.map(jobOf));
      for (const [index, job] of jobs.entries()) if (job) waiting.push({ ...job, id: jobId(keys[index]!) });
    }
  return waiting.sort((one, other) => one.createdAt - other.createdAt);
}

/**
 * The table's stream hands these jobs out again. A running job then runs twice, which does no harm.
 * @returns the jobs
 * @throws ApiError badParameter where one of them does not exist (any more); then no job is retried
 */
export async function retryJobs(table: OperatorTable, ids: readonly string[], now = Date.now()): Promise<WaitingJob[]> {
  const db = viewOf(table);
  const keys = ids.map(jobNamed);
  const jobs = await db.read(keys.map(jobOf));
  const missing = ids.find((_, index) => !jobs[index]);
  if (missing !== undefined) throw badParameter('job', `"${missing}" is not there: it is done, or never was`);
  // A job that is done meanwhile needs no retry.
  for (const key of keys) await db.write([continueJob(key, now)]);
  return jobs.map((job, index) => ({ ...(job as Job), id: ids[index]! }));
}
