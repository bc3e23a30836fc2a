import { ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { expect, inject, it } from 'vitest';
import { startDynamoDbLocal } from '../../infra/local/dynamodb-local.ts';

it('DynamoDB Local takes another port if another DynamoDB Local answers on its own', async () => {
  const other = inject('dynamoDbEndpoint');
  const server = await startDynamoDbLocal({ port: Number(new URL(other).port) });
  try {
    expect(server.endpoint).not.toBe(other);
    expect((await server.client().send(new ListTablesCommand({}))).TableNames).toEqual([]);
  } finally {
    await server.close();
  }
  // Ours ended, not the other.
  expect((await fetch(other)).status).toBe(400);
});
