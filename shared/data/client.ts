import { DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { TABLE_NAME } from '../environment.ts';
import { protocol } from './protocol.ts';

/** Takes what the SDK has to say of itself; without `info` and `error` no answer is copied only to be discarded. */
const QUIET = { trace() {}, debug() {}, warn() {} } as unknown as NonNullable<DynamoDBClientConfig['logger']>;

let client: DynamoDBDocumentClient | undefined;

/** One client an instance, made on first use so that a bundle can be loaded without an environment. */
export function documentClient(): DynamoDBDocumentClient {
  client ??= DynamoDBDocumentClient.from(
    new DynamoDBClient({
      // `Database` asks again, by its own rules: it knows the call's deadline and which write may have been done.
      maxAttempts: 1,
      protocol,
      logger: QUIET,
    }),
    { marshallOptions: { removeUndefinedValues: true } },
  );
  return client;
}

/** Name of the table that this function was deployed with. */
export function tableName(): string {
  const name = process.env[TABLE_NAME];
  if (!name) throw new Error(`the environment variable ${TABLE_NAME} is missing`);
  return name;
}
