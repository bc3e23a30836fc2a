import type { Context, EventBridgeEvent } from 'aws-lambda';
import { Database } from '../../shared/data/database.ts';
import { untilAnswered } from '../../shared/deadline.ts';
import { publishUpload } from '../../shared/domain/file/publication.ts';
import { logUpload } from '../../shared/http/log.ts';

/** S3's event of a new object: https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html */
export type ObjectCreated = EventBridgeEvent<
  'Object Created',
  { object: { key: string; size: number; etag: string }; 'request-id': string }
>;

/** Milliseconds that are kept to tell Lambda that this run has failed, so that it starts another. */
const RESERVE = 1000;

/**
 * EventBridge calls this with every new object below `incoming/`, at least once and in any order. Lambda retries what
 * fails, then puts it into the dead-letter queue. Everything here may run twice.
 */
export async function handler({ detail: { object } }: ObjectCreated, context: Context): Promise<void> {
  const db = new Database();
  db.author = { type: 'system', cause: context.awsRequestId };
  const started = Date.now();
  const logged = { db, key: object.key, started, requestId: context.awsRequestId };
  try {
    const end = AbortSignal.timeout(Math.max(0, context.getRemainingTimeInMillis() - RESERVE));
    logUpload({ ...logged, outcome: await untilAnswered(end, () => publishUpload(db, object, started)) });
  } catch (error) {
    logUpload({ ...logged, fault: error as Error });
    throw error;
  }
}
