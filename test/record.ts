/** `npm run test:record`: measures what operations cost and bundles weigh, and keeps it as what they should. */
import { spawn } from 'node:child_process';

const files = ['test/costs.test.ts', 'test/infra/bundle.test.ts'];
const vitest = spawn('vitest', ['run', ...files], {
  env: { ...process.env, RECORD: '1' },
  stdio: 'inherit',
  shell: process.platform === 'win32',
});
vitest.on('exit', (code) => process.exit(code ?? 1));
