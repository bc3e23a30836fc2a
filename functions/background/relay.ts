import { unmarshall } from '@aws-sdk/util-dynamodb';
import type { Context, DynamoDBBatchResponse, DynamoDBRecord, DynamoDBStreamEvent } from 'aws-lambda';
import { Database } from '../../shared/data/database.ts';
import type { Key } from '../../shared/data/keys.ts';
import type { EventPage } from '../../shared/data/log-repo.ts';
import type { Item } from '../../shared/data/read.ts';
import { heldEvents, openEventPage } from '../../shared/data/schema.ts';
import { untilAnswered } from '../../shared/deadline.ts';
import { catchUp, type FanOut, fanOut, type PageWrite } from '../../shared/domain/event/fan-out.ts';
import { relay, type ToldRecord } from '../../shared/domain/event/relay.ts';
import { factsOf } from '../../shared/events/facts.ts';
import { logRelay } from '../../shared/http/log.ts';
import type { AppId } from '../../shared/ids.ts';

/** Milliseconds that are kept to tell Lambda where a run stopped. */
const RESERVE = 2000;

/** What a record means for an app. */
type Meaning = { told: ToldRecord } | { write: PageWrite } | { held: string };
type Placed = Meaning & { app: AppId; at: number };

/**
 * The table's stream delivers every write of an item that tells events, every write of the open page of numbered events,
 * and what the bus or the queue of webhooks has not taken: at least once, those of one partition in their order. Apps go
 * side by side, so none waits for another. The stream comes again from the first record that failed; what was done is
 * recognized. A bus or queue that takes nothing fails no record: see `fanOut`.
 */
export async function handler({ Records }: DynamoDBStreamEvent, context: Context): Promise<DynamoDBBatchResponse> {
  const db = new Database();
  const started = Date.now();
  const end = AbortSignal.timeout(Math.max(0, context.getRemainingTimeInMillis() - RESERVE));
  const faults: Error[] = [];
  const failed: number[] = [];
  let relayed = 0;
  let sent = 0;
  const take = (outcomes: readonly FanOut[]) => {
    for (const outcome of outcomes) {
      sent += outcome.sent;
      if (outcome.fault) faults.push(outcome.fault);
    }
  };
  const doing = async (records: readonly Placed[], work: () => Promise<void>) => {
    if (records.length === 0) return;
    try {
      await work();
    } catch (error) {
      failed.push(records[0]!.at);
      faults.push(error as Error);
    }
  };
  await untilAnswered(end, () =>
    Promise.all(
      [...Map.groupBy(Records.flatMap(meaningOf), ({ app }) => app)].flatMap(([app, records]) => {
        const told = records.filter((record) => 'told' in record);
        const pages = records.filter((record) => 'write' in record);
        const held = records.filter((record) => 'held' in record);
        return [
          doing(told, async () => {
            relayed += await relay(
              db.beside(),
              app,
              told.map((record) => record.told),
            );
          }),
          doing(pages, async () => {
            const writes = pages.map(({ write }) => write);
            take(await fanOut(db.beside(), app, writes));
          }),
          ...[...Map.groupBy(held, (record) => record.held)].map(([target, group]) =>
            doing(group, async () => take([await catchUp(db.beside(), app, target)])),
          ),
        ];
      }),
    ),
  );
  const oldest = Math.min(...Records.map(({ dynamodb }) => dynamodb?.ApproximateCreationDateTime ?? 0));
  logRelay({
    db,
    started,
    requestId: context.awsRequestId,
    records: Records.length,
    relayed,
    sent,
    age: started - oldest * 1000,
    ...(faults[0] && { fault: faults[0] }),
  });
  const itemIdentifier = failed.length > 0 && Records[Math.min(...failed)]?.dynamodb?.SequenceNumber;
  return { batchItemFailures: itemIdentifier ? [{ itemIdentifier }] : [] };
}

/** What a record means, with its place in the batch. */
function meaningOf({ dynamodb = {} }: DynamoDBRecord, at: number): Placed[] {
  const { Keys, OldImage, NewImage, SequenceNumber: sequenceNumber = '' } = dynamodb;
  const key: Key = { pk: Keys?.pk?.S ?? '', sk: Keys?.sk?.S ?? '' };
  const app = key.pk.split('#')[1] as AppId;
  const after = imageOf(NewImage);
  if (openEventPage.has(key)) {
    const before = Number(imageOf(OldImage)?.last ?? 0);
    // A page that was only rewritten tells nothing new.
    return after && after.last !== before ? [{ app, at, write: { page: after as EventPage, after: before } }] : [];
  }
  if (heldEvents.has(key)) return [{ app, at, held: key.sk.slice(heldEvents.sk.prefix.length) }];
  const facts = factsOf(key, imageOf(OldImage), after);
  return facts.length === 0 ? [] : [{ app, at, told: { partition: key.pk, sequenceNumber, facts } }];
}

const imageOf = (image: NonNullable<DynamoDBRecord['dynamodb']>['NewImage']): Item | undefined =>
  image && unmarshall(image as Parameters<typeof unmarshall>[0]);
