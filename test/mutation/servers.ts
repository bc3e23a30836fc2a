/** Vitest's global set-up: the servers of `npm run test:mutation`, which serve the runs of all mutants. */
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';

export default function setup({ provide }: TestProject) {
  provide('dynamoDbEndpoint', process.env.MUTATION_DYNAMODB ?? '');
  provide('s3Endpoint', process.env.MUTATION_S3 ?? '');
  const stackFile = join(tmpdir(), 'roster-mutation-stack.json');
  writeFileSync(stackFile, JSON.stringify({ failure: 'mutants run without a laptop stack' }));
  provide('stackFile', stackFile);
}
