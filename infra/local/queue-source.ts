/**
 * An event source mapping on a queue. It takes messages, invokes the function batch by batch, deletes the messages of
 * those that succeed, and leaves the others in flight: they come back after the visibility timeout of the queue.
 */
import { LOCAL_REGION } from './aws.ts';
import { AwsError } from './aws-json.ts';
import type { Outcome } from './function-pool.ts';
import { pause } from './pause.ts';
import type { QueueMapping } from './read-queues.ts';
import { isWanted, reportedFailures } from './source-mapping.ts';
import type { Queue, ReceivedMessage } from './sqs/queue.ts';
import { attributesOf, md5, POLL_INTERVAL } from './sqs/service.ts';
import type { Json } from './template.ts';

/** Invocations that run at the same time, at most. Lambda starts with as many, and adds more under load. */
const CONCURRENCY = 5;

export interface QueueSourceOptions {
  mapping: QueueMapping;
  queue: Queue;
  invoke(event: Json): Promise<Outcome>;
}

/** Starts taking messages. `close` stops it without waiting for invocations, whose messages stay in the queue. */
export function startQueueSource({ mapping, queue, invoke }: QueueSourceOptions): { close(): Promise<void> } {
  const stop = new AbortController();

  /** Up to a full batch, which is complete when the window since its first message has passed. */
  const nextBatch = async (): Promise<ReceivedMessage[]> => {
    const batch: ReceivedMessage[] = [];
    while (!stop.signal.aborted) {
      // As in the API, no more than ten at a time.
      const received = queue.receive(Math.min(10, mapping.batchSize - batch.length));
      batch.push(...received);
      const waited = Date.now() - (batch[0]?.receivedAt ?? Date.now());
      if (batch.length === mapping.batchSize || (batch.length > 0 && waited >= mapping.window)) return batch;
      if (received.length === 0) await pause(POLL_INTERVAL, stop.signal);
    }
    return [];
  };

  const deliver = async (batch: ReceivedMessage[]) => {
    const records = batch.map((message) => toLambdaRecord(message, queue));
    // Messages that match no pattern are deleted, too.
    const wanted = records.filter((record) => isWanted(asMatched(record), mapping));
    const outcome = wanted.length > 0 ? await invoke({ Records: wanted }) : undefined;
    const failed = outcome ? failuresOf(wanted, outcome, mapping) : new Set();
    for (const { messageId, receiptHandle } of records) {
      if (failed.has(messageId)) continue;
      try {
        queue.delete(receiptHandle);
      } catch (error) {
        // The invocation took longer than the visibility timeout. The message is delivered again.
        if (!(error instanceof AwsError)) throw error;
      }
    }
  };

  const work = async () => {
    while (!stop.signal.aborted) {
      const batch = await nextBatch();
      if (batch.length > 0) await deliver(batch);
    }
  };
  for (let worker = 0; worker < Math.min(mapping.maximumConcurrency ?? CONCURRENCY, CONCURRENCY); worker++) {
    work().catch((error) => console.error(`Reading the queue ${mapping.queueArn} failed:`, error));
  }
  return { close: async () => stop.abort() };
}

/** Ids of the messages that must be delivered again. */
function failuresOf(records: Json[], outcome: Outcome, mapping: QueueMapping): Set<string> {
  const all = records.map(({ messageId }) => messageId);
  if (!outcome.ok) return new Set(all);
  const ids = reportedFailures(outcome, mapping);
  // An identifier of no message in the batch means that the whole batch failed.
  return new Set(ids.every((id) => all.includes(id)) ? ids : all);
}

/** The record as patterns see it: a body that is JSON as an object. */
function asMatched(record: Json): Json {
  try {
    return { ...record, body: JSON.parse(record.body) };
  } catch {
    return record;
  }
}

/** The record as Lambda passes it to functions: https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html */
const toLambdaRecord = (message: ReceivedMessage, { definition }: Queue): Json => ({
  messageId: message.id,
  receiptHandle: message.receipt,
  body: message.body,
  attributes: attributesOf(message),
  messageAttributes: {},
  md5OfBody: md5(message.body),
  eventSource: 'aws:sqs',
  eventSourceARN: definition.arn,
  awsRegion: LOCAL_REGION,
});
