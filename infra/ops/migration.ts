import { GetCommand, PutCommand, ScanCommand } from '@aws-sdk/lib-dynamodb';
import { all, Expression, unchanged } from '../../shared/data/expression.ts';
import type { OperatorTable } from '../../shared/data/operator-queries.ts';
import type { Item } from '../../shared/data/read.ts';
import { PARTITION_KEY, SORT_KEY } from '../../shared/data/table.ts';
import { current } from '../../shared/data/versions.ts';

/** How far a migration is. */
export interface MigrationState {
  /** Items looked at, and those of them that were rewritten. */
  read: number;
  rewritten: number;
}

/** An item that others write at the same time is tried this often. */
const MAX_ATTEMPTS = 10;

/**
 * Rewrites every item that is stored in an older shape: see versions.ts. May be stopped and run again, and may run
 * beside the service. The functions of the release before must be gone: what they add to an item meanwhile carries no
 * version, and could be lost.
 * @param rate items rewritten per second at most
 */
export async function* migrate(
  { client, name: TableName }: OperatorTable,
  rate: number,
): AsyncGenerator<MigrationState> {
  const state: MigrationState = { read: 0, rewritten: 0 };
  let from: Item | undefined;
  do {
    const page = await client.send(
      new ScanCommand({ TableName, ConsistentRead: true, ...(from && { ExclusiveStartKey: from }) }),
    );
    for (const item of page.Items ?? []) {
      state.read++;
      if (!(await rewrite(item))) continue;
      state.rewritten++;
      await new Promise((resolve) => setTimeout(resolve, 1000 / rate));
    }
    yield { ...state };
    from = page.LastEvaluatedKey;
  } while (from);

  /** @returns whether the item was in an older shape, and is not any more */
  async function rewrite(found: Item): Promise<boolean> {
    const Key = { [PARTITION_KEY]: found[PARTITION_KEY], [SORT_KEY]: found[SORT_KEY] };
    let stored: Item | undefined = found;
    for (let attempt = 1; stored; attempt++) {
      const upgraded: Item = current(stored);
      if (upgraded === stored) return false;
      const expression = new Expression();
      // The version is among them: whoever has written the new shape meanwhile has set it.
      const condition = all(...['v', ...Object.keys(stored)].map((attribute) => unchanged(stored, attribute)));
      const ConditionExpression = condition(expression);
      try {
        const put = { TableName, Item: upgraded, ConditionExpression, ...expression.placeholders() };
        await client.send(new PutCommand(put));
        return true;
      } catch (error) {
        if ((error as Error).name !== 'ConditionalCheckFailedException' || attempt === MAX_ATTEMPTS) throw error;
        stored = (await client.send(new GetCommand({ TableName, Key, ConsistentRead: true }))).Item;
      }
    }
    return false;
  }
}
