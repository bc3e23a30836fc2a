/** The operator command line as a function: commands, output and error messages. */
import { Command, CommanderError } from 'commander';
import type { Answering, Printing } from './answer.ts';
import { addAppCommands } from './apps.ts';
import { addAuditCommand } from './audit.ts';
import { addDoctorCommand } from './doctor/doctor.ts';
import { addReceiptCommands } from './erasure.ts';
import { addEventCommands } from './events.ts';
import { addFileCommands } from './files.ts';
import { addImportExportCommands } from './import-export.ts';
import { addImportJobCommands } from './import-jobs.ts';
import { addIssuerCommands } from './issuers.ts';
import { addJobCommands } from './jobs.ts';
import { addMigrateCommand } from './migrate.ts';
import { explain, findTable, type Place } from './table.ts';
import { addTokenCommands } from './tokens.ts';
import { addUserCommands } from './users.ts';
import { addWebhookCommands } from './webhooks.ts';

/**
 * Runs one command with the arguments after `ops`. Answers go to `log`, everything else to `error`. Errors become one
 * sentence and are never thrown.
 * @returns the exit code: 0, or 1 for any failure
 */
export async function run(args: string[], { log, error }: Pick<Console, 'log' | 'error'>): Promise<number> {
  let where = 'the table';
  let exitCode = 0;
  const printing: Printing =
    (work) =>
    async (...given) => {
      const command = given.at(-1) as Command;
      const options = command.optsWithGlobals<Place & { json?: true }>();
      const found = await findTable(options);
      where = found.where;
      error(`Using ${where}`);
      const output = { print: log, note: error };
      const { failed } = await work(found.table, command.processedArgs as never, options as never, output);
      found.table.client.destroy();
      if (failed) exitCode = 1;
    };
  const answering: Answering = (work) =>
    printing<never, never>(async (table, args, options, { print }) => {
      const { json, text, failed = false } = await work(table, args, options);
      print((options as { json?: true }).json ? JSON.stringify(json) : text);
      return { failed };
    });

  /** Determined before parsing, because parse errors are also printed as JSON. */
  const wantsJson = args.includes('--json');

  const program = new Command('ops')
    .description(
      'Operates Roster: manages apps, tokens, users, issuers, files, jobs and webhooks, shows events, imports and exports, and checks a deployment.',
    )
    .option('--local', 'use the laptop stack (default while it runs, unless an option below is given)')
    .option('--stage <stage>', 'use the table of this stage on AWS (default: dev)')
    .option('--region <region>', 'AWS region (default: as for the AWS command line)')
    .option('--table <name>', 'use the table with this name')
    .option(
      '--json',
      'print one JSON object on stdout (one per line for events), {"error": …} for errors, and never ask',
    )
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => log(text.trimEnd()),
      writeErr: (text) => wantsJson || error(text.trimEnd()),
    })
    .exitOverride();
  addAppCommands(program, answering);
  addTokenCommands(program, answering);
  addUserCommands(program, answering);
  addIssuerCommands(program, answering);
  addFileCommands(program, answering);
  addJobCommands(program, answering);
  addEventCommands(program, printing, answering);
  addAuditCommand(program, printing);
  addWebhookCommands(program, answering);
  addImportExportCommands(program, answering);
  addImportJobCommands(program, answering);
  addReceiptCommands(program, answering);
  addMigrateCommand(program, answering);
  addDoctorCommand(program, answering);

  try {
    await program.parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (thrown) {
    // Help and version also end here. They are not failures.
    if (thrown instanceof CommanderError && thrown.exitCode === 0) return 0;
    const sentence = explain(thrown as Error, where).replace(/^error: /, '');
    if (wantsJson) log(JSON.stringify({ error: sentence }));
    else if (!(thrown instanceof CommanderError)) error(`error: ${sentence}`);
    return 1;
  }
}
