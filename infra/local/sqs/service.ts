/** The operations of SQS: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_Operations.html */
import { createHash } from 'node:crypto';
import { LOCAL_ACCOUNT, localArn } from '../aws.ts';
import { AwsError, type JsonCall, type JsonService, unknownOperation } from '../aws-json.ts';
import { pause } from '../pause.ts';
import type { Json } from '../template.ts';
import { queueNameOf } from '../template-resources.ts';
import { checkRange, missing, sqsError } from './errors.ts';
import { LONGEST_FLIGHT, type MessageToSend, type Queue, type ReceivedMessage } from './queue.ts';

/** Milliseconds between two looks into an empty queue. */
export const POLL_INTERVAL = 50;
/** Bytes of all messages of a batch. */
const BATCH_LIMIT = 1_048_576;

/** The action of an operation; a batch needs that of its single operation. SQS writes actions in small letters. */
const actionOf = (operation: string): string => `sqs:${operation.replace(/Batch$/, '').toLowerCase()}`;

/** @param endpoint address of the server, with which its queue URLs start */
export function sqsService(queues: ReadonlyMap<string, Queue>, endpoint: string): JsonService {
  return (call) => {
    const { operation, input } = call;
    const perform = Object.hasOwn(OPERATIONS, operation) ? OPERATIONS[operation] : undefined;
    if (!perform) throw unknownOperation(`AmazonSQS.${operation}`);
    const parameter = operation === 'GetQueueUrl' ? 'QueueName' : 'QueueUrl';
    if (!input[parameter]) throw missing(parameter);
    const arn = localArn('sqs', queueNameOf(String(input[parameter])));
    call.authorize(actionOf(operation), arn);
    const queue = queues.get(arn);
    if (!queue) throw sqsError('QueueDoesNotExist', 'The specified queue does not exist.');
    return perform(queue, input, call, endpoint);
  };
}

type Operation = (queue: Queue, input: Json, call: JsonCall, endpoint: string) => Json | Promise<Json>;

const OPERATIONS: Record<string, Operation> = {
  GetQueueUrl: ({ definition }, _input, _call, endpoint) => ({
    QueueUrl: `${endpoint}/${LOCAL_ACCOUNT}/${definition.name}`,
  }),
  SendMessage: (queue, input, { accessKeyId }) => send(queue, input, accessKeyId),
  SendMessageBatch(queue, { Entries }, { accessKeyId }) {
    const size = (Entries ?? []).reduce(
      (sum: number, { MessageBody }: Partial<MessageToSend>) => sum + Buffer.byteLength(MessageBody ?? ''),
      0,
    );
    if (size > BATCH_LIMIT) {
      const message = `Batch requests cannot be longer than ${BATCH_LIMIT} bytes. You have sent ${size} bytes.`;
      throw sqsError('BatchRequestTooLong', message);
    }
    return each('SendMessageBatchRequestEntry', Entries, (entry) => send(queue, entry, accessKeyId));
  },
  async ReceiveMessage(queue, input, { signal }) {
    const { MaxNumberOfMessages: count = 1, VisibilityTimeout, WaitTimeSeconds = queue.definition.waitTime } = input;
    checkRange('MaxNumberOfMessages', count, 1, 10);
    checkRange('VisibilityTimeout', VisibilityTimeout, 0, LONGEST_FLIGHT);
    checkRange('WaitTimeSeconds', WaitTimeSeconds, 0, 20);
    const end = Date.now() + WaitTimeSeconds * 1000;
    let messages = queue.receive(count, VisibilityTimeout);
    while (messages.length === 0 && Date.now() < end && !signal.aborted) {
      await pause(POLL_INTERVAL, signal);
      if (!signal.aborted) messages = queue.receive(count, VisibilityTimeout);
    }
    const wanted: string[] = [...(input.MessageSystemAttributeNames ?? []), ...(input.AttributeNames ?? [])];
    const Messages = messages.map((message) => {
      const all = Object.entries(attributesOf(message));
      const Attributes = Object.fromEntries(all.filter(([name]) => wanted.includes(name) || wanted.includes('All')));
      return {
        MessageId: message.id,
        ReceiptHandle: message.receipt,
        MD5OfBody: md5(message.body),
        Body: message.body,
        ...(wanted.length > 0 && { Attributes }),
      };
    });
    return Messages.length > 0 ? { Messages } : {};
  },
  DeleteMessage: remove,
  DeleteMessageBatch: (queue, { Entries }) =>
    each('DeleteMessageBatchRequestEntry', Entries, (entry) => remove(queue, entry)),
  ChangeMessageVisibility: changeVisibility,
  ChangeMessageVisibilityBatch: (queue, { Entries }) =>
    each('ChangeMessageVisibilityBatchRequestEntry', Entries, (entry) => changeVisibility(queue, entry)),
  GetQueueAttributes(queue, { AttributeNames = [] }) {
    const all = queueAttributes(queue);
    const unknown = AttributeNames.find((name: string) => name !== 'All' && !Object.hasOwn(all, name));
    if (unknown) throw sqsError('InvalidAttributeName', `Unknown Attribute ${unknown}.`);
    const wanted = Object.entries(all).filter(
      ([name, value]) => value !== undefined && (AttributeNames.includes(name) || AttributeNames.includes('All')),
    );
    return { Attributes: Object.fromEntries(wanted.map(([name, value]) => [name, String(value)])) };
  },
  PurgeQueue: (queue) => queue.purge(),
};

