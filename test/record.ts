/** `npm run test:record`: measures the costs of operations and the sizes of bundles, and stores them as expected. */
import { spawn } from 'node:child_process';

const files = ['test/costs.test.ts', 'test/infra/bundle.test.ts'];
const vitest = spawn('vitest', ['run', ...files], {
  env: { ...process.env, RECORD: '1' },
  stdio: 'inherit',
  shell: process.platform === 'win32',
});
vitest.on('exit', (code) => process.exit(code ?? 1));
