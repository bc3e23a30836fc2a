/** `npm run test:record`: measures the costs of operations, and stores them as expected. */
import { spawn } from 'node:child_process';

const vitest = spawn('vitest', ['run', 'test/costs.test.ts'], {
  env: { ...process.env, RECORD: '1' },
  stdio: 'inherit',
  shell: process.platform === 'win32',
});
vitest.on('exit', (code) => process.exit(code ?? 1));
