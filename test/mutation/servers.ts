/** Vitest's global set-up: the servers of `npm run test:mutation`, which serve the runs of all mutants. */
import type { TestProject } from 'vitest/node';

export default function setup({ provide }: TestProject) {
  provide('dynamoDbEndpoint', process.env.MUTATION_DYNAMODB ?? '');
  provide('s3Endpoint', process.env.MUTATION_S3 ?? '');
}
