import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

// For a machine that others use too: on one of its own the longest test takes a third of that.
const timeouts = { testTimeout: 120_000, hookTimeout: 300_000 };

/** In this order of projects, so that the laptop stack starts before the flows need it; in each, the longest file first. */
const PROJECTS = ['templates', 'long', 'alone', 'parts', 'flows'];

class InTurn extends BaseSequencer {
  override async sort(specifications: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ project }: TestSpecification) => PROJECTS.indexOf(project.name);
    return (await super.sort(specifications)).sort((one, other) => place(one) - place(other));
  }
}

/** `npm test` leaves them out; `npm run test:long` runs them, which `.ci/run` does too. */
const LONG = [
  'test/bench/load.test.ts',
  'test/events/archive.test.ts',
  'test/faults/**/*.test.ts',
  'test/local/{lifecycle,stack,watch}.test.ts',
  'test/ops/{erasure,event-check,import-jobs}.test.ts',
  'test/refused-callers.test.ts',
  'test/scale/**/*.test.ts',
  'test/simulation/*mutants.test.ts',
  'test/simulation/unkind-stories.test.ts',
];

const AFTER_TEMPLATES = { groupOrder: 1 };

export default defineConfig({
  test: {
    sequence: { sequencer: InTurn },
    // A loaded machine may let a server answer late; what is wrong stays wrong the second time.
    retry: process.env.CI ? 1 : 0,
    // Tests wait for servers as much as they work themselves: one file a processor would leave each idle for a while.
    maxWorkers: Math.min(4, availableParallelism() + 2),
    // Set up in this order, the flows first: their set-up needs the server that the first of them starts.
    projects: [
      {
        test: {
          name: 'flows',
          include: ['test/flows/**/*.test.ts'],
          globalSetup: ['test/support/servers.ts', 'test/support/laptop-stack.ts'],
          isolate: false,
          setupFiles: ['test/support/new-world.ts'],
          sequence: AFTER_TEMPLATES,
          ...timeouts,
        },
      },
      {
        test: {
          name: 'parts',
          include: ['test/**/*.test.ts'],
          exclude: ['test/{console,flows,infra,docs,simulation}/**', ...LONG],
          sequence: AFTER_TEMPLATES,
          globalSetup: ['test/support/servers.ts'],
          // Files that share a process share what it has loaded and made fast.
          isolate: false,
          setupFiles: ['test/support/new-world.ts'],
          ...timeouts,
        },
      },
      {
        test: {
          name: 'alone',
          // Each file in a process of its own: they change what a process keeps, such as the database that it calls.
          include: ['test/simulation/**/*.test.ts'],
          exclude: LONG,
          sequence: AFTER_TEMPLATES,
          globalSetup: ['test/support/servers.ts'],
          ...timeouts,
        },
      },
      {
        test: {
          name: 'long',
          // In processes of their own, too.
          include: LONG,
          sequence: AFTER_TEMPLATES,
          globalSetup: ['test/support/servers.ts'],
          ...timeouts,
        },
      },
      {
        test: {
          name: 'templates',
          include: ['test/{infra,docs}/**/*.test.ts'],
          // One of them passes sample events to the functions.
          globalSetup: ['test/support/servers.ts'],
          // Loading CDK and synthesizing the whole product are most of the work: one process does it once, while
          // another bundles and synthesizes what the laptop stack serves.
          isolate: false,
          maxWorkers: 1,
          ...timeouts,
        },
      },
    ],
  },
});
