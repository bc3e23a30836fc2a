import type { Context, EventBridgeEvent } from 'aws-lambda';
import { Database } from '../../shared/data/database.ts';
import { untilAnswered } from '../../shared/deadline.ts';
import { publishUpload } from '../../shared/domain/file/publication.ts';
import { logUpload } from '../../shared/http/log.ts';

/** What S3 says of an object that was created: https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html */
export type ObjectCreated = EventBridgeEvent<
  'Object Created',
  { object: { key: string; size: number; etag: string }; 'request-id': string }
>;

/** Time (ms) kept for telling Lambda that this run has failed, so that it begins another. */
const RESERVE = 1000;

/**
 * Fed with every object that comes to lie below `incoming/`, at least once and in any order. What fails is tried again
 * by Lambda, and after that lies in the dead-letter queue. Everything it does may be done twice.
 */
export async function handler({ detail: { object } }: ObjectCreated, context: Context): Promise<void> {
  const db = new Database();
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
