/** The operator command line, `npm run ops -- <command>`: see docs/operators.md. */
import { run } from './program.ts';

process.exitCode = await run(process.argv.slice(2), console);
