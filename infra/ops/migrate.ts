import { ScanCommand } from '@aws-sdk/lib-dynamodb';
import { type Command, InvalidArgumentError } from 'commander';
import type { Key } from '../../shared/data/entity.ts';
import { missingEntry } from '../../shared/data/index-entry-repo.ts';
import { type OperatorTable, viewOf } from '../../shared/data/operator-queries.ts';
import type { Item } from '../../shared/data/read.ts';
import { upgrade } from '../../shared/data/step.ts';
import type { Answering } from './answer.ts';
import { Progress } from './progress.ts';

/** `migrate`: rewrites items that an earlier release has written in another shape, or out of an index. */
export function addMigrateCommand(program: Command, answering: Answering) {
  program
    .command('migrate')
    .description(
      'rewrite the items that an earlier release stored in another shape or without their place in an index; can be stopped and run again',
    )
    .option('--rate <items>', 'items rewritten per second at most', rateArgument, 200)
    .action(
      answering<[], { rate: number }>(async (table, _, { rate }) => {
        let state: MigrationState = { read: 0, rewritten: 0 };
        const progress = new Progress(undefined);
        for await (state of migrate(table, rate)) progress.show(state.read, 'items read');
        progress.end();
        return { json: state, text: `Rewrote ${state.rewritten} of ${state.read} items.` };
      }),
    );
}

function rateArgument(text: string): number {
  const rate = Number(text);
  if (!Number.isInteger(rate) || rate < 1) throw new InvalidArgumentError('That is no whole number above 0.');
  return rate;
}

/** How far a migration is. */
interface MigrationState {
  /** Items looked at, and those of them that were rewritten. */
  read: number;
  rewritten: number;
}

/**
 * Rewrites every item that is stored in an older shape (see shared/data/versions.ts), or has no place in the index that it
 * belongs to (see shared/data/index-entry-repo.ts). It may be stopped and run again, and
 * runs beside the service. The functions of the release before must be gone: what they add to an item carries no version.
 * @param rate items rewritten per second at most
 */
export async function* migrate(table: OperatorTable, rate: number): AsyncGenerator<MigrationState> {
  const state: MigrationState = { read: 0, rewritten: 0 };
  let from: Item | undefined;
  do {
    const page = await table.client.send(
      new ScanCommand({ TableName: table.name, ConsistentRead: true, ...(from && { ExclusiveStartKey: from }) }),
    );
    for (const item of page.Items ?? []) {
      state.read++;
      const step = upgrade(item);
      const steps = step ? [step] : missingEntry(item as Item & Key);
      if (steps.length === 0) continue;
      const view = viewOf(table);
      // An entry in the index changes nothing that events tell: the stamp of the last author stays.
      if (!step) view.author = undefined;
      // Refused where a call has written the item meanwhile: then the view upgrades what it has found instead.
      if (!(await view.write(steps)) && !step) continue;
      state.rewritten++;
      await new Promise((resolve) => setTimeout(resolve, 1000 / rate));
    }
    yield { ...state };
    from = page.LastEvaluatedKey;
  } while (from);
}
