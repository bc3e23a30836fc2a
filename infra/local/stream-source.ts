/**
 * An event source mapping on a table's stream. It reads the stream of DynamoDB Local, filters the records, and invokes
 * the function batch by batch, in order, with the window, retries, bisecting and partial failures that the template
 * defines. A parallelization factor allows more than one invocation per shard, but promises none: here one runs at a time.
 */
import { isDeepStrictEqual } from 'node:util';
import { type AttributeValue, DescribeTableCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  DescribeStreamCommand,
  DynamoDBStreamsClient,
  GetRecordsCommand,
  GetShardIteratorCommand,
  type GetShardIteratorCommandInput,
  type Shard,
  type _Record as StreamRecord,
  TrimmedDataAccessException,
} from '@aws-sdk/client-dynamodb-streams';
import { LOCAL_CREDENTIALS, LOCAL_REGION } from './aws.ts';
import type { StreamMapping } from './deployment.ts';
import type { Outcome } from './function-pool.ts';
import { pause } from './pause.ts';
import { isWanted, reportedFailures } from './source-mapping.ts';
import type { Json } from './template.ts';

/** Milliseconds before the next read of a stream that had no new records. */
const POLL_INTERVAL = 200;
/** Milliseconds between two searches for new shards. DynamoDB Local starts one every few hours. */
const SHARD_INTERVAL = 10_000;

export interface StreamSourceOptions {
  mapping: StreamMapping;
  client: DynamoDBClient;
  endpoint: string;
  invoke(event: Json): Promise<Outcome>;
  /** Receives the records of a batch that failed in all attempts. */
  onDiscard(discarded: DiscardedBatch): void;
  /** The last sequence number that was delivered, by shard. Kept between runs together with the data. */
  position: { load(): Record<string, string>; save(position: Record<string, string>): void };
  /** Milliseconds before the first retry. They double with each retry, up to 50 times the first. */
  retryDelay?: number;
}

export interface DiscardedBatch {
  records: Json[];
  shardId: string;
  attempts: number;
  /** Of the last attempt. */
  outcome: Outcome;
}

/** Starts reading; `close` stops it and waits for the batch in progress. */
export function startStreamSource(options: StreamSourceOptions): { close(): Promise<void> } {
  const { mapping, client, endpoint } = options;
  const stop = new AbortController();
  const streams = new DynamoDBStreamsClient({
    endpoint,
    region: LOCAL_REGION,
    credentials: LOCAL_CREDENTIALS,
  });
  const position = options.position.load();
  const done = (shardId: string, sequenceNumber: string) => {
    position[shardId] = sequenceNumber;
    options.position.save(position);
  };

  /** Reads one shard to its end, or until the signal. */
  const followShard = async (streamArn: string, shardId: string, signal: AbortSignal) => {
    let iterator = await iteratorFor(streamArn, shardId);
    /** Records that wait for a full batch or the end of the window. */
    const waiting: Json[] = [];
    let waitingSince = 0;
    while (iterator && !signal.aborted) {
      const { Records: records = [], NextShardIterator: next } = await streams.send(
        new GetRecordsCommand({ ShardIterator: iterator, Limit: 1000 }),
      );
      const events = records.map((record) => toLambdaRecord(record, mapping.streamArn));
      const wanted = events.filter((event) => isWanted(event, mapping));
      if (waiting.length === 0) waitingSince = Date.now();
      waiting.push(...wanted);
      const isDue = () => waiting.length >= mapping.batchSize || !next || Date.now() - waitingSince >= mapping.window;
      while (waiting.length > 0 && !signal.aborted && isDue()) {
        const batch = waiting.splice(0, mapping.batchSize);
        await deliver(batch, shardId, options, signal);
        if (!signal.aborted) done(shardId, batch.at(-1)!.dynamodb.SequenceNumber);
        waitingSince = Date.now();
      }
      if (!signal.aborted && events.length > 0 && waiting.length === 0)
        done(shardId, events.at(-1)!.dynamodb.SequenceNumber);
      iterator = next;
      if (records.length === 0) await pause(POLL_INTERVAL, signal);
    }
  };

  const iteratorFor = async (streamArn: string, shardId: string): Promise<string | undefined> => {
    const get = async (start: Pick<GetShardIteratorCommandInput, 'ShardIteratorType' | 'SequenceNumber'>) =>
      (await streams.send(new GetShardIteratorCommand({ StreamArn: streamArn, ShardId: shardId, ...start })))
        .ShardIterator;
    const after = position[shardId];
    if (after === undefined) return get({ ShardIteratorType: mapping.startingPosition });
    return get({ ShardIteratorType: 'AFTER_SEQUENCE_NUMBER', SequenceNumber: after }).catch((error) => {
      // The stream keeps records for a day. After a longer pause, reading starts at its oldest record.
      if (error instanceof TrimmedDataAccessException) return get({ ShardIteratorType: 'TRIM_HORIZON' });
      throw error;
    });
  };

  /** Reads all shards, also those that start later, until one fails or the stack stops. */
  const followStream = async () => {
    const { Table: table } = await client.send(new DescribeTableCommand({ TableName: mapping.tableName }));
    const streamArn = table?.LatestStreamArn;
    if (!streamArn) throw new Error(`The table ${mapping.tableName} has no stream.`);
    const failed = new AbortController();
    const signal = AbortSignal.any([stop.signal, failed.signal]);
    const followed = new Map<string, Promise<void>>();
    while (!signal.aborted) {
      for (const { ShardId: id = '', ParentShardId: parent = '' } of await shardsOf(streams, streamArn)) {
        if (followed.has(id)) continue;
        // The records of a child follow those of its parent, so it waits for the parent's end.
        const following = Promise.resolve(followed.get(parent)).then(() => followShard(streamArn, id, signal));
        followed.set(
          id,
          following.catch((error) => failed.abort(error)),
        );
      }
      await pause(SHARD_INTERVAL, signal);
    }
    await Promise.all(followed.values());
    failed.signal.throwIfAborted();
  };

  /** A reader that fails, such as by an expired iterator, starts again from its last position. */
  const running = (async () => {
    while (!stop.signal.aborted) {
      await followStream().catch((error) => {
        if (!stop.signal.aborted) console.error(`Reading the stream of ${mapping.tableName} failed:`, error);
      });
      await pause(1000, stop.signal);
    }
  })();
  return {
    async close() {
      stop.abort();
      await running;
      streams.destroy();
    },
  };
}

