/** Sends the requests of a call with the unmodified SDK: the baseline for our own code. */
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

/** Repeats the requests; those that were sent in parallel are sent in parallel again. */
export async function repeat(requests: Recorded[], client: DynamoDBDocumentClient): Promise<void> {
  for (let wave = 1; wave <= (requests.at(-1)?.wave ?? 0); wave++) {
    const together = requests.filter((request) => request.wave === wave);
    await Promise.all(
      together.map(({ command, input }) => {
        const Command = COMMANDS[command as keyof typeof COMMANDS];
        // DynamoDB would not execute a transaction with the same token again.
        const { ClientRequestToken: _, ...rest } = input;
        return client.send(new Command(rest as never) as never);
      }),
    );
  }
}
