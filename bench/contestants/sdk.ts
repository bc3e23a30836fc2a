import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { getItem } from './get-item.ts';

/** Only the SDK: the lower bound for the given packages. */
export const handler = async (event: APIGatewayProxyEventV2) => ({
  statusCode: 200,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(await getItem(event.queryStringParameters?.key ?? '')),
});
