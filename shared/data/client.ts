import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { TABLE_NAME } from '../environment.ts';

let client: DynamoDBDocumentClient | undefined;

/** One client an instance, made on first use so that a bundle can be loaded without an environment. */
export function documentClient(): DynamoDBDocumentClient {
  client ??= DynamoDBDocumentClient.from(
    new DynamoDBClient({
      maxAttempts: 4,
      requestHandler: { connectionTimeout: 1000, requestTimeout: 3000 },
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
