import type { Context, EventBridgeEvent } from 'aws-lambda';
import { Database } from '../../shared/data/database.ts';
import { publishUpload } from '../../shared/domain/file/publication.ts';
import { logUpload } from '../../shared/http/log.ts';

/** What S3 says of an object that was created: https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html */
export type ObjectCreated = EventBridgeEvent<
  'Object Created',
  { object: { key: string; size: number; etag: string }; 'request-id': string }
>;

/**
 * Fed with every object that comes to lie below `incoming/`, at least once and in any order. What fails is tried again
 * by Lambda, and after that lies in the dead-letter queue. Everything it does may be done twice.
 */
export async function handler({ detail: { object } }: ObjectCreated, context: Context): Promise<void> {
  const db = new Database();
  const started = Date.now();
  const logged = { db, key: object.key, started, requestId: context.awsRequestId };
  try {
    logUpload({ ...logged, outcome: await publishUpload(db, object, started) });
  } catch (error) {
    logUpload({ ...logged, fault: error as Error });
    throw error;
  }
}
