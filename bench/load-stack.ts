/** The laptop stack in a process of its own, which ends with its parent: `load.ts` starts it. */
import { roster } from '../infra/laptop/roster.ts';
import { startStack } from '../infra/local/stack.ts';

const stack = await startStack({ application: roster, port: 0, quiet: true, logs: process.argv[2]! });
process.on('disconnect', () => stack.close().then(() => process.exit(0)));
process.send?.(stack.description);
