import { ScanCommand } from '@aws-sdk/lib-dynamodb';
import type { Context, DynamoDBStreamEvent } from 'aws-lambda';
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

/** Runs the background function in process, as the stream does, until no job of the app is left. */
export async function doJobs({ app, world }: Given): Promise<void> {
  for (let runs = 0; runs < 200; runs++) {
    const waiting = await jobsOf(world.table, app);
    if (waiting.length === 0) return;
    for (const { pk, sk } of waiting) {
      const event = {
        Records: [{ dynamodb: { Keys: { pk: { S: pk }, sk: { S: sk } } } }],
      } as unknown as DynamoDBStreamEvent;
      await handler(event, { awsRequestId: 'job', getRemainingTimeInMillis: () => 300_000 } as Context);
    }
  }
  throw new Error('the jobs never end');
}
