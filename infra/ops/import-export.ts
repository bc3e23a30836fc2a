import type { Command } from 'commander';
import { viewOf } from '../../shared/data/operator-queries.ts';
import { appNamed } from '../../shared/domain/app/apps.ts';
import { KINDS } from '../../shared/domain/app/lines/kinds.ts';
import type { AppId } from '../../shared/ids.ts';
import { type Answering, aligned } from './answer.ts';
import { appId } from './arguments.ts';
import { exportFile } from './export-file.ts';
import { importFile } from './import-file.ts';

/** `import` and `export`: users, friends and groups of an app as a file of JSON lines. */
export function addImportExportCommands(program: Command, answering: Answering) {
  program
    .command('import')
    .description(
      'import users, friends, groups and members from a file (docs/import-export.md) into an app; may be run again',
    )
    .argument('<app>', 'id of the app', appId)
    .argument('<file>', 'JSON lines')
    .option('--dry-run', 'check every line against the app and write nothing')
    .option('--report <file>', 'write all refused lines with their reasons to this file, as JSON lines')
    .action(
      answering<[AppId, string], { dryRun?: true; report?: string }>(
        async (table, [id, file], { dryRun = false, report }) => {
          const app = await appNamed(viewOf(table), id);
          const { counts, refused } = await importFile(table, app, file, { dryRun, report });
          const kinds = [...KINDS, 'unknown' as const].filter((kind) => counts.has(kind));
          const all = kinds.map((kind) => ({ kind, ...counts.get(kind)! }));
          const sum = (of: 'lines' | 'written' | 'there' | 'refused') => all.reduce((sum, one) => sum + one[of], 0);
          const rows = all.map(({ kind, lines, written, there, refused }) =>
            [kind, lines, written, there, refused].map(String),
          );
          const named = refused.map(({ line, reason }) => `line ${line}: ${reason}`);
          const more = sum('refused') - refused.length;
          const where =
            report === undefined ? '--report <file> writes all of them to a file' : `${report} has all of them`;
          const text = [
            rows.length > 0
              ? aligned(rows, ['kind', 'lines', dryRun ? 'would write' : 'written', 'there already', 'refused'])
              : 'The file has no lines.',
            ...(named.length > 0 ? ['', ...named] : []),
            ...(more > 0 ? [`and ${more} more: ${where}`] : []),
            ...(dryRun ? ['', 'Nothing was written.'] : []),
          ].join('\n');
          const json = {
            app_id: id,
            dry_run: dryRun,
            lines: sum('lines'),
            written: sum('written'),
            there_already: sum('there'),
            refused: sum('refused'),
            kinds: Object.fromEntries(all.map(({ kind, there, ...rest }) => [kind, { ...rest, there_already: there }])),
            refusals: refused,
          };
          return { json, text, failed: sum('refused') > 0 };
        },
      ),
    );

  program
    .command('export')
    .description('export users, friends, groups and members of an app to a new file that import can read')
    .argument('<app>', 'id of the app', appId)
    .argument('<file>', 'a file that does not exist yet')
    .action(
      answering<[AppId, string], object>(async (table, [id, file]) => {
        const app = await appNamed(viewOf(table), id);
        const counts = await exportFile(table, app, file);
        const kinds = Object.fromEntries(KINDS.map((kind) => [kind, counts.get(kind) ?? 0]));
        const lines = Object.values(kinds).reduce((sum, count) => sum + count, 0);
        const rows = Object.entries(kinds).map(([kind, count]) => [kind, String(count)]);
        return {
          json: { app_id: id, file, lines, kinds },
          text: `${aligned(rows, ['kind', 'lines'])}\n\n${file} holds private data and hashes of passwords: keep it safe.`,
        };
      }),
    );
}
