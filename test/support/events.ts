import { randomInt, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { DescribeTableCommand, UpdateTableCommand } from '@aws-sdk/client-dynamodb';
import {
  DescribeStreamCommand,
  DynamoDBStreamsClient,
  GetRecordsCommand,
  GetShardIteratorCommand,
  type _Record as StreamRecord,
} from '@aws-sdk/client-dynamodb-streams';
import { DeleteCommand, type DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import type { Context, DynamoDBStreamEvent } from 'aws-lambda';
import { expect } from 'vitest';
import { handler } from '../../functions/background/relay.ts';
import { LOCAL_CREDENTIALS, LOCAL_REGION } from '../../infra/local/aws.ts';
import { plainImage } from '../../infra/local/stream-source.ts';
import { Database } from '../../shared/data/database.ts';
import type { Key } from '../../shared/data/keys.ts';
import type { OperatorTable } from '../../shared/data/operator-queries.ts';
import { relay, type ToldRecord } from '../../shared/domain/event/relay.ts';
import { EVENTS, type EventData, type EventType, type RosterEvent, subjectOf } from '../../shared/events/catalogue.ts';
import { type Fact, factsOf } from '../../shared/events/facts.ts';
import { LONGEST } from '../../shared/http/parameters.ts';
import type { GroupId } from '../../shared/ids.ts';
import type { Given } from './story.ts';

/**
 * The events that writes of the app tell while `run` runs, with all images of the table's stream in between. Those of one
 * item come in the order of its changes; in which order those of several items come is the database's choice. Each is
 * checked against the catalogue. Not for two at once.
 */
export async function eventsOf(
  { app, world: { table } }: Pick<Given, 'app' | 'world'>,
  run: () => Promise<unknown>,
): Promise<Fact[]> {
  const stream = await streamOf(table);
  await stream.toNow();
  await run();
  const facts = (await stream.toNow()).flatMap(({ dynamodb: { Keys, OldImage, NewImage } = {} }) =>
    factsOf(
      unmarshall(Keys as never) as Key,
      OldImage && unmarshall(plainImage(OldImage)),
      NewImage && unmarshall(plainImage(NewImage)),
    ),
  );
  const own = facts.filter((fact) => fact.app === app);
  for (const fact of own) checkFact(fact);
  return own;
}

/** A fact that is as the catalogue says. */
export function checkFact({ type, data }: Fact): void {
  const { success, error } = EVENTS[type].data().safeParse(data);
  expect(success, `${type} ${JSON.stringify(data)}: ${error?.message}`).toBe(true);
  expect(subjectOf(type, data as never), 'no field of the subject is missing').not.toContain('undefined');
}

/** Facts as pairs, in an order of their own, for a comparison with what is expected. */
export const told = (facts: readonly Pick<Fact, 'type' | 'data'>[]): Told[] =>
  inOrder(facts.map(({ type, data }) => [type, data]));
export type Told = readonly [type: EventType, data: object];
export const inOrder = (all: readonly Told[]): Told[] =>
  all.toSorted((one, other) => (text(one) < text(other) ? -1 : 1));
const text = ([type, data]: Told) =>
  `${type} ${JSON.stringify(Object.entries(data).toSorted(([one], [other]) => (one < other ? -1 : 1)))}`;

export interface Stream {
  /** All records since the last time. */
  toNow(): Promise<StreamRecord[]>;
}
const streams = new Map<string, Promise<Stream>>();

/** Tables of tests have a stream only where a test reads it. DynamoDB Local starts a second shard after hours. */
export function streamOf({ client, name }: OperatorTable): Promise<Stream> {
  const opened = streams.get(name) ?? begin(client, name);
  streams.set(name, opened);
  return opened;
}

async function begin(client: DynamoDBDocumentClient, name: string): Promise<Stream> {
  await client.send(
    new UpdateTableCommand({
      TableName: name,
      StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
    }),
  );
  const { Table } = await client.send(new DescribeTableCommand({ TableName: name }));
  const { protocol, hostname, port } = await client.config.endpoint!();
  const reader = new DynamoDBStreamsClient({
    endpoint: `${protocol}//${hostname}:${port}`,
    region: LOCAL_REGION,
    credentials: LOCAL_CREDENTIALS,
  });
  const StreamArn = Table!.LatestStreamArn!;
  const { StreamDescription } = await reader.send(new DescribeStreamCommand({ StreamArn }));
  const ShardId = StreamDescription!.Shards![0]!.ShardId!;
  // DynamoDB Local refuses an iterator that was taken before the first record.
  await client.send(new PutCommand({ TableName: name, Item: { pk: 'MARK', sk: 'first' } }));
  let { ShardIterator } = await reader.send(
    new GetShardIteratorCommand({ StreamArn, ShardId, ShardIteratorType: 'TRIM_HORIZON' }),
  );
  const toNow = async () => {
    const mark = { pk: 'MARK', sk: randomUUID() };
    await client.send(new PutCommand({ TableName: name, Item: mark }));
    const found: StreamRecord[] = [];
    while (!found.some(({ dynamodb }) => dynamodb?.Keys?.sk?.S === mark.sk)) {
      const { Records = [], NextShardIterator } = await reader.send(new GetRecordsCommand({ ShardIterator }));
      ShardIterator = NextShardIterator;
      found.push(...Records);
      if (Records.length === 0) await sleep(5);
    }
    await client.send(new DeleteCommand({ TableName: name, Key: mark }));
    return found;
  };
  return { toNow };
}

/**
 * Until the events of all that has happened can be read. Over HTTP the table's stream calls the relay; in process the test
 * does, with what the stream has had since `eventsAreTold`.
 */
export async function relayed({ world: { table, conflicts }, admin }: Given): Promise<void> {
  if (!conflicts) {
    const head = async (after: string, wait: number) =>
      ((await admin().asks('GET /event/list', { after, wait })).body as unknown as Feed).head;
    // Nothing new for a second.
    for (let known = await head('0', 0); ; ) {
      const now = await head(known, 1);
      if (now === known) return;
      known = now;
    }
  }
  const records = (await (await streams.get(table.name))!.toNow()).map(asDelivered);
  const context = { awsRequestId: randomUUID(), getRemainingTimeInMillis: () => 60_000 } as Context;
  expect(await handler({ Records: records }, context)).toEqual({ batchItemFailures: [] });
}

/** From now on the stream of the table holds what happens, for `relayed`. */
export const eventsAreTold = async ({ world: { table, conflicts } }: Given): Promise<void> => {
  if (conflicts) await (await streamOf(table)).toNow();
};

/** An answer of `/event/list`. */
export interface Feed {
  data: RosterEvent[];
  next: string;
  head: string;
}

/** A record of the stream, as Lambda hands it to functions. */
export type DeliveredRecord = DynamoDBStreamEvent['Records'][number];
export const asDelivered = ({ dynamodb: { Keys, OldImage, NewImage, SequenceNumber } = {} }: StreamRecord) =>
  ({
    dynamodb: {
      Keys,
      ...(OldImage && { OldImage: plainImage(OldImage) }),
      ...(NewImage && { NewImage: plainImage(NewImage) }),
      SequenceNumber,
      ApproximateCreationDateTime: Date.now() / 1000,
    },
  }) as DeliveredRecord;

/** Events of a group with the longest names, as the relay appends them. */
export async function tellFiles(given: Given, group: GroupId, count: number): Promise<void> {
  const size = 2 ** 40;
  const files = Array.from({ length: count }, (_, index) => {
    const name = Array.from({ length: LONGEST.fileName }, () =>
      String.fromCodePoint(randomInt(0x20_000, 0x2a_000)),
    ).join('');
    const file_id = index + 1;
    return { group_id: group, file_id, uploader: Number.MAX_SAFE_INTEGER, name, size, type: 'text/plain' };
  });
  await tellOfGroup(given, group, 'group.file.published', files);
}

/** The relay tells events of one type about a group, which have no record. */
export async function tellOfGroup<T extends EventType>(
  { app, world: { table } }: Given,
  group: GroupId,
  type: T,
  all: EventData[T][],
): Promise<void> {
  const stamp = { type: 'user', id: '7', cause: 'JKJaXmPLvHcESHA=', at: Date.now(), why: {} } as const;
  const records = all.map(
    (data, index): ToldRecord => ({
      partition: `G#${app}#${group}#T`,
      sequenceNumber: `${Date.now()}${String(index).padStart(6, '0')}`,
      facts: [{ app, type, data, stamp }],
    }),
  );
  await relay(new Database(table.client, table.name), app, records);
}
