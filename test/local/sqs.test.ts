import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  ChangeMessageVisibilityCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  type Message,
  PurgeQueueCommand,
  ReceiveMessageCommand,
  type ReceiveMessageCommandInput,
  SendMessageBatchCommand,
  SendMessageCommand,
  type SendMessageCommandInput,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createJsonServer } from '../../infra/local/aws-json.ts';
import type { FunctionDefinition } from '../../infra/local/deployment.ts';
import { createAuthorizer } from '../../infra/local/iam/authorizer.ts';
import { closeServer, listen } from '../../infra/local/listen.ts';
import { Queue } from '../../infra/local/sqs/queue.ts';
import { sqsService } from '../../infra/local/sqs/service.ts';
import { FIFO, queueDefinition, STANDARD } from './queue-definition.ts';

const folder = mkdtempSync(join(tmpdir(), 'sqs-test-'));
afterAll(() => rmSync(folder, { recursive: true }));

const SECOND = 1000;
let clock: number;
const server = createJsonServer();
let endpoint: string;
let client: SQSClient;
beforeAll(async () => {
  endpoint = await listen(server.server);
  client = clientOf('local');
});
afterAll(async () => {
  client.destroy();
  await closeServer(server.server);
});
const clientOf = (accessKeyId: string) =>
  new SQSClient({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId, secretAccessKey: 'local' },
    maxAttempts: 1,
  });

/** Serves the queues, whose messages are kept in `folder`. */
function serve(...definitions: Parameters<typeof queueDefinition>) {
  const queues = new Map<string, Queue>();
  for (const definition of [FIFO, STANDARD, queueDefinition(...definitions)]) {
    const file = join(folder, `${definition.name}.ndjson`);
    queues.set(definition.arn, new Queue(definition, { file, now: () => clock, queueOf: (arn) => queues.get(arn) }));
  }
  const caller = {
    name: 'f',
    accessKeyId: 'ASIAF',
    role: {
      name: 'FRole',
      unreadable: [],
      statements: [{ Effect: 'Allow', Action: 'sqs:SendMessage', Resource: STANDARD.arn }],
    },
  } as unknown as FunctionDefinition;
  server.serve({
    credentials: (key) => (['local', 'ASIAF'].includes(key) ? { secretAccessKey: 'local' } : undefined),
    refusal: createAuthorizer([caller]).refusal,
    services: { AmazonSQS: sqsService(queues, endpoint) },
  });
}
beforeEach(() => {
  clock = Date.now();
  serve();
});
afterEach(() => {
  for (const name of ['fifo.fifo', 'standard', 'other']) rmSync(join(folder, `${name}.ndjson`), { force: true });
});

const urlOf = (name: string) => `${endpoint}/000000000000/${name}`;
const [fifoUrl, standardUrl] = [() => urlOf('fifo.fifo'), () => urlOf('standard')];
const send = (QueueUrl: string, MessageBody: string, more: Partial<SendMessageCommandInput> = {}) =>
  client.send(new SendMessageCommand({ QueueUrl, MessageBody, ...more }));
/** To the FIFO queue; the deduplication id is the body. */
const sendTo = (MessageGroupId: string, ...bodies: string[]) =>
  bodies.reduce<Promise<unknown>>(
    (before, body) => before.then(() => send(fifoUrl(), body, { MessageGroupId, MessageDeduplicationId: body })),
    Promise.resolve(),
  );
const receive = async (QueueUrl: string, more: Partial<ReceiveMessageCommandInput> = {}): Promise<Message[]> => {
  const parameters = { QueueUrl, MaxNumberOfMessages: 10, MessageSystemAttributeNames: ['All' as const], ...more };
  return (await client.send(new ReceiveMessageCommand(parameters))).Messages ?? [];
};
const bodiesOf = (messages: Message[]) => messages.map(({ Body }) => Body);
const remove = (QueueUrl: string, { ReceiptHandle }: Message) =>
  client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
const setVisibility = (QueueUrl: string, { ReceiptHandle }: Message, VisibilityTimeout: number) =>
  client.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout }));

