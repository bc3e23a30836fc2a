/** The operator command line, `npm run ops -- <command>`: see docs/operators.md. */
import { run } from './program.ts';

// Whoever reads the output has seen enough: `audit … | head`.
process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => {
  if (code === 'EPIPE') process.exit(0);
});
process.exitCode = await run(process.argv.slice(2), console);
