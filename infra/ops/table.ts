import { existsSync, readFileSync } from 'node:fs';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocument } from '@aws-sdk/lib-dynamodb';
import type { OperatorTable } from '../../shared/data/operator-queries.ts';
import type { LaptopDescription } from '../laptop/roster.ts';
import { localClient } from '../local/dynamodb-local.ts';
import { tableNameOf } from '../names.ts';

/** The options of every command that select the table. */
export interface Place {
  local?: true;
  stage?: string;
  region?: string;
  table?: string;
}

/** Written by the laptop stack while it runs. npm scripts run in the folder of the project. */
const STACK = '.local/stack.json';

/** The running laptop stack, if the command works on it. @throws Error with a message for the operator */
export function runningStack(place: Place): LaptopDescription | undefined {
  const onAws = place.stage !== undefined || place.region !== undefined || place.table !== undefined;
  if (place.local && onAws) throw new Error('--local cannot be combined with --stage, --region or --table');
  if (place.local && !existsSync(STACK))
    throw new Error(`the laptop stack is not running (no ${STACK}): run npm start`);
  return onAws || !existsSync(STACK) ? undefined : JSON.parse(readFileSync(STACK, 'utf8'));
}

/**
 * Finds the table: that of the laptop stack while it runs and no option selects AWS, otherwise that of a stage on AWS
 * with the usual credentials. Sends no request.
 * @throws Error with a message for the operator
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
    throw new Error('no AWS region: give --region, set AWS_REGION, or start the laptop stack (npm start)');
  });
  const name = place.table ?? tableNameOf(place.stage ?? 'dev');
  return { table: { client: documents(client), name }, where: `table ${name} in ${region}` };
}

const documents = (client: DynamoDBClient) =>
  DynamoDBDocument.from(client, { marshallOptions: { removeUndefinedValues: true } });

/** Explains to the operator how to fix an AWS error; the message of any other error. */
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
      return `these AWS credentials lack a permission for ${where}: ${error.message}`;
  }
  const { code } = error as { code?: string };
  if (code === 'ECONNREFUSED') return `cannot reach ${where}`;
  return error.message || error.name;
}
