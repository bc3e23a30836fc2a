/** Vitest's global set-up: one DynamoDB Local for the whole run, which every test file makes its own tables in, and one bucket. */
import type { TestProject } from 'vitest/node';
import { startDynamoDbLocal } from '../../infra/local/dynamodb-local.ts';
import { startTestBucket } from './bucket.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    dynamoDbEndpoint: string;
  }
}

export default async function setup(project: TestProject) {
  const server = await startDynamoDbLocal();
  const bucket = await startTestBucket();
  project.provide('dynamoDbEndpoint', server.endpoint);
  project.provide('s3Endpoint', bucket.endpoint);
  return () => Promise.all([server.close(), bucket.close()]);
}
