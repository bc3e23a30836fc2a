import { Database } from '../../data/database.ts';
import { continueJob, type Job, jobId, jobOf } from '../../data/job-repo.ts';
import { JOBS, jobKey } from '../../data/keys.ts';
import { indexedKeys, type OperatorTable } from '../../data/operator-queries.ts';
import { badParameter } from '../../errors.ts';

export type WaitingJob = Job & { id: string };

/** The background's jobs that are not done, the oldest first: those at work among them. */
export async function waitingJobs(table: OperatorTable): Promise<WaitingJob[]> {
  const waiting: WaitingJob[] = [];
  for (const partition of JOBS)
    for await (const keys of indexedKeys(table, partition)) {
      const jobs = await new Database(table.client, table.name).read(keys.map(jobOf));
      for (const [index, job] of jobs.entries()) if (job) waiting.push({ ...job, id: jobId(keys[index]!) });
    }
  return waiting.sort((one, other) => one.createdAt - other.createdAt);
}

/**
 * Has the table's stream hand these jobs out again. One that is at work runs twice, which does no harm.
 * @returns those that were there
 * @throws ApiError badParameter where one of them is not (any more): the others are not touched then
 */
export async function retryJobs(table: OperatorTable, ids: readonly string[], now = Date.now()): Promise<WaitingJob[]> {
  const db = new Database(table.client, table.name);
  const keys = ids.map(jobKey);
  const jobs = await db.read(keys.map(jobOf));
  const missing = ids.find((_, index) => !jobs[index]);
  if (missing !== undefined) throw badParameter('job', `"${missing}" is not there: it is done, or never was`);
  // Done meanwhile is as good.
  for (const key of keys) await db.write([continueJob(key, now)]);
  return jobs.map((job, index) => ({ ...(job as Job), id: ids[index]! }));
}
