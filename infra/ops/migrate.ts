import { type Command, InvalidArgumentError } from 'commander';
import { CHANGED } from '../../shared/data/versions.ts';
import type { Answering } from './answer.ts';
import { type MigrationState, migrate } from './migration.ts';
import { Progress } from './progress.ts';

/** `migrate`: rewrites items that an earlier release has written in another shape. */
export function addMigrateCommand(program: Command, answering: Answering) {
  program
    .command('migrate')
    .description('rewrite the items that an earlier release stored in another shape; can be stopped and run again')
    .option('--rate <items>', 'items rewritten per second at most', rateArgument, 200)
    .action(
      answering<[], { rate: number }>(async (table, _, { rate }) => {
        let state: MigrationState = { read: 0, rewritten: 0 };
        if (CHANGED.length === 0)
          return { json: state, text: 'Nothing to do: no kind of items has changed its shape in this release.' };
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
