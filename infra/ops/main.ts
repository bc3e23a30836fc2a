/** The operators' command line, `npm run ops -- <command>`: see docs/operators.md. */
import { Command, CommanderError } from 'commander';
import type { Answering } from './answer.ts';
import { addAppCommands } from './apps.ts';
import { explain, findTable, type Place } from './table.ts';
import { addTokenCommands } from './tokens.ts';
import { addUserCommands } from './users.ts';

let where = 'the table';

const answering: Answering =
  (work) =>
  async (...given) => {
    const command = given.at(-1) as Command;
    const options = command.optsWithGlobals<Place & { json?: true }>();
    const found = await findTable(options);
    where = found.where;
    console.error(`Using ${where}`);
    const { json, text } = await work(found.table, command.processedArgs as never, options as never);
    console.log(options.json ? JSON.stringify(json) : text);
    found.table.client.destroy();
  };

/** Known before anything is parsed, because errors of parsing are answered in it too. */
const wantsJson = process.argv.includes('--json');

const program = new Command('ops')
  .description('Operates Roster: apps, admin tokens, locked users.')
  .option('--local', 'the laptop stack (chosen by itself while that runs, unless the options below say otherwise)')
  .option('--stage <stage>', 'the table of this stage on AWS (default: dev)')
  .option('--region <region>', 'AWS region (default: as for the AWS command line)')
  .option('--table <name>', 'a table by its name')
  .option('--json', 'answer one JSON object on stdout, {"error": …} included, and ask nothing')
  .configureHelp({ showGlobalOptions: true })
  .configureOutput({ ...(wantsJson && { writeErr: () => {} }) })
  .exitOverride();
addAppCommands(program, answering);
addTokenCommands(program, answering);
addUserCommands(program, answering);

try {
  await program.parseAsync();
} catch (error) {
  // Help and version end here too, without being failures.
  process.exitCode = error instanceof CommanderError ? Math.min(error.exitCode, 1) : 1;
  const told = error instanceof CommanderError && !wantsJson;
  const sentence = explain(error as Error, where).replace(/^error: /, '');
  if (wantsJson && process.exitCode === 1) console.log(JSON.stringify({ error: sentence }));
  else if (!told && process.exitCode === 1) console.error(`error: ${sentence}`);
}
