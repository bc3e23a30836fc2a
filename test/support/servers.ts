/**
 * Vitest's global set-up: one DynamoDB Local for the whole run, in which every test file makes its own tables, and one
 * bucket. The first project starts and ends them.
 */
import type { TestProject } from 'vitest/node';
import { type DynamoDbLocal, startDynamoDbLocal } from '../../infra/local/dynamodb-local.ts';
import { startTestBucket } from './bucket.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    dynamoDbEndpoint: string;
  }
}

/** For other set-ups of the first project. */
export let database: DynamoDbLocal;

export default async function setup({ vitest }: TestProject) {
  const run = vitest.getRootProject();
  if (run.getProvidedContext().dynamoDbEndpoint) return undefined;
  database = await startDynamoDbLocal({ peak: true });
  const bucket = await startTestBucket();
  run.provide('dynamoDbEndpoint', database.endpoint);
  run.provide('s3Endpoint', bucket.endpoint);
  return () => Promise.all([database.close(), bucket.close()]);
}
