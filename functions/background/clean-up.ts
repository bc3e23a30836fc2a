import type { Context, DynamoDBStreamEvent } from 'aws-lambda';
import { documentClient, tableName } from '../../shared/data/client.ts';
import { Database } from '../../shared/data/database.ts';
import { continueJob, finishJob, type Job, jobId, jobOf } from '../../shared/data/job-repo.ts';
import type { Key } from '../../shared/data/keys.ts';
import { untilAnswered } from '../../shared/deadline.ts';
import { forgetInvitations } from '../../shared/domain/background/blocked-users.ts';
import { forgetObjects } from '../../shared/domain/background/deleted-files.ts';
import { forgetUser } from '../../shared/domain/background/deleted-user.ts';
import { forgetGroup } from '../../shared/domain/background/dissolved-group.ts';
import { Pace } from '../../shared/domain/background/pace.ts';
import { logJob } from '../../shared/http/log.ts';

/** With less time than this left no further round begins, and with less than the second running work ends (ms). */
const RESERVE = 20_000;
const HAND_ON = 10_000;
/** How long the database client retries throttled or unanswered requests (ms). Not at all: `Pace` slows the run down. */
const FAULTS = 0;

function run(db: Database, job: Job, now: number, pace: Pace): Promise<boolean> {
  switch (job.kind) {
    case 'dissolved group':
      return forgetGroup(db, job, now, pace);
    case 'deleted user':
      return forgetUser(db, job, now, pace);
    case 'blocked users':
      return forgetInvitations(db, job, pace);
    case 'deleted files':
      return forgetObjects(job, pace);
  }
}

/**
 * The table's stream delivers each new or changed job. A run that does not finish its job changes it, so that the stream
 * delivers it again. The stream retries a job that fails and then puts it into the dead-letter queue; its item stays in
 * the table. All work of a job is idempotent. Throttling slows a run down and does not fail it.
 */
export async function handler(event: DynamoDBStreamEvent, context: Context): Promise<void> {
  for (const { dynamodb } of event.Records) {
    const key: Key = { pk: dynamodb?.Keys?.pk?.S ?? '', sk: dynamodb?.Keys?.sk?.S ?? '' };
    const db = new Database(documentClient(), tableName(), FAULTS);
    const started = Date.now();
    const job = await db.read(jobOf(key));
    if (!job) continue;
    db.author = { type: 'system', cause: jobId(key) };
    const pace = new Pace(() => context.getRemainingTimeInMillis() < RESERVE);
    const logged = { db, job, key, started, requestId: context.awsRequestId };
    try {
      const time = Math.max(HAND_ON, context.getRemainingTimeInMillis() - HAND_ON);
      const done = await untilAnswered(AbortSignal.timeout(time), () => run(db, job, started, pace));
      await db.write([done ? finishJob(key) : continueJob(key, Date.now())]);
      logJob({ ...logged, done });
    } catch (error) {
      logJob({ ...logged, done: false, fault: error as Error });
      throw error;
    }
  }
}
