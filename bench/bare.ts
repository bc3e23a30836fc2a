/** The requests of a call made bare, by the SDK as it comes: what our own code is measured against. */
import {
  BatchGetCommand,
  DeleteCommand,
  type DynamoDBDocumentClient,
  PutCommand,
  QueryCommand,
  TransactWriteCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import type { Recorded } from '../test/support/table-recorder.ts';

const COMMANDS = {
  BatchGetItemCommand: BatchGetCommand,
  QueryCommand,
  PutItemCommand: PutCommand,
  UpdateItemCommand: UpdateCommand,
  DeleteItemCommand: DeleteCommand,
  TransactWriteItemsCommand: TransactWriteCommand,
} as const;

/** The same requests again, those together that were together. */
export async function repeat(requests: Recorded[], client: DynamoDBDocumentClient): Promise<void> {
  for (let wave = 1; wave <= (requests.at(-1)?.wave ?? 0); wave++) {
    const together = requests.filter((request) => request.wave === wave);
    await Promise.all(
      together.map(({ command, input }) => {
        const Command = COMMANDS[command as keyof typeof COMMANDS];
        // A transaction of the same token would not be done again.
        const { ClientRequestToken: _, ...rest } = input;
        return client.send(new Command(rest as never) as never);
      }),
    );
  }
}
