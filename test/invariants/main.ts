/** `npm run test:invariants -- --runs N [--seed S]`: as many random histories as one has time for, or one again. */
import { spawn } from 'node:child_process';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '1000' }, seed: { type: 'string', default: '1' } },
});
const env = { ...process.env, INVARIANT_RUNS: values.runs, INVARIANT_SEED: values.seed };
const vitest = spawn('vitest', ['run', 'test/invariants/histories.test.ts'], {
  env,
  stdio: 'inherit',
});
vitest.on('exit', (code) => process.exit(code ?? 1));
