import {
  type AttributeValue,
  BatchGetItemCommand,
  BatchWriteItemCommand,
  DynamoDBClient,
  ExecuteStatementCommand,
  GetItemCommand,
  ListTablesCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  TransactGetItemsCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { FunctionDefinition } from '../../../infra/local/deployment.ts';
import { createAuthorizer } from '../../../infra/local/iam/authorizer.ts';
import { type DynamoDbGate, permissionsOf, startDynamoDbGate } from '../../../infra/local/iam/dynamodb-gate.ts';
import { newTable } from '../../support/database.ts';

const ARN = 'arn:aws:dynamodb:us-east-1:000000000000:table/';
let table: Awaited<ReturnType<typeof newTable>>;
beforeAll(async () => {
  table = await newTable();
});

let gate: DynamoDbGate | undefined;
/** What the gate told of calls that it has passed on. */
let passed: [key: string, took: number][];
let client: DynamoDBClient;
const clients: DynamoDBClient[] = [];
afterEach(() => gate?.close());
afterAll(() => {
  for (const each of clients) each.destroy();
});

/** A client of a function that may do these things, `index` being one of the table's. */
async function functionWith(...grants: { actions: string[]; index?: string }[]) {
  const definition = {
    name: 'roster-f',
    accessKeyId: 'ASIAF',
    role: {
      name: 'FRole',
      unreadable: [],
      statements: grants.map(({ actions, index }) => ({
        Effect: 'Allow',
        Action: actions.map((action) => `dynamodb:${action}`),
        Resource: `${ARN}${table.name}${index ? `/index/${index}` : ''}`,
      })),
    },
  } as unknown as FunctionDefinition;
  const { refusal } = createAuthorizer([definition]);
  passed = [];
  gate = await startDynamoDbGate({
    endpoint: table.endpoint,
    credentials: (key) => (key === 'ASIAF' ? { secretAccessKey: 's', sessionToken: 'token' } : undefined),
    refusal,
    onPassed: (key, took) => passed.push([key, took]),
  });
  client = clientOf(gate.endpoint, 'ASIAF', 'token');
}
function clientOf(endpoint: string, accessKeyId: string, sessionToken: string): DynamoDBClient {
  const credentials = { accessKeyId, secretAccessKey: 's', sessionToken };
  const made = new DynamoDBClient({ endpoint, region: 'us-east-1', credentials, maxAttempts: 1 });
  clients.push(made);
  return made;
}

const item = (pk: string, more: Record<string, AttributeValue> = {}) => ({ pk: { S: pk }, sk: { S: '-' }, ...more });
const put = (pk: string) => new PutItemCommand({ TableName: table.name, Item: item(pk) });
const queryOf = (IndexName?: string) =>
  new QueryCommand({
    TableName: table.name,
    ...(IndexName && { IndexName }),
    KeyConditionExpression: 'pk = :pk',
    ExpressionAttributeValues: { ':pk': { S: 'a' } },
  });
const refused = (action: string, resource = `${ARN}${table.name}`) =>
  `User: arn:aws:sts::000000000000:assumed-role/FRole/roster-f is not authorized to perform: ${action} on resource: ` +
  `${resource} because no identity-based policy allows the ${action} action`;

describe('the gate', () => {
  it('a call with its permission is forwarded, and its answer returned unchanged', async () => {
    await functionWith({ actions: ['PutItem', 'GetItem'] });
    const big = 'x'.repeat(390_000);
    await client.send(new PutItemCommand({ TableName: table.name, Item: item('big', { text: { S: big } }) }));
    const { Item } = await client.send(new GetItemCommand({ TableName: table.name, Key: item('big') }));
    expect(Item?.text?.S).toBe(big);
    expect(passed).toEqual([
      ['ASIAF', expect.any(Number)],
      ['ASIAF', expect.any(Number)],
    ]);
  });

  it('a call without its permission is refused as by DynamoDB', async () => {
    await functionWith({ actions: ['GetItem'] });
    const error = await client.send(put('refused')).catch((thrown) => thrown);
    expect(error).toMatchObject({
      name: 'AccessDeniedException',
      message: refused('dynamodb:PutItem'),
      $metadata: { httpStatusCode: 400 },
    });
    const { Item } = await client.send(new GetItemCommand({ TableName: table.name, Key: item('refused') }));
    expect(Item).toBeUndefined();
  });

  it('an error of DynamoDB Local reaches the function', async () => {
    await functionWith({ actions: ['UpdateItem'] });
    const update = new UpdateItemCommand({
      TableName: table.name,
      Key: item('absent'),
      UpdateExpression: 'SET a = :a',
      ConditionExpression: 'attribute_exists(pk)',
      ExpressionAttributeValues: { ':a': { S: 'a' } },
    });
    await expect(client.send(update)).rejects.toThrow('The conditional request failed');
  });

  it('a query needs the permission on its index, without an index that on the table', async () => {
    await functionWith({ actions: ['Query'], index: 'lsi1' });
    const keyed = { KeyConditionExpression: 'pk = :pk', ExpressionAttributeValues: { ':pk': { S: 'a' } } };
    await client.send(new QueryCommand({ TableName: table.name, IndexName: 'lsi1', ...keyed }));
    await expect(client.send(queryOf())).rejects.toThrow(refused('dynamodb:Query'));
    await expect(client.send(queryOf('lsi2'))).rejects.toThrow(
      refused('dynamodb:Query', `${ARN}${table.name}/index/lsi2`),
    );
    await expect(client.send(new ScanCommand({ TableName: table.name }))).rejects.toThrow(refused('dynamodb:Scan'));
  });

  it('a transaction needs the permissions of all its items', async () => {
    await functionWith({ actions: ['PutItem', 'ConditionCheckItem'] });
    const TableName = table.name;
    const absent = { ConditionExpression: 'attribute_not_exists(pk)' };
    const items = [
      { Put: { TableName, Item: item('t1') } },
      { ConditionCheck: { TableName, Key: item('t2'), ...absent } },
    ];
    await client.send(new TransactWriteItemsCommand({ TransactItems: items }));
    const more = { Delete: { TableName, Key: item('t3') } };
    await expect(client.send(new TransactWriteItemsCommand({ TransactItems: [...items, more] }))).rejects.toThrow(
      refused('dynamodb:DeleteItem'),
    );
    await expect(
      client.send(new TransactGetItemsCommand({ TransactItems: [{ Get: { TableName, Key: item('t1') } }] })),
    ).rejects.toThrow(refused('dynamodb:GetItem'));
  });

  it('a batch needs the permission of batches', async () => {
    await functionWith({ actions: ['GetItem', 'PutItem', 'DeleteItem', 'BatchGetItem'] });
    await client.send(new BatchGetItemCommand({ RequestItems: { [table.name]: { Keys: [item('a')] } } }));
    const write = { [table.name]: [{ PutRequest: { Item: item('a') } }] };
    await expect(client.send(new BatchWriteItemCommand({ RequestItems: write }))).rejects.toThrow(
      refused('dynamodb:BatchWriteItem'),
    );
  });

  it.each([
    ['an unknown key', 'ASIAX', 'token'],
    ["another's session token", 'ASIAF', 'forged'],
  ])('a call signed with %s is refused', async (_, key, token) => {
    await functionWith({ actions: ['PutItem'] });
    await expect(clientOf(gate!.endpoint, key, token).send(put('a'))).rejects.toMatchObject({
      name: 'UnrecognizedClientException',
    });
    const anonymous = await fetch(gate!.endpoint, { method: 'POST', body: '{}' });
    expect([anonymous.status, await anonymous.json()]).toMatchObject([400, { Message: expect.any(String) }]);
  });

  it('an operation whose permissions are unknown is refused', async () => {
    await functionWith({ actions: ['*'] });
    const statement = new ExecuteStatementCommand({ Statement: `SELECT * FROM "${table.name}"` });
    await expect(client.send(statement)).rejects.toThrow('does not know which permissions DynamoDB_20120810.Execute');
    await expect(client.send(new ListTablesCommand())).rejects.toThrow('does not know which permissions');
  });

  it('a call fails at once if DynamoDB Local has ended', async () => {
    await functionWith({ actions: ['PutItem'] });
    await gate!.close();
    const { refusal } = createAuthorizer([]);
    gate = await startDynamoDbGate({
      endpoint: 'http://127.0.0.1:1',
      credentials: () => ({ secretAccessKey: 's', sessionToken: 'token' }),
      refusal,
    });
    const error = await clientOf(gate.endpoint, 'ASIAF', 'token')
      .send(put('a'))
      .catch((thrown) => thrown);
    expect(error.code).toBe('ECONNRESET');
  });
});

describe('permissions', () => {
  it('a permission that several items need is listed once per table', () => {
    const TransactItems = [
      { Put: { TableName: 'a' } },
      { Put: { TableName: 'a' } },
      { Put: { TableName: `${ARN}b` } },
      { Update: { TableName: 'a' } },
    ];
    expect(permissionsOf('TransactWriteItems', { TransactItems })).toEqual([
      { action: 'dynamodb:PutItem', resource: `${ARN}a` },
      { action: 'dynamodb:PutItem', resource: `${ARN}b` },
      { action: 'dynamodb:UpdateItem', resource: `${ARN}a` },
    ]);
    expect(permissionsOf('BatchGetItem', { RequestItems: { a: {}, b: {} } })).toHaveLength(2);
  });
});
