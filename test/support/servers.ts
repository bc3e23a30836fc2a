/**
 * Vitest's global set-up: one DynamoDB Local for the whole run, which every test file makes its own tables in, and one
 * bucket. Whichever project comes first starts them, and ends them.
 */
import type { TestProject } from 'vitest/node';
import { type DynamoDbLocal, startDynamoDbLocal } from '../../infra/local/dynamodb-local.ts';
import { startTestBucket } from './bucket.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    dynamoDbEndpoint: string;
  }
}

/** For set-ups of the project that came first. */
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
