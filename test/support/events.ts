import { createHash, randomInt, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { DescribeTableCommand, UpdateTableCommand } from '@aws-sdk/client-dynamodb';
import {
  DescribeStreamCommand,
  DynamoDBStreamsClient,
  GetRecordsCommand,
  GetShardIteratorCommand,
  type _Record as StreamRecord,
} from '@aws-sdk/client-dynamodb-streams';
import { DeleteCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import type { Context, DynamoDBStreamEvent } from 'aws-lambda';
import { expect } from 'vitest';
import { handler } from '../../functions/background/relay.ts';
import { LOCAL_CREDENTIALS, LOCAL_REGION } from '../../infra/local/aws.ts';
import { plainImage } from '../../infra/local/stream-source.ts';
import { Database } from '../../shared/data/database.ts';
import type { Key } from '../../shared/data/keys.ts';
import type { OperatorTable } from '../../shared/data/operator-queries.ts';
import type { Item } from '../../shared/data/read.ts';
import { relay, type ToldRecord } from '../../shared/domain/event/relay.ts';
import { EVENTS, type EventData, type EventType, type RosterEvent, subjectOf } from '../../shared/events/catalogue.ts';
import { type Fact, factsOf } from '../../shared/events/facts.ts';
import { LONGEST } from '../../shared/http/parameters.ts';
import type { GroupId } from '../../shared/ids.ts';
import { factOf } from './feed.ts';
import type { Actor, Given } from './story.ts';

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
  const own = (await stream.toNow())
    .map(asDelivered)
    .flatMap(factsBy)
    .filter((fact) => fact.app === app);
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

/** Tables of tests have a stream only where a test reads it. */
export function streamOf(table: OperatorTable): Promise<Stream> {
  const opened = streams.get(table.name) ?? begin(table);
  streams.set(table.name, opened);
  return opened;
}

async function begin(table: OperatorTable): Promise<Stream> {
  const { client, name: TableName } = table;
  const StreamSpecification = { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' } as const;
  await client.send(new UpdateTableCommand({ TableName, StreamSpecification }));
  // DynamoDB Local refuses an iterator that was taken before the first record.
  await client.send(new PutCommand({ TableName, Item: { pk: 'MARK', sk: 'first' } }));
  return follow(table, 'TRIM_HORIZON');
}

/** Reads the table's stream from its beginning, or from now on. DynamoDB Local starts a second shard after hours. */
async function follow({ client, name }: OperatorTable, from: 'TRIM_HORIZON' | 'LATEST'): Promise<Stream> {
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
  let { ShardIterator } = await reader.send(
    new GetShardIteratorCommand({ StreamArn, ShardId, ShardIteratorType: from }),
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

/** What the stream of the laptop stack's table has had since a story began. */
const followed = new WeakMap<Given, Stream>();

/** From now on the stream of the table holds what happens, for `relayed`. */
export async function eventsAreTold(given: Given): Promise<void> {
  const { table, conflicts } = given.world;
  const stream = conflicts ? await streamOf(table) : await follow(table, 'LATEST');
  await stream.toNow();
  followed.set(given, stream);
}

/**
 * Until the events of all that has happened since `eventsAreTold` can be read. Over HTTP the table's stream calls the
 * relay, whose events the feed then has; in process the test calls it.
 */
export async function relayed(given: Given): Promise<void> {
  const { table, conflicts } = given.world;
  const stream = conflicts ? await streamOf(table) : followed.get(given)!;
  const records = (await stream.toNow()).map(asDelivered);
  if (conflicts) {
    const context = { awsRequestId: randomUUID(), getRemainingTimeInMillis: () => 60_000 } as Context;
    expect(await handler({ Records: records }, context)).toEqual({ batchItemFailures: [] });
    return;
  }
  const missing = new Map(
    records.flatMap(eventsBy).flatMap(({ app, id, type }) => (app === given.app ? [[id, type]] : [])),
  );
  for (let after = '0'; missing.size > 0; ) {
    const { body } = await given.admin().asks('GET /event/list', { after, limit: 1000, wait: 20 });
    const { data, next } = body as unknown as Feed;
    expect(data, `never relayed: ${[...missing.values()]}`).not.toEqual([]);
    for (const { id } of data) missing.delete(id);
    after = next;
  }
}

/**
 * The version of a list of a group: 0 in process, where nobody numbers changes; over HTTP it says after which of them the
 * others can be read.
 */
export async function checkVersion({ world }: Given, who: Actor, group_id: number, version: unknown): Promise<void> {
  if (world.conflicts) return expect(version).toBe(0);
  expect(version).toEqual(expect.any(Number));
  await who.does('GET /group/changes', { group_id, version });
}

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

const plain = (image: unknown) => image && unmarshall(image as never);

/** What a record tells. */
const factsBy = ({ dynamodb: { Keys, OldImage, NewImage } = {} }: DeliveredRecord): Fact[] =>
  factsOf(plain(Keys) as Key, plain(OldImage) as Item, plain(NewImage) as Item);

/** The events that become of a record. */
export function eventsBy(record: DeliveredRecord) {
  const { Keys: { pk } = {}, SequenceNumber } = record.dynamodb ?? {};
  const partition = pk?.S ?? '';
  return factsBy(record).map(({ app, type }, index) => {
    const hash = createHash('sha256').update(`${partition} ${SequenceNumber} ${index}`);
    return { app, type, partition, id: hash.digest('base64url').slice(0, 22) };
  });
}

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
      facts: [factOf(app, type, data, stamp)],
    }),
  );
  await relay(new Database(table.client, table.name), app, records);
}
