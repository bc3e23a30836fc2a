/**
 * `npm run test:unkind [-- --seed S] [--runs N] [--only simulation|flows]`: N free-running simulations, and the stories
 * of all flows, in process and over HTTP, against an unkind database.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    runs: { type: 'string', default: '100' },
    only: { type: 'string' },
  },
});
const { seed, runs, only } = values;

const PARTS: Record<string, { env: Record<string, string>; files: string[] }> = {
  simulation: { env: { UNKIND_SEED: seed, UNKIND_RUNS: runs }, files: ['test/simulation/free-running.test.ts'] },
  flows: {
    env: { UNKIND: seed },
    // Without those that measure what calls do where nothing goes wrong.
    files: ['--project', 'flows', '--exclude', 'test/flows/round-trips.test.ts'],
  },
};

for (const [name, { env, files }] of Object.entries(PARTS)) {
  if (only !== undefined && only !== name) continue;
  const vitest = spawn('vitest', ['run', ...files], { env: { ...process.env, ...env }, stdio: 'inherit' });
  const [code] = await once(vitest, 'exit');
  if (code !== 0) {
    console.error(`Again: npm run test:unkind -- --only ${name} --seed ${seed}`);
    process.exitCode = 1;
  }
}