describe('a standard queue', () => {
  it('a message that is received is in flight until its visibility timeout, then it comes back', async () => {
    await send(standardUrl(), 'ü');
    const [first] = await receive(standardUrl());
    expect(first).toMatchObject({
      Body: 'ü',
      Attributes: {
        ApproximateReceiveCount: '1',
        SentTimestamp: String(clock),
        ApproximateFirstReceiveTimestamp: String(clock),
        SenderId: 'local',
      },
    });
    clock += 30 * SECOND - 1;
    expect(await receive(standardUrl())).toEqual([]);
    clock += 1;
    const [again] = await receive(standardUrl());
    expect(again).toMatchObject({ MessageId: first?.MessageId, Attributes: { ApproximateReceiveCount: '2' } });
    expect(again?.ReceiptHandle).not.toBe(first?.ReceiptHandle);
    await remove(standardUrl(), first!);
    clock += 30 * SECOND;
    const [kept] = await receive(standardUrl());
    expect(kept, 'an old receipt handle deletes nothing').toMatchObject({ Body: 'ü' });
    await remove(standardUrl(), kept!);
    await remove(standardUrl(), kept!);
    clock += 30 * SECOND;
    expect(await receive(standardUrl())).toEqual([]);
  });

  it('the visibility timeout can be changed to zero and to twelve hours in all', async () => {
    await send(standardUrl(), 'a');
    const [message] = await receive(standardUrl());
    clock += 10 * SECOND;
    await expect(setVisibility(standardUrl(), message!, 12 * 3600)).rejects.toThrow(
      'Total VisibilityTimeout for the message is beyond the limit [43200 seconds]',
    );
    await setVisibility(standardUrl(), message!, 12 * 3600 - 10);
    clock += 11 * 3600 * SECOND;
    expect(await receive(standardUrl())).toEqual([]);
    await setVisibility(standardUrl(), message!, 0);
    await expect(setVisibility(standardUrl(), message!, 5)).rejects.toMatchObject({ name: 'MessageNotInflight' });
    expect(bodiesOf(await receive(standardUrl(), { VisibilityTimeout: 0 }))).toEqual(['a']);
    expect(bodiesOf(await receive(standardUrl()))).toEqual(['a']);
  });

  it('a delayed message is not received before its time', async () => {
    await send(standardUrl(), 'a', { DelaySeconds: 900 });
    clock += 899 * SECOND;
    expect(await receive(standardUrl())).toEqual([]);
    clock += SECOND;
    expect(bodiesOf(await receive(standardUrl()))).toEqual(['a']);
  });

  it('a message is dropped after the retention period', async () => {
    await send(standardUrl(), 'a');
    clock += 345_600 * SECOND;
    expect(await receive(standardUrl())).toEqual([]);
  });

  it('a receive can wait for a message', async () => {
    const waiting = receive(standardUrl(), { WaitTimeSeconds: 20 });
    await send(standardUrl(), 'a');
    expect(bodiesOf(await waiting)).toEqual(['a']);
  });

  it('the attributes count the messages', async () => {
    for (const body of ['a', 'b', 'c']) await send(standardUrl(), body, { DelaySeconds: body === 'c' ? 9 : 0 });
    await receive(standardUrl(), { MaxNumberOfMessages: 1 });
    const { Attributes } = await client.send(
      new GetQueueAttributesCommand({ QueueUrl: standardUrl(), AttributeNames: ['All'] }),
    );
    expect(Attributes).toEqual({
      QueueArn: STANDARD.arn,
      ApproximateNumberOfMessages: '1',
      ApproximateNumberOfMessagesNotVisible: '1',
      ApproximateNumberOfMessagesDelayed: '1',
      VisibilityTimeout: '30',
      MessageRetentionPeriod: '345600',
      DelaySeconds: '0',
      MaximumMessageSize: '1048576',
      ReceiveMessageWaitTimeSeconds: '0',
    });
    await client.send(new PurgeQueueCommand({ QueueUrl: standardUrl() }));
    clock += 60 * SECOND;
    expect(await receive(standardUrl())).toEqual([]);
  });

  it('a message that was received too often moves to the dead-letter queue', async () => {
    serve({ name: 'other', redrive: { queueArn: STANDARD.arn, maxReceiveCount: 2 } });
    const { MessageId } = await send(urlOf('other'), 'poison');
    for (let time = 0; time < 2; time++) {
      expect(bodiesOf(await receive(urlOf('other')))).toEqual(['poison']);
      clock += 30 * SECOND;
    }
    expect(await receive(standardUrl())).toEqual([]);
    expect(await receive(urlOf('other'))).toEqual([]);
    const arn = queueDefinition({ name: 'other' }).arn;
    expect(await receive(standardUrl())).toMatchObject([
      { Body: 'poison', MessageId, Attributes: { DeadLetterQueueSourceArn: arn } },
    ]);
  });
});

