import { variable } from '../aws-signing.ts';
import { Patience } from '../deadline.ts';
import { IMPORT_QUEUE_URL, WEBHOOK_QUEUE_URL } from '../environment.ts';
import { FAULTS, request, SQS } from './requests.ts';

/** The FIFO queues of webhooks and of imports. */

export interface QueueMessage {
  body: string;
  /** Messages of one group come one after the other, in the order in which they were sent. */
  group: string;
  /** A message that was sent within the last five minutes is not sent again. */
  deduplicationId: string;
}

/** A batch holds ten messages, and 1 MiB of them: ten of the largest have a seventh of that. */
const AT_ONCE = 10;

type Operation = 'SendMessageBatch' | 'ChangeMessageVisibilityBatch';
interface BatchResult {
  Failed?: { Id: string; SenderFault?: boolean; Code?: string; Message?: string }[];
}
/** Sends a batch of entries to the queue. */
export type Call = (operation: Operation, entries: readonly object[]) => Promise<BatchResult>;

/** Calls of a function to the queue whose URL an environment variable holds. */
const callTo =
  (url: string): Call =>
  (operation, Entries) =>
    request(SQS, operation, { QueueUrl: variable(url), Entries });
const toWebhooks = /* @__PURE__ */ callTo(WEBHOOK_QUEUE_URL);
export const toImports = /* @__PURE__ */ callTo(IMPORT_QUEUE_URL);

/** Batches that are sent at the same time. */
const SIDE_BY_SIDE = 20;

/** Whether this function was deployed with a queue of webhooks. */
export const hasQueue = (): boolean => process.env[WEBHOOK_QUEUE_URL] !== undefined;

/**
 * Sends messages, those of one group one after the other: a batch may fail in part, and then a later message of a group
 * would come before an earlier one. So each batch has one message of a group.
 * @throws Unavailable where the queue takes them not, Error where it refuses them; some may be in the queue then
 */
export async function sendMessages(messages: readonly QueueMessage[], call: Call = toWebhooks): Promise<void> {
  const groups = [...Map.groupBy(messages, ({ group }) => group).values()];
  const longest = Math.max(0, ...groups.map(({ length }) => length));
  for (let nth = 0; nth < longest; nth++) {
    const round = groups.flatMap((group) => group[nth] ?? []);
    const batches = Array.from({ length: Math.ceil(round.length / AT_ONCE) }, (_, batch) =>
      round.slice(batch * AT_ONCE, (batch + 1) * AT_ONCE),
    );
    for (let from = 0; from < batches.length; from += SIDE_BY_SIDE)
      await Promise.all(batches.slice(from, from + SIDE_BY_SIDE).map((batch) => sendBatch(batch, call)));
  }
}

async function sendBatch(messages: readonly QueueMessage[], call: Call): Promise<void> {
  await inBatch(
    'SendMessageBatch',
    messages.map(({ body, group, deduplicationId }) => ({
      MessageBody: body,
      MessageGroupId: group,
      MessageDeduplicationId: deduplicationId,
    })),
    call,
  );
}

/** @param seconds until the message can be received again */
export async function changeVisibility(
  changes: readonly { receipt: string; seconds: number }[],
  call: Call = toWebhooks,
): Promise<void> {
  if (changes.length === 0) return;
  await inBatch(
    'ChangeMessageVisibilityBatch',
    changes.map(({ receipt, seconds }) => ({ ReceiptHandle: receipt, VisibilityTimeout: seconds })),
    call,
  );
}

/** Sends the entries, and again those that failed through no fault of theirs. */
async function inBatch(operation: Operation, entries: readonly object[], call: Call): Promise<void> {
  const patience = new Patience(FAULTS, 'the queue does not take all messages');
  let pending = entries.map((entry, index) => ({ ...entry, Id: String(index) }));
  for (;;) {
    const { Failed = [] } = await call(operation, pending);
    if (Failed.length === 0) return;
    const refused = Failed.find(({ SenderFault, Code }) => SenderFault && !/Throttl/.test(Code ?? ''));
    if (refused) throw new Error(`the queue refuses ${operation}: ${refused.Code} ${refused.Message}`);
    const failed = new Set(Failed.map(({ Id }) => Id));
    pending = pending.filter(({ Id }) => failed.has(Id));
    await patience.again(Failed[0]);
  }
}
