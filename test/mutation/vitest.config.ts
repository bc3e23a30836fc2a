import { relative, resolve } from 'node:path';
import { defineConfig } from 'vitest/config';
import { type Mutant, mutated, watched } from './mutants.ts';

const root = resolve(import.meta.dirname, '../..');
/** Which file is changed how; without, all files below MUTATION_PATH say which of their functions run. */
const mutant: Mutant | undefined = process.env.MUTANT ? JSON.parse(process.env.MUTANT) : undefined;
const path = process.env.MUTATION_PATH ?? '';

/** The run of one mutant, or of none: see `npm run test:mutation`. */
export default defineConfig({
  root,
  plugins: [
    {
      name: 'mutation',
      enforce: 'pre',
      transform(code: string, id: string) {
        const file = relative(root, id);
        if (mutant) return file === mutant.file ? mutated(code, mutant) : undefined;
        return file.startsWith(`${path}/`) ? watched(file, code) : undefined;
      },
    },
  ],
  test: {
    include: ['test/{flows,call,domain,background,ops}/**/*.test.ts'],
    testNamePattern: /^(?!.*over HTTP)/,
    // A cache of transformed modules would hide the mutant.
    fsModuleCache: false,
    isolate: false,
    maxWorkers: 1,
    globalSetup: ['test/mutation/servers.ts'],
    setupFiles: ['test/support/new-world.ts', 'test/mutation/reached.ts'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
});
