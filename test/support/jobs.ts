import { ScanCommand } from '@aws-sdk/lib-dynamodb';
import { JOB, type Key } from '../../shared/data/keys.ts';
import type { OperatorTable } from '../../shared/data/operator-queries.ts';

/** Keys of an app's background jobs that are still to be done. */
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
