/** `npm run test:simulation [-- --runs N] [--seed S]`: any number of simulation runs, or one of them again. */
import { spawn } from 'node:child_process';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '1000' }, seed: { type: 'string', default: '1' } },
});
const env = { ...process.env, SIMULATION_RUNS: values.runs, SIMULATION_SEED: values.seed };
const vitest = spawn('vitest', ['run', 'test/simulation/simulation.test.ts'], { env, stdio: 'inherit' });
vitest.on('exit', (code) => process.exit(code ?? 1));
