import { resolve } from 'node:path';
import { defineConfig } from 'vitest/config';

/** The long tests of the console: see `npm run test:console`. */
export default defineConfig({
  root: resolve(import.meta.dirname, '../..'),
  test: {
    include: ['test/console/**/*.test.ts'],
    globalSetup: ['test/support/servers.ts', 'test/support/laptop-stack.ts'],
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
});