describe('a FIFO queue', () => {
  it('no message of a group is received while an earlier one is in flight; other groups are', async () => {
    await sendTo('A', 'a1', 'a2');
    expect(bodiesOf(await receive(fifoUrl(), { MaxNumberOfMessages: 1 }))).toEqual(['a1']);
    await sendTo('B', 'b1');
    await sendTo('A', 'a3');
    const [b1, ...more] = await receive(fifoUrl());
    expect([b1?.Body, more]).toEqual(['b1', []]);
    clock += 30 * SECOND;
    const [a1, ...rest] = await receive(fifoUrl(), { MaxNumberOfMessages: 2 });
    expect(bodiesOf([a1!, ...rest]), 'a message that comes back is still the first').toEqual(['a1', 'a2']);
    await remove(fifoUrl(), a1!);
    expect(bodiesOf(await receive(fifoUrl())), 'a2 is in flight').toEqual(['b1']);
  });

  it('a receive gives as many messages of one group as it can, then those of the next', async () => {
    await sendTo('A', 'a1');
    await sendTo('B', 'b1');
    await sendTo('A', 'a2');
    const messages = await receive(fifoUrl());
    expect(bodiesOf(messages)).toEqual(['a1', 'a2', 'b1']);
    const numbers = messages.map(({ Attributes }) => Attributes!.SequenceNumber!);
    expect(numbers[0]! < numbers[2]! && numbers[2]! < numbers[1]!, 'sequence numbers tell the order').toBe(true);
    expect(messages[0]?.Attributes).toMatchObject({ MessageGroupId: 'A', MessageDeduplicationId: 'a1' });
  });

  it('a message that is made visible at once comes back before those behind it', async () => {
    await sendTo('A', 'a1', 'a2');
    const [a1] = await receive(fifoUrl(), { MaxNumberOfMessages: 1 });
    await setVisibility(fifoUrl(), a1!, 0);
    expect(bodiesOf(await receive(fifoUrl()))).toEqual(['a1', 'a2']);
  });

  it('a deduplication id counts for five minutes, also after its message was deleted', async () => {
    const first = await send(fifoUrl(), 'a', { MessageGroupId: 'A', MessageDeduplicationId: 'x' });
    await remove(fifoUrl(), (await receive(fifoUrl()))[0]!);
    clock += 300 * SECOND - 1;
    const again = await send(fifoUrl(), 'b', { MessageGroupId: 'B', MessageDeduplicationId: 'x' });
    expect(again).toMatchObject({ MessageId: first.MessageId, SequenceNumber: first.SequenceNumber });
    expect(await receive(fifoUrl())).toEqual([]);
    clock += 1;
    await send(fifoUrl(), 'b', { MessageGroupId: 'B', MessageDeduplicationId: 'x' });
    expect(bodiesOf(await receive(fifoUrl()))).toEqual(['b']);
  });

  it('a queue may deduplicate by content and by group', async () => {
    serve({ name: 'other.fifo', fifo: true, deduplicatesByContent: true, deduplicatesByGroup: true });
    for (const MessageGroupId of ['A', 'A', 'B']) await send(urlOf('other.fifo'), 'same', { MessageGroupId });
    expect(bodiesOf(await receive(urlOf('other.fifo')))).toEqual(['same', 'same']);
    rmSync(join(folder, 'other.fifo.ndjson'));
  });

  it('a receipt handle expires with the visibility timeout, and with the next receipt', async () => {
    await sendTo('A', 'a1');
    const [first] = await receive(fifoUrl());
    clock += 30 * SECOND;
    const expired = { message: expect.stringContaining('Reason: The receipt handle has expired.') };
    await expect(remove(fifoUrl(), first!)).rejects.toMatchObject(expired);
    const [second] = await receive(fifoUrl());
    await expect(remove(fifoUrl(), first!)).rejects.toMatchObject(expired);
    await expect(setVisibility(fifoUrl(), first!, 9)).rejects.toMatchObject(expired);
    await remove(fifoUrl(), second!);
    await remove(fifoUrl(), second!);
  });
});

describe('between runs', () => {
  it('messages, receipts and deduplication ids are kept', async () => {
    await sendTo('A', 'a1', 'a2', 'a3');
    const [a1] = await receive(fifoUrl(), { MaxNumberOfMessages: 1 });
    await remove(fifoUrl(), a1!);
    const [a2] = await receive(fifoUrl(), { MaxNumberOfMessages: 1 });
    for (let restart = 0; restart < 2; restart++) serve();
    await sendTo('A', 'a1');
    expect(await receive(fifoUrl()), 'a2 is in flight').toEqual([]);
    await remove(fifoUrl(), a2!);
    expect(bodiesOf(await receive(fifoUrl()))).toEqual(['a3']);
  });
});

