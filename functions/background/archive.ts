import type { Context, ScheduledEvent } from 'aws-lambda';
import { Database } from '../../shared/data/database.ts';
import { untilAnswered } from '../../shared/deadline.ts';
import { archiveEvents } from '../../shared/domain/event/archive.ts';
import { logArchive } from '../../shared/http/log.ts';

/** With less time than this left no further object is begun, and with less than the second running work ends (ms). */
const RESERVE = 30_000;
const HAND_ON = 5000;

/**
 * EventBridge calls this every hour. Whatever a run does not reach, the next one does. Lambda retries a run that fails,
 * then puts its event into the dead-letter queue. Two runs at once write nothing twice.
 */
export async function handler({ time }: Pick<ScheduledEvent, 'time'>, context: Context): Promise<void> {
  const db = new Database();
  const started = Date.now();
  const expired = () => context.getRemainingTimeInMillis() < RESERVE;
  const end = AbortSignal.timeout(Math.max(0, context.getRemainingTimeInMillis() - HAND_ON));
  const run = await untilAnswered(end, () => archiveEvents(db, Date.parse(time), expired));
  logArchive({ ...run, db, started, requestId: context.awsRequestId });
  if (run.fault) throw run.fault;
}
