/** Vitest runs this before each file: it notes which functions the file's tests reach, and how often. */
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect } from 'vitest';

const folder = process.env.MUTATION_REACHED;
const calls: Record<string, number> = {};

Object.assign(globalThis, {
  reached: (file: string, within: number) => {
    const key = `${file}:${within}`;
    calls[key] = (calls[key] ?? 0) + 1;
  },
});

afterAll(() => {
  const { testPath } = expect.getState();
  if (folder) writeFileSync(join(folder, `${randomUUID()}.json`), JSON.stringify({ testPath, calls }));
});
