import { defineConfig } from 'vitest/config';

const timeouts = { testTimeout: 30_000, hookTimeout: 120_000 };

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'parts',
          include: ['test/**/*.test.ts'],
          exclude: ['test/flows/**'],
          globalSetup: ['test/support/dynamodb-server.ts'],
          ...timeouts,
        },
      },
      {
        test: {
          name: 'flows',
          include: ['test/flows/**/*.test.ts'],
          globalSetup: ['test/support/laptop-stack.ts'],
          ...timeouts,
        },
      },
    ],
  },
});
