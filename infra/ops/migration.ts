import { ScanCommand } from '@aws-sdk/lib-dynamodb';
import { Database } from '../../shared/data/database.ts';
import type { OperatorTable } from '../../shared/data/operator-queries.ts';
import type { Item } from '../../shared/data/read.ts';
import { upgrade } from '../../shared/data/step.ts';

/** How far a migration is. */
export interface MigrationState {
  /** Items looked at, and those of them that were stored in an older shape. */
  read: number;
  rewritten: number;
}

/**
 * Rewrites every item that is stored in an older shape: see shared/data/versions.ts. It may be stopped and run again, and
 * runs beside the service. The functions of the release before must be gone: what they add to an item carries no version.
 * @param rate items rewritten per second at most
 */
export async function* migrate({ client, name }: OperatorTable, rate: number): AsyncGenerator<MigrationState> {
  const state: MigrationState = { read: 0, rewritten: 0 };
  let from: Item | undefined;
  do {
    const page = await client.send(
      new ScanCommand({ TableName: name, ConsistentRead: true, ...(from && { ExclusiveStartKey: from }) }),
    );
    for (const item of page.Items ?? []) {
      state.read++;
      const step = upgrade(item);
      if (!step) continue;
      // Refused where a call has written the item meanwhile: then the view upgrades what it has found instead.
      await new Database(client, name).write([step]);
      state.rewritten++;
      await new Promise((resolve) => setTimeout(resolve, 1000 / rate));
    }
    yield { ...state };
    from = page.LastEvaluatedKey;
  } while (from);
}
