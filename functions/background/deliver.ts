import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { Database } from '../../shared/data/database.ts';
import { untilAnswered } from '../../shared/deadline.ts';
import { deliver, type Postponed, type Received } from '../../shared/domain/event/delivery.ts';
import type { Queued } from '../../shared/domain/event/webhook-message.ts';
import { logDeliveries } from '../../shared/http/log.ts';
import { changeVisibility } from '../../shared/messaging/queue-repo.ts';
import { postWebhook } from '../../shared/messaging/webhook-request.ts';
import { onLaptop } from '../../shared/public-address.ts';

/** Milliseconds that are kept to tell the queue which messages come again. */
const RESERVE = 5000;

/**
 * The queue hands out webhooks that are due: ten at most, those of one endpoint and subject in their order. What has
 * failed is kept in the queue for the time until its next attempt, and those behind it with it. A run that fails as a
 * whole comes again when its messages' visibility timeout has passed: endpoints may get an event twice.
 */
export async function handler({ Records }: SQSEvent, context: Context): Promise<SQSBatchResponse> {
  const started = Date.now();
  const db = new Database();
  const left = () => context.getRemainingTimeInMillis() - RESERVE;
  const loopback = onLaptop();
  const logged = { db, started, requestId: context.awsRequestId, messages: Records.length };
  try {
    const postponed = await untilAnswered(AbortSignal.timeout(Math.max(0, left())), () =>
      deliver(
        {
          db,
          now: Date.now,
          left,
          send: (url, headers, body) => postWebhook(url, headers, body, { loopback }),
        },
        Records.map(received),
      ),
    );
    // Where the queue does not take the times, the messages come when their visibility timeout has passed.
    const fault = await changeVisibility(receiptsOf(postponed, Records)).catch((error: Error) => error);
    logDeliveries({ ...logged, postponed: postponed.length, ...(fault && { fault }) });
    return { batchItemFailures: postponed.map(({ messageId }) => ({ itemIdentifier: messageId })) };
  } catch (error) {
    logDeliveries({ ...logged, postponed: Records.length, fault: error as Error });
    throw error;
  }
}

function received({ messageId, body, attributes }: SQSRecord): Received {
  return {
    ...(JSON.parse(body) as Queued),
    messageId,
    group: attributes.MessageGroupId ?? '',
    queuedAt: Number(attributes.SentTimestamp),
    receiveCount: Number(attributes.ApproximateReceiveCount),
  };
}

const receiptsOf = (postponed: readonly Postponed[], records: readonly SQSRecord[]) => {
  const receipts = new Map(records.map(({ messageId, receiptHandle }) => [messageId, receiptHandle]));
  return postponed.map(({ messageId, seconds }) => ({ receipt: receipts.get(messageId) ?? '', seconds }));
};
