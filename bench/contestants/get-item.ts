import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb';

const client = DynamoDBDocumentClient.from(new DynamoDBClient({}));

/** The read of every contestant except the empty handler: a user by its key. */
export async function getItem(key: string): Promise<unknown> {
  const { Item } = await client.send(new GetCommand({ TableName: process.env.TABLE_NAME, Key: { pk: key, sk: '#' } }));
  return { code: 200, data: Item, message: null };
}
