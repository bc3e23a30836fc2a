import type { Context, ScheduledEvent } from 'aws-lambda';
import { Database } from '../../shared/data/database.ts';
import { untilAnswered } from '../../shared/deadline.ts';
import { refreshKeys } from '../../shared/domain/issuer/refresh.ts';
import { logRefresh } from '../../shared/http/log.ts';
import type { AppId } from '../../shared/ids.ts';
import { onLaptop } from '../../shared/public-address.ts';

/** With less time than this left no further issuer is asked, and with less than the second running work ends (ms). */
const RESERVE = 30_000;
const HAND_ON = 5000;

/**
 * EventBridge calls this every hour for all apps, and `/token/exchange` for the app whose token names an unknown key.
 * Issuers that do not answer are no fault: the next run asks them again.
 */
export async function handler(event: Partial<ScheduledEvent> | { app: AppId }, context: Context): Promise<void> {
  const db = new Database();
  const started = Date.now();
  const app = 'app' in event ? event.app : undefined;
  const expired = () => context.getRemainingTimeInMillis() < RESERVE;
  const end = AbortSignal.timeout(Math.max(0, context.getRemainingTimeInMillis() - HAND_ON));
  const run = await untilAnswered(end, () => refreshKeys(db, app, expired, { loopback: onLaptop() }));
  logRefresh({ ...run, app, db, started, requestId: context.awsRequestId });
  if (run.fault) throw run.fault;
}