describe('bad calls', () => {
  it.each<[string, Partial<SendMessageCommandInput>, string, string]>([
    [
      'standard',
      { MessageBody: 'x'.repeat(1_048_577) },
      'InvalidParameterValue',
      'Message must be shorter than 1048576',
    ],
    ['standard', { MessageBody: '\0' }, 'InvalidMessageContents', 'Invalid binary character'],
    ['standard', { MessageBody: '' }, 'MissingParameter', 'must contain the parameter MessageBody'],
    ['standard', { DelaySeconds: 901 }, 'InvalidParameterValue', 'Must be between 0 and 900'],
    ['standard', { MessageDeduplicationId: 'x' }, 'InvalidParameterValue', 'not valid for this queue type'],
    ['fifo.fifo', {}, 'MissingParameter', 'must contain the parameter MessageGroupId'],
    ['fifo.fifo', { MessageGroupId: 'A' }, 'InvalidParameterValue', 'MessageDeduplicationId provided explicitly'],
    [
      'fifo.fifo',
      { MessageGroupId: 'a b', MessageDeduplicationId: 'x' },
      'InvalidParameterValue',
      '1 to 128 in length',
    ],
    ['fifo.fifo', { MessageGroupId: 'A', DelaySeconds: 1 }, 'InvalidParameterValue', 'not valid for this queue type'],
    ['absent', {}, 'AWS.SimpleQueueService.NonExistentQueue', 'The specified queue does not exist'],
  ])('a message that SQS refuses is refused with its code: %s %#', async (name, more, Code, sentence) => {
    const error = await send(urlOf(name), 'x', more).catch((thrown) => thrown);
    expect(error).toMatchObject({ Code, message: expect.stringContaining(sentence), $fault: 'client' });
  });

  it('a receipt handle that no queue gave is refused', async () => {
    const error = await remove(standardUrl(), { ReceiptHandle: 'x' }).catch((thrown) => thrown);
    expect(error.name).toBe('ReceiptHandleIsInvalid');
  });

  it('an entry of a batch fails alone', async () => {
    const Entries = [
      { Id: 'good', MessageBody: 'x', MessageGroupId: 'A', MessageDeduplicationId: 'x' },
      { Id: 'bad', MessageBody: 'y' },
    ];
    const sent = await client.send(new SendMessageBatchCommand({ QueueUrl: fifoUrl(), Entries }));
    expect(sent.Successful).toMatchObject([{ Id: 'good', SequenceNumber: expect.stringMatching(/^\d{20}$/) }]);
    expect(sent.Failed).toMatchObject([{ Id: 'bad', SenderFault: true, Code: 'MissingParameter' }]);
    const [{ ReceiptHandle } = {}] = await receive(fifoUrl());
    const removed = await client.send(
      new DeleteMessageBatchCommand({ QueueUrl: fifoUrl(), Entries: [{ Id: 'a', ReceiptHandle }] }),
    );
    expect(removed.Successful).toEqual([{ Id: 'a' }]);
  });

  it.each([
    [[], 'EmptyBatchRequest'],
    [Array.from({ length: 11 }, (_, index) => ({ Id: `${index}`, MessageBody: 'x' })), 'TooManyEntriesInBatchRequest'],
    [['a', 'a'].map((Id) => ({ Id, MessageBody: 'x' })), 'BatchEntryIdsNotDistinct'],
    [[{ Id: '?', MessageBody: 'x' }], 'InvalidBatchEntryId'],
    [['a', 'b'].map((Id) => ({ Id, MessageBody: 'x'.repeat(600_000) })), 'BatchRequestTooLong'],
  ])('a batch that SQS refuses is refused with its code %#', async (Entries, name) => {
    const batch = new SendMessageBatchCommand({ QueueUrl: standardUrl(), Entries });
    await expect(client.send(batch)).rejects.toMatchObject({ name });
  });

  it('a function may do what its role allows and nothing else', async () => {
    const caller = clientOf('ASIAF');
    await caller.send(new SendMessageCommand({ QueueUrl: standardUrl(), MessageBody: 'x' }));
    const elsewhere = new SendMessageCommand({ QueueUrl: fifoUrl(), MessageBody: 'x' });
    await expect(caller.send(elsewhere)).rejects.toMatchObject({
      Code: 'AccessDenied',
      message:
        'User: arn:aws:sts::000000000000:assumed-role/FRole/f is not authorized to perform: sqs:sendmessage on ' +
        `resource: ${FIFO.arn} because no identity-based policy allows the sqs:sendmessage action`,
    });
    caller.destroy();
    const stranger = clientOf('ASIAX');
    await expect(stranger.send(elsewhere)).rejects.toMatchObject({ Code: 'InvalidClientTokenId' });
    stranger.destroy();
  });

  it('a queue has its URL on this server', async () => {
    const { QueueUrl } = await client.send(new GetQueueUrlCommand({ QueueName: 'standard' }));
    expect(QueueUrl).toBe(standardUrl());
  });
});
