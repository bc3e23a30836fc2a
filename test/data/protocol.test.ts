import type { RequestListener } from 'node:http';
import { DynamoDBClient, GetItemCommand, TransactWriteItemsCommand } from '@aws-sdk/client-dynamodb';
import { expect, test } from 'vitest';
import { protocol } from '../../shared/data/protocol.ts';
import { serve } from '../support/server.ts';

/** A server that gives the answers in turn, and what was asked of it. */
async function serverOf(...answers: { status: number; body: string; requestId?: string }[]) {
  const asked: { target: string | undefined; type: string | undefined; body: string }[] = [];
  const listener: RequestListener = async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const { 'x-amz-target': target, 'content-type': type } = request.headers;
    asked.push({ target: String(target), type, body });
    const { status, body: answer, requestId = 'r' } = answers[Math.min(asked.length, answers.length) - 1]!;
    response.writeHead(status, { 'x-amzn-requestid': requestId }).end(answer);
  };
  const server = await serve(listener);
  const client = new DynamoDBClient({
    endpoint: server.origin,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts: 2,
    protocol,
  });
  const close = () => {
    client.destroy();
    return server.close();
  };
  return { client, asked, close };
}

const GET = new GetItemCommand({ TableName: 't', Key: { pk: { S: 'ü€😀' } } });

test('requests and answers are the JSON of the DynamoDB protocol', async () => {
  const { client, asked, close } = await serverOf({
    status: 200,
    body: '{"Item":{"name":{"S":"ü€😀"},"n":{"N":"1"}}}',
  });
  const { Item, $metadata } = await client.send(GET);
  expect(Item).toEqual({ name: { S: 'ü€😀' }, n: { N: '1' } });
  expect($metadata).toMatchObject({ httpStatusCode: 200, requestId: 'r', attempts: 1 });
  const body = '{"TableName":"t","Key":{"pk":{"S":"ü€😀"}}}';
  expect(asked).toEqual([{ target: 'DynamoDB_20120810.GetItem', type: 'application/x-amz-json-1.0', body }]);
  await close();
});

test('a DynamoDB error arrives with its name, message and fields', async () => {
  const body = JSON.stringify({
    __type: 'com.amazonaws.dynamodb.v20120810#TransactionCanceledException',
    Message: 'cancelled',
    CancellationReasons: [{ Code: 'ConditionalCheckFailed', Item: { pk: { S: 'a' } } }],
  });
  const { client, asked, close } = await serverOf({ status: 400, body });
  const failed = client.send(new TransactWriteItemsCommand({ TransactItems: [] }));
  await expect(failed).rejects.toThrow(
    expect.objectContaining({
      name: 'TransactionCanceledException',
      message: 'cancelled',
      $fault: 'client',
      CancellationReasons: [{ Code: 'ConditionalCheckFailed', Item: { pk: { S: 'a' } } }],
    }),
  );
  expect(asked).toHaveLength(1);
  await close();
});

test.each([
  ['throttling', { status: 400, body: '{"__type":"x#ThrottlingException","message":"slow down"}' }],
  ['a fault of the service', { status: 500, body: '{"__type":"x#InternalServerError"}' }],
  ['an answer of something in between, which is not JSON', { status: 503, body: '<html>Service Unavailable</html>' }],
])('%s is tried again', async (_, answer) => {
  const { client, asked, close } = await serverOf(answer, { status: 200, body: '{}' });
  expect((await client.send(GET)).$metadata.attempts).toBe(2);
  expect(asked).toHaveLength(2);
  await close();
});

test('a request that keeps failing ends in an error with the HTTP status', async () => {
  const { client, close } = await serverOf({ status: 503, body: '<html>Service Unavailable</html>' });
  await expect(client.send(GET)).rejects.toThrow(
    expect.objectContaining({ name: 'UnknownError', $metadata: expect.objectContaining({ httpStatusCode: 503 }) }),
  );
  await close();
});
