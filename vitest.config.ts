import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

// For a machine that others use too: on one of its own the longest test takes a third of that.
const timeouts = { testTimeout: 120_000, hookTimeout: 300_000 };

/** Tests of infrastructure, which need no database. */
const TEMPLATES = [
  'test/infra/*-stack.test.ts',
  'test/infra/{deployments,monitoring,nag,secrets,stability}.test.ts',
  'test/docs/*.test.ts',
];

export default defineConfig({
  test: {
    // A loaded machine may let a server answer late; what is wrong stays wrong the second time.
    retry: process.env.CI ? 1 : 0,
    // Tests wait for servers as much as they work themselves: one file a processor would leave each idle for a while.
    maxWorkers: Math.min(4, availableParallelism() + 2),
    projects: [
      {
        test: {
          name: 'parts',
          include: ['test/**/*.test.ts'],
          exclude: ['test/flows/**', ...TEMPLATES],
          globalSetup: ['test/support/dynamodb-server.ts'],
          ...timeouts,
        },
      },
      {
        test: {
          name: 'templates',
          include: TEMPLATES,
          // Loading CDK and synthesizing the whole product are most of the work: once a process is enough.
          isolate: false,
          ...timeouts,
        },
      },
      {
        test: {
          name: 'flows',
          include: ['test/flows/**/*.test.ts'],
          globalSetup: ['test/support/laptop-stack.ts'],
          // Nothing here replaces modules: files that share a process share what it has loaded and made fast.
          isolate: false,
          setupFiles: ['test/support/new-world.ts'],
          ...timeouts,
        },
      },
    ],
  },
});
