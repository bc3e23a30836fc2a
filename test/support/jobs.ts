import { randomUUID } from 'node:crypto';
import { ScanCommand } from '@aws-sdk/lib-dynamodb';
import type { Context, DynamoDBStreamEvent } from 'aws-lambda';
import { expect, vi } from 'vitest';
import { handler } from '../../functions/background/clean-up.ts';
import { JOB, type Key } from '../../shared/data/keys.ts';
import type { OperatorTable } from '../../shared/data/operator-queries.ts';
import type { Given } from './story.ts';

/** Keys of an app's waiting background jobs. */
export async function jobsOf({ client, name }: OperatorTable, app: string): Promise<Key[]> {
  const keys: Key[] = [];
  let from: Record<string, unknown> | undefined;
  do {
    const page = await client.send(
      new ScanCommand({
        TableName: name,
        ConsistentRead: true,
        FilterExpression: 'begins_with(pk, :job) AND #app = :app',
        ExpressionAttributeNames: { '#app': 'app' },
        ExpressionAttributeValues: { ':job': JOB, ':app': app },
        ...(from && { ExclusiveStartKey: from }),
      }),
    );
    keys.push(...(page.Items ?? []).map(({ pk, sk }) => ({ pk, sk })));
    from = page.LastEvaluatedKey;
  } while (from);
  return keys;
}

/**
 * Hands jobs to the background function in this process, in one event, as the stream of the table does.
 * @param left the milliseconds that the function still has, at any time
 * @param requestId by which the log lines of the run are found
 */
export async function deliver(keys: readonly Key[], left = 300_000, requestId: string = randomUUID()): Promise<void> {
  const records = keys.map(({ pk, sk }) => ({ dynamodb: { Keys: { pk: { S: pk }, sk: { S: sk } } } }));
  const context = { awsRequestId: requestId, getRemainingTimeInMillis: () => left };
  await handler({ Records: records } as unknown as DynamoDBStreamEvent, context as Context);
}

/** Delivers the jobs of the app one by one, until none is left. @returns how often it delivered all that were there */
export async function doJobs({ app, world }: Given, left?: number): Promise<number> {
  for (let runs = 0; runs < 200; runs++) {
    const waiting = await jobsOf(world.table, app);
    if (waiting.length === 0) return runs;
    for (const key of waiting) await deliver([key], left);
  }
  throw new Error('the jobs never end');
}

/** Waits until no job of the app is left. Over HTTP the stream delivers them; in process the test must. */
export const jobsEnded = ({ app, world }: Given): Promise<void> =>
  vi.waitFor(async () => expect(await jobsOf(world.table, app)).toEqual([]), { timeout: 25_000, interval: 100 });
