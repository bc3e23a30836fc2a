import { existsSync, readFileSync } from 'node:fs';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { OperatorTable } from '../../shared/data/operator-queries.ts';
import type { LaptopDescription } from '../laptop/roster.ts';
import { localClient } from '../local/dynamodb-local.ts';
import { tableNameOf } from '../names.ts';

/** Where a command works: options that every command takes. */
export interface Place {
  local?: true;
  stage?: string;
  region?: string;
  table?: string;
}

/** What the laptop stack says of itself while it runs; npm scripts run in the project's folder. */
const STACK = '.local/stack.json';

/** What the laptop stack says of itself, where a command works on that. @throws Error with a sentence for the operator */
export function runningStack(place: Place): LaptopDescription | undefined {
  const onAws = place.stage !== undefined || place.region !== undefined || place.table !== undefined;
  if (place.local && onAws) throw new Error('--local goes without --stage, --region and --table');
  if (place.local && !existsSync(STACK)) throw new Error(`the laptop stack is not running (no ${STACK}): npm start`);
  return onAws || !existsSync(STACK) ? undefined : JSON.parse(readFileSync(STACK, 'utf8'));
}

/**
 * Finds the table: the laptop stack's while that one runs and nothing names a place on AWS, else that of a stage on
 * AWS with the usual credentials. Sends nothing.
 * @throws Error with a sentence for the operator
 */
export async function findTable(place: Place): Promise<{ table: OperatorTable; where: string }> {
  const stack = runningStack(place);
  if (stack) {
    const { dynamodb_endpoint, table_name } = stack;
    const where = `table ${table_name} of the laptop stack at ${dynamodb_endpoint}`;
    return { table: { client: documents(localClient(dynamodb_endpoint)), name: table_name }, where };
  }
  const client = new DynamoDBClient({ ...(place.region && { region: place.region }) });
  const region = await client.config.region().catch(() => {
    throw new Error('no AWS region: give --region or set AWS_REGION (and for the laptop stack, npm start first)');
  });
  const name = place.table ?? tableNameOf(place.stage ?? 'dev');
  return { table: { client: documents(client), name }, where: `table ${name} in ${region}` };
}

const documents = (client: DynamoDBClient) =>
  DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } });

/** What an operator can do about an error of the database, as a sentence; any other error's own message. */
export function explain(error: Error, where: string): string {
  switch (error.name) {
    case 'ResourceNotFoundException':
      return `there is no ${where}: deploy first, or choose another with --stage, --region or --table`;
    case 'NoSuchBucket':
      return 'there is no such bucket: it is the output BucketName of the stack Roster-<stage>-Data';
    case 'CredentialsProviderError':
      return 'no AWS credentials: set AWS_PROFILE, or log in as for the AWS command line';
    case 'AccessDenied':
    case 'AccessDeniedException':
      return `these AWS credentials may not do this in ${where}: ${error.message}`;
  }
  const { code } = error as { code?: string };
  if (code === 'ECONNREFUSED') return `nothing answers for ${where}`;
  return error.message || error.name;
}
