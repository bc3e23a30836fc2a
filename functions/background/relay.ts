import { unmarshall } from '@aws-sdk/util-dynamodb';
import type { Context, DynamoDBBatchResponse, DynamoDBRecord, DynamoDBStreamEvent } from 'aws-lambda';
import { Database } from '../../shared/data/database.ts';
import type { Item } from '../../shared/data/read.ts';
import { untilAnswered } from '../../shared/deadline.ts';
import { relay, type ToldRecord } from '../../shared/domain/event/relay.ts';
import { factsOf } from '../../shared/events/facts.ts';
import { logRelay } from '../../shared/http/log.ts';
import type { AppId } from '../../shared/ids.ts';

/** Milliseconds that are kept to tell Lambda where a run stopped. */
const RESERVE = 2000;

/**
 * The table's stream delivers every write of an item that tells events: at least once, those of one partition in their
 * order. Apps go side by side, so none waits for another. The stream comes again from the first record that failed; what
 * was done is recognized.
 */
export async function handler({ Records }: DynamoDBStreamEvent, context: Context): Promise<DynamoDBBatchResponse> {
  const db = new Database();
  const started = Date.now();
  const told = Map.groupBy(Records.flatMap(toldBy), ({ app }) => app);
  const end = AbortSignal.timeout(Math.max(0, context.getRemainingTimeInMillis() - RESERVE));
  const failed: { at: number; error: Error }[] = [];
  let relayed = 0;
  await untilAnswered(end, () =>
    Promise.all(
      [...told].map(async ([app, records]) => {
        try {
          relayed += await relay(db.beside(), app, records);
        } catch (error) {
          failed.push({ at: records[0]!.at, error: error as Error });
        }
      }),
    ),
  );
  const [first] = failed.sort((one, other) => one.at - other.at);
  const oldest = Math.min(...Records.map(({ dynamodb }) => dynamodb?.ApproximateCreationDateTime ?? 0));
  logRelay({
    db,
    started,
    requestId: context.awsRequestId,
    records: Records.length,
    relayed,
    age: started - oldest * 1000,
    ...(first && { fault: first.error }),
  });
  const itemIdentifier = first && Records[first.at]?.dynamodb?.SequenceNumber;
  return { batchItemFailures: itemIdentifier ? [{ itemIdentifier }] : [] };
}

/** What a record tells, with its place in the batch. */
function toldBy({ dynamodb = {} }: DynamoDBRecord, at: number): (ToldRecord & { app: AppId; at: number })[] {
  const { Keys, OldImage, NewImage, SequenceNumber: sequenceNumber = '' } = dynamodb;
  const key = { pk: Keys?.pk?.S ?? '', sk: Keys?.sk?.S ?? '' };
  const facts = factsOf(key, imageOf(OldImage), imageOf(NewImage));
  const app = facts[0]?.app;
  return app === undefined ? [] : [{ app, at, partition: key.pk, sequenceNumber, facts }];
}

const imageOf = (image: NonNullable<DynamoDBRecord['dynamodb']>['NewImage']): Item | undefined =>
  image && unmarshall(image as Parameters<typeof unmarshall>[0]);