function remove(queue: Queue, { ReceiptHandle }: Json) {
  if (!ReceiptHandle) throw missing('ReceiptHandle');
  queue.delete(ReceiptHandle);
}

function changeVisibility(queue: Queue, { ReceiptHandle, VisibilityTimeout }: Json) {
  if (!ReceiptHandle) throw missing('ReceiptHandle');
  if (VisibilityTimeout === undefined) throw missing('VisibilityTimeout');
  queue.changeVisibility(ReceiptHandle, VisibilityTimeout);
}

/** The entries one after the other. An entry that fails does not fail the others. */
function each(kind: string, entries: Json[] = [], perform: (entry: Json) => unknown) {
  if (entries.length === 0) throw sqsError('EmptyBatchRequest', `There should be at least one ${kind} in the request.`);
  if (entries.length > 10) {
    const message = `Maximum number of entries per request are 10. You have sent ${entries.length}.`;
    throw sqsError('TooManyEntriesInBatchRequest', message);
  }
  const ids = entries.map(({ Id }) => Id);
  if (!ids.every((id) => /^[\w-]{1,80}$/.test(id))) {
    throw sqsError(
      'InvalidBatchEntryId',
      'A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.',
    );
  }
  const repeated = ids.find((id, index) => ids.indexOf(id) !== index);
  if (repeated) throw sqsError('BatchEntryIdsNotDistinct', `Id ${repeated} repeated.`);
  const Successful: object[] = [];
  const Failed: object[] = [];
  for (const entry of entries) {
    try {
      Successful.push({ Id: entry.Id, ...(perform(entry) as object | undefined) });
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      Failed.push({ Id: entry.Id, SenderFault: true, Code: error.queryCode, Message: error.message });
    }
  }
  return { Successful, Failed };
}

/** The answer to a repeated message names the earlier one, but has the sum of the body that was sent. */
function send(queue: Queue, entry: MessageToSend, sender: string) {
  const { id, sequenceNumber } = queue.send(entry, sender);
  return {
    MessageId: id,
    MD5OfMessageBody: md5(entry.MessageBody),
    ...(sequenceNumber !== undefined && { SequenceNumber: sequenceNumber }),
  };
}

export const md5 = (text: string): string => createHash('md5').update(text).digest('hex');

/** The system attributes of a message. */
export function attributesOf(message: ReceivedMessage): Record<string, string> {
  const { group, deduplicationId, sequenceNumber, movedFrom } = message;
  return {
    ApproximateReceiveCount: String(message.receiveCount),
    SentTimestamp: String(message.sentAt),
    SenderId: message.sender,
    ApproximateFirstReceiveTimestamp: String(message.firstReceivedAt),
    ...(sequenceNumber !== undefined && { SequenceNumber: sequenceNumber }),
    ...(group !== undefined && { MessageGroupId: group }),
    ...(deduplicationId !== undefined && { MessageDeduplicationId: deduplicationId }),
    ...(movedFrom !== undefined && { DeadLetterQueueSourceArn: movedFrom }),
  };
}

/** Undefined where a queue of its kind has no such attribute. */
function queueAttributes(queue: Queue): Record<string, string | number | boolean | undefined> {
  const { definition: own } = queue;
  const { visible, inFlight, delayed } = queue.counts();
  const ofFifo = <T>(value: T) => (own.fifo ? value : undefined);
  return {
    QueueArn: own.arn,
    ApproximateNumberOfMessages: visible,
    ApproximateNumberOfMessagesNotVisible: inFlight,
    ApproximateNumberOfMessagesDelayed: delayed,
    VisibilityTimeout: own.visibilityTimeout,
    MessageRetentionPeriod: own.retention,
    DelaySeconds: own.delay,
    MaximumMessageSize: own.maximumSize,
    ReceiveMessageWaitTimeSeconds: own.waitTime,
    RedrivePolicy:
      own.redrive &&
      JSON.stringify({ deadLetterTargetArn: own.redrive.queueArn, maxReceiveCount: own.redrive.maxReceiveCount }),
    FifoQueue: ofFifo(true),
    ContentBasedDeduplication: ofFifo(own.deduplicatesByContent),
    DeduplicationScope: ofFifo(own.deduplicatesByGroup ? 'messageGroup' : 'queue'),
  };
}
