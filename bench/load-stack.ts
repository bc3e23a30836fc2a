/** Runs the laptop stack in a separate process for `load.ts`. It ends with its parent. */
import { roster } from '../infra/laptop/roster.ts';
import { startStack } from '../infra/local/stack.ts';

const stack = await startStack({ application: roster, port: 0, quiet: true, logs: process.argv[2]! });
process.on('disconnect', () => stack.close().then(() => process.exit(0)));
process.send?.(stack.description);
