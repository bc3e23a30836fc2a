import { createHash, createHmac } from 'node:crypto';
import http from 'node:http';
import https from 'node:https';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';

const { AWS_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_ENDPOINT_URL_DYNAMODB, TABLE_NAME } = process.env;
const url = new URL(AWS_ENDPOINT_URL_DYNAMODB ?? `https://dynamodb.${AWS_REGION}.amazonaws.com`);
const hash = (text: string) => createHash('sha256').update(text).digest('hex');
const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();

/** The smallest client that can ask DynamoDB: no retries, no faults, no types. It is the floor, and no server. */
export const handler = async (event: APIGatewayProxyEventV2) => {
  const key = { pk: { S: event.queryStringParameters?.key }, sk: { S: '#' } };
  const answer = await ask('GetItem', JSON.stringify({ TableName: TABLE_NAME, Key: key }));
  return { statusCode: 200, body: JSON.stringify({ code: 200, data: JSON.parse(answer).Item, message: null }) };
};

function ask(operation: string, body: string): Promise<string> {
  const time = new Date().toISOString().replace(/[-:]|\.\d{3}/g, '');
  const scope = `${time.slice(0, 8)}/${AWS_REGION}/dynamodb/aws4_request`;
  const headers = { host: url.host, 'x-amz-date': time, 'x-amz-target': `DynamoDB_20120810.${operation}` };
  const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}\n`);
  const names = Object.keys(headers).join(';');
  const request = `POST\n/\n\n${lines.join('')}\n${names}\n${hash(body)}`;
  const signingKey = scope.split('/').reduce<string | Buffer>(hmac, `AWS4${AWS_SECRET_ACCESS_KEY}`);
  const signature = hmac(signingKey, `AWS4-HMAC-SHA256\n${time}\n${scope}\n${hash(request)}`).toString('hex');
  const authorization = `AWS4-HMAC-SHA256 Credential=${AWS_ACCESS_KEY_ID}/${scope}, SignedHeaders=${names}, Signature=${signature}`;
  return new Promise((resolve, reject) => {
    (url.protocol === 'http:' ? http : https)
      .request(url, {
        method: 'POST',
        headers: { ...headers, authorization, 'content-type': 'application/x-amz-json-1.0' },
      })
      .on('response', (response) => {
        let text = '';
        response.on('data', (part) => (text += part));
        response.on('end', () => resolve(text));
      })
      .on('error', reject)
      .end(body);
  });
}
