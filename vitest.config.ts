import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

// For a machine that others use too: on one of its own the longest test takes a third of that.
const timeouts = { testTimeout: 120_000, hookTimeout: 300_000 };

/** Tests that replace modules, and those of hashing itself: each in a process of its own, where nothing is replaced yet. */
const ALONE = ['test/{faults,simulation}/*.test.ts'];

/** Flows that look at what calls do where nothing goes wrong: not against an unkind database. */
const MEASURED = ['test/flows/{grants,round-trips}.test.ts'];

/** Tests of infrastructure, which need no database. */
const TEMPLATES = [
  'test/infra/*-stack.test.ts',
  'test/infra/{deployments,monitoring,nag,secrets,stability,validation}.test.ts',
  'test/docs/*.test.ts',
];

/**
 * Flows last: the laptop stack, which they need, starts meanwhile. What takes long comes first, so that nobody waits for
 * it: what keeps the database busy beside what does not.
 */
const PROJECTS = ['templates', 'alone', 'parts', 'flows'];
const LONG = [
  ...['simulation/mutants', 'local/lifecycle', 'scale/large-groups', 'http/any-request', 'local/stack', 'scale/growth'],
  ...['background/deleted-user', 'ops/ops', 'refused-callers', 'scale/long-lists', 'answers'],
  ...['flows/user/list', 'flows/files/browser', 'flows/races', 'flows/abuse', 'flows/access', 'flows/docs-page'],
  ...['flows/user/any-input', 'flows/user/registration', 'flows/dissolution', 'flows/doctor'],
].map((name) => `/test/${name}.test.ts`);

class InTurn extends BaseSequencer {
  override async sort(specifications: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ project, moduleId }: TestSpecification) => {
      const long = LONG.findIndex((file) => moduleId.endsWith(file));
      return PROJECTS.indexOf(project.name) * LONG.length * 2 + (long < 0 ? LONG.length : long);
    };
    return (await super.sort(specifications)).sort((one, other) => place(one) - place(other));
  }
}

const AFTER_TEMPLATES = { groupOrder: 1 };

export default defineConfig({
  test: {
    sequence: { sequencer: InTurn },
    // A loaded machine may let a server answer late; what is wrong stays wrong the second time.
    retry: process.env.CI ? 1 : 0,
    // Tests wait for servers as much as they work themselves: one file a processor would leave each idle for a while.
    // More than one beyond that would only load the same modules once more.
    maxWorkers: Math.min(4, availableParallelism() + 1),
    // Set up in this order, the flows first: their set-up needs the server that the first of them starts.
    projects: [
      {
        test: {
          name: 'flows',
          include: ['test/flows/**/*.test.ts'],
          exclude: process.env.UNKIND ? MEASURED : [],
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
          exclude: ['test/flows/**', ...TEMPLATES, ...ALONE],
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
          include: ALONE,
          sequence: AFTER_TEMPLATES,
          globalSetup: ['test/support/servers.ts'],
          ...timeouts,
        },
      },
      {
        test: {
          name: 'templates',
          include: TEMPLATES,
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