/** Invokes the function until the batch is delivered or discarded, or the stack stops. */
async function deliver(
  records: Json[],
  shardId: string,
  options: StreamSourceOptions,
  stop: AbortSignal,
  attempt = 0,
): Promise<void> {
  const { mapping, invoke, onDiscard, retryDelay = 200 } = options;
  let outcome = await invoke({ Records: records });
  while (!stop.aborted) {
    const failedAt = firstFailure(records, outcome, mapping);
    if (failedAt === undefined) return;
    if (mapping.maximumRetryAttempts >= 0 && attempt >= mapping.maximumRetryAttempts) {
      return onDiscard({ records: records.slice(failedAt), shardId, attempts: attempt + 1, outcome });
    }
    attempt += 1;
    records = records.slice(failedAt);
    await pause(retryDelay * Math.min(2 ** (attempt - 1), 50), stop);
    if (stop.aborted) return;
    if (mapping.bisectOnError && !outcome.ok && records.length > 1) {
      const middle = Math.ceil(records.length / 2);
      await deliver(records.slice(0, middle), shardId, options, stop, attempt);
      if (!stop.aborted) await deliver(records.slice(middle), shardId, options, stop, attempt);
      return;
    }
    outcome = await invoke({ Records: records });
  }
}

/** Index of the first record that must be delivered again, or undefined if there is none. */
function firstFailure(records: Json[], outcome: Outcome, mapping: StreamMapping): number | undefined {
  if (!outcome.ok) return 0;
  const identifiers = new Set(reportedFailures(outcome, mapping));
  if (identifiers.size === 0) return undefined;
  // An identifier of no record in the batch means that the whole batch failed.
  return Math.max(
    0,
    records.findIndex(({ dynamodb }) => identifiers.has(dynamodb.SequenceNumber)),
  );
}

/** An image as Lambda passes it to functions: plain JSON, binary in base64. */
export const plainImage = (attributes: Record<string, AttributeValue>) =>
  JSON.parse(
    JSON.stringify(attributes, (name, value) => {
      if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
      // DynamoDB Local loses the type of an empty map or list.
      return name !== 'M' && isDeepStrictEqual(value, {}) ? { M: {} } : value;
    }),
  );

/** The record as Lambda passes it to functions: time in seconds. */
function toLambdaRecord({ dynamodb = {}, userIdentity, ...record }: StreamRecord, streamArn: string): Json {
  return {
    eventID: record.eventID,
    eventName: record.eventName,
    eventVersion: record.eventVersion,
    eventSource: record.eventSource,
    awsRegion: LOCAL_REGION,
    dynamodb: {
      ApproximateCreationDateTime: Math.floor((dynamodb.ApproximateCreationDateTime?.getTime() ?? 0) / 1000),
      Keys: dynamodb.Keys && plainImage(dynamodb.Keys),
      ...(dynamodb.NewImage && { NewImage: plainImage(dynamodb.NewImage) }),
      ...(dynamodb.OldImage && { OldImage: plainImage(dynamodb.OldImage) }),
      SequenceNumber: dynamodb.SequenceNumber,
      SizeBytes: dynamodb.SizeBytes,
      StreamViewType: dynamodb.StreamViewType,
    },
    ...(userIdentity && { userIdentity: { type: userIdentity.Type, principalId: userIdentity.PrincipalId } }),
    eventSourceARN: streamArn,
  };
}

/** All shards of the stream, parents before their children. */
async function shardsOf(streams: DynamoDBStreamsClient, streamArn: string): Promise<Shard[]> {
  const shards: Shard[] = [];
  let from: string | undefined;
  do {
    const page = new DescribeStreamCommand({ StreamArn: streamArn, ...(from && { ExclusiveStartShardId: from }) });
    const { StreamDescription: description } = await streams.send(page);
    shards.push(...(description?.Shards ?? []));
    from = description?.LastEvaluatedShardId;
  } while (from);
  return shards.sort((a, b) => (a.ShardId ?? '').localeCompare(b.ShardId ?? ''));
}
