/** One queue: what it holds, what of it may be received, and the journal that keeps it between runs. */
import { createHash, randomUUID } from 'node:crypto';
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { StartUpError } from '../start-up.ts';
import { checkRange, invalid, invalidValue, missing, sqsError } from './errors.ts';

/** Milliseconds for which a FIFO queue remembers a deduplication id. */
const DEDUPLICATION_TIME = 5 * 60_000;
/** Seconds for which a message may be in flight after it was received. */
export const LONGEST_FLIGHT = 12 * 3600;

/** A queue of the templates. Times in seconds, size in bytes. */
export interface QueueDefinition {
  name: string;
  arn: string;
  fifo: boolean;
  visibilityTimeout: number;
  retention: number;
  delay: number;
  maximumSize: number;
  waitTime: number;
  deduplicatesByContent: boolean;
  /** False: a deduplication id counts for the whole queue. */
  deduplicatesByGroup: boolean;
  redrive: { queueArn: string; maxReceiveCount: number } | undefined;
}

/** A message as it is kept. Times are milliseconds since 1970. */
export interface Message {
  id: string;
  body: string;
  sender: string;
  sentAt: number;
  /** From when on it may be received. */
  visibleAt: number;
  receiveCount: number;
  firstReceivedAt?: number;
  /** The last time that it was received, and the receipt handle of that. */
  receivedAt?: number;
  receipt?: string;
  group?: string;
  deduplicationId?: string;
  sequenceNumber?: string;
  /** The queue from which it was moved here. */
  movedFrom?: string;
  deletedAt?: number;
}

export type ReceivedMessage = Message & Required<Pick<Message, 'receipt' | 'receivedAt' | 'firstReceivedAt'>>;

/** The parameters of a message to send, as in the API. */
export interface MessageToSend {
  MessageBody: string;
  DelaySeconds?: number;
  MessageGroupId?: string;
  MessageDeduplicationId?: string;
  MessageAttributes?: object;
  MessageSystemAttributes?: object;
}

export interface QueueOptions {
  /** Keeps the messages between runs. */
  file?: string | undefined;
  /** Milliseconds since 1970. */
  now?: () => number;
  /** Another queue by its ARN. */
  queueOf?: (arn: string) => Queue | undefined;
}

export class Queue {
  readonly definition: QueueDefinition;
  readonly #options: QueueOptions;
  readonly #now: () => number;
  /** In the order in which they were sent. */
  readonly #messages = new Map<string, Message>();
  /** The messages of the last five minutes by deduplication id, also deleted ones; the oldest first. */
  readonly #recent = new Map<string, Message>();
  #lastSequenceNumber = 0n;

  constructor(definition: QueueDefinition, options: QueueOptions = {}) {
    this.definition = definition;
    this.#options = options;
    this.#now = options.now ?? Date.now;
    if (options.file && existsSync(options.file)) this.#load(options.file);
  }

  /** @throws AwsError for a message that SQS does not accept */
  send(entry: MessageToSend, sender: string): Message {
    const { MessageBody: body, MessageGroupId: group, DelaySeconds } = entry;
    this.#check(entry);
    const sentAt = this.#now();
    const { fifo, delay } = this.definition;
    const message: Message = {
      id: randomUUID(),
      body,
      sender,
      sentAt,
      visibleAt: sentAt + (DelaySeconds ?? delay) * 1000,
      receiveCount: 0,
      ...(group !== undefined && { group }),
    };
    if (!fifo) return this.#add(message);
    const content = () => createHash('sha256').update(body).digest('hex');
    message.deduplicationId = entry.MessageDeduplicationId ?? content();
    const earlier = this.#recentlySent(message);
    return earlier ?? this.#add({ ...message, sequenceNumber: this.#nextSequenceNumber() });
  }

  /**
   * Up to `count` messages, which stay in flight for `visibility` seconds. A FIFO queue gives the messages of a group in
   * order, as many of one group as it can, and none behind a message that is in flight.
   */
  receive(count: number, visibility = this.definition.visibilityTimeout): ReceivedMessage[] {
    const now = this.#now();
    const { arn, redrive } = this.definition;
    const received: ReceivedMessage[] = [];
    for (const message of this.#receivable(now)) {
      if (received.length === count) break;
      const target = redrive && message.receiveCount >= redrive.maxReceiveCount && redrive.queueArn;
      const deadLetters = target ? this.#options.queueOf?.(target) : undefined;
      if (deadLetters) {
        const { receipt, receivedAt, ...moved } = message;
        this.#remove(message);
        deadLetters.#add({ ...moved, visibleAt: now, movedFrom: arn });
        continue;
      }
      this.#change(message, {
        visibleAt: now + visibility * 1000,
        receiveCount: message.receiveCount + 1,
        firstReceivedAt: message.firstReceivedAt ?? now,
        receivedAt: now,
        receipt: Buffer.from(JSON.stringify([arn, message.id, randomUUID()])).toString('base64'),
      });
      received.push({ ...message } as ReceivedMessage);
    }
    return received;
  }

  /** A standard queue ignores the handle of an earlier receipt. @throws AwsError where a FIFO queue gets one */
  delete(receipt: string) {
    const message = this.#find(receipt);
    if (!message) return;
    const { fifo } = this.definition;
    if (fifo && (message.receipt !== receipt || message.visibleAt <= this.#now())) throw expired(receipt);
    if (message.receipt === receipt) this.#remove(message);
  }

  /** @param seconds from now on @throws AwsError unless the message is in flight by this receipt */
  changeVisibility(receipt: string, seconds: number) {
    checkRange('VisibilityTimeout', seconds, 0, LONGEST_FLIGHT);
    const now = this.#now();
    const message = this.#find(receipt);
    if (message?.receipt !== receipt) {
      if (message && this.definition.fifo) throw expired(receipt);
      throw invalidValue(
        'ReceiptHandle',
        receipt,
        'Message does not exist or is not available for visibility timeout change.',
      );
    }
    if (message.visibleAt <= now) {
      if (this.definition.fifo) throw expired(receipt);
      throw sqsError('MessageNotInflight', 'The specified message is not in flight.');
    }
    if (now + seconds * 1000 > (message.receivedAt ?? now) + LONGEST_FLIGHT * 1000) {
      const reason = `Total VisibilityTimeout for the message is beyond the limit [${LONGEST_FLIGHT} seconds]`;
      throw invalidValue('VisibilityTimeout', seconds, reason);
    }
    this.#change(message, { visibleAt: now + seconds * 1000 });
  }

  purge() {
    for (const message of this.#messages.values()) this.#remove(message);
  }

  /** Numbers of messages. */
  counts(): { visible: number; inFlight: number; delayed: number } {
    const now = this.#now();
    this.#dropOld(now);
    const hidden = [...this.#messages.values()].filter(({ visibleAt }) => visibleAt > now);
    const inFlight = hidden.filter(({ receivedAt }) => receivedAt !== undefined).length;
    return { visible: this.#messages.size - hidden.length, inFlight, delayed: hidden.length - inFlight };
  }

  #check({ MessageBody: body, ...entry }: MessageToSend) {
    const { fifo, maximumSize, deduplicatesByContent } = this.definition;
    const otherType = (parameter: 'DelaySeconds' | 'MessageDeduplicationId') =>
      invalidValue(parameter, entry[parameter], 'The request include parameter that is not valid for this queue type.');
    if (!body) throw missing('MessageBody');
    if (/[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/u.test(body)) {
      throw sqsError('InvalidMessageContents', 'Invalid binary character was found in the message body.');
    }
    if (Buffer.byteLength(body) > maximumSize) {
      throw invalid(`One or more parameters are invalid. Reason: Message must be shorter than ${maximumSize} bytes.`);
    }
    if (Object.keys({ ...entry.MessageAttributes, ...entry.MessageSystemAttributes }).length > 0) {
      throw sqsError('UnsupportedOperation', 'The laptop stack does not keep message attributes.');
    }
    checkRange('DelaySeconds', entry.DelaySeconds, 0, 900);
    if (fifo && entry.DelaySeconds) throw otherType('DelaySeconds');
    if (!fifo && entry.MessageDeduplicationId !== undefined) throw otherType('MessageDeduplicationId');
    if (fifo && !entry.MessageGroupId) throw missing('MessageGroupId');
    for (const parameter of ['MessageGroupId', 'MessageDeduplicationId'] as const) {
      const value = entry[parameter];
      if (value === undefined || /^[!-~]{1,128}$/.test(value)) continue;
      const reason = `${parameter} can only include alphanumeric and punctuation characters. 1 to 128 in length.`;
      throw invalidValue(parameter, value, reason);
    }
    if (fifo && !deduplicatesByContent && entry.MessageDeduplicationId === undefined) {
      throw invalid(
        'The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly',
      );
    }
  }

  *#receivable(now: number): Iterable<Message> {
    this.#dropOld(now);
    if (!this.definition.fifo) {
      for (const message of this.#messages.values()) if (message.visibleAt <= now) yield message;
      return;
    }
    for (const group of Map.groupBy(this.#messages.values(), (message) => message.group).values()) {
      for (const message of group) {
        if (message.visibleAt > now) break;
        yield message;
      }
    }
  }

  #dropOld(now: number) {
    for (const message of this.#messages.values()) {
      if (message.sentAt <= now - this.definition.retention * 1000) this.#remove(message);
    }
  }

  /** The message of a receipt, undefined if it is deleted. */
  #find(receipt: string): Message | undefined {
    try {
      const [arn, id] = JSON.parse(Buffer.from(receipt, 'base64').toString());
      if (arn === this.definition.arn) return this.#messages.get(id);
    } catch {}
    throw sqsError('ReceiptHandleIsInvalid', `The input receipt handle "${receipt}" is not a valid receipt handle.`);
  }

  #nextSequenceNumber(): string {
    const byTime = BigInt(this.#now()) * 100_000n;
    this.#lastSequenceNumber = byTime > this.#lastSequenceNumber ? byTime : this.#lastSequenceNumber + 1n;
    return String(this.#lastSequenceNumber).padStart(20, '1');
  }

  /** A message with the same deduplication id, if one was sent in the last five minutes. Forgets older ones. */
  #recentlySent(message: Message): Message | undefined {
    const since = message.sentAt - DEDUPLICATION_TIME;
    for (const [key, { sentAt }] of this.#recent) {
      if (sentAt > since) break;
      this.#recent.delete(key);
    }
    const earlier = this.#recent.get(this.#deduplicationKey(message));
    // What came from another queue may be older than those before it.
    return earlier && earlier.sentAt > since ? earlier : undefined;
  }

  #deduplicationKey({ deduplicationId, group }: Message): string {
    return JSON.stringify([deduplicationId, this.definition.deduplicatesByGroup ? group : undefined]);
  }

  #add(message: Message): Message {
    this.#insert(message);
    this.#append(message);
    return message;
  }

  #insert(message: Message) {
    this.#messages.set(message.id, message);
    if (!this.definition.fifo) return;
    const key = this.#deduplicationKey(message);
    this.#recent.delete(key);
    this.#recent.set(key, message);
  }

  #change(message: Message, changes: Partial<Message>) {
    Object.assign(message, changes);
    this.#append({ id: message.id, ...changes });
  }

  #remove(message: Message) {
    this.#messages.delete(message.id);
    this.#change(message, { deletedAt: this.#now() });
  }

  #append(line: Partial<Message>) {
    if (this.#options.file) appendFileSync(this.#options.file, `${JSON.stringify(line)}\n`);
  }

  /** Reads the journal, whose later lines change earlier ones, and writes it anew without the messages that are gone. */
  #load(file: string) {
    const known = new Map<string, Message>();
    // A run that was killed may have left a part of a line at the end.
    const [, ...lines] = readFileSync(file, 'utf8').split('\n').reverse();
    for (const line of lines.reverse()) {
      try {
        const message = JSON.parse(line);
        known.set(message.id, Object.assign(known.get(message.id) ?? {}, message));
      } catch (error) {
        throw new StartUpError(`${file} cannot be read. Move it away: ${(error as Error).message}.`);
      }
    }
    const since = this.#now() - DEDUPLICATION_TIME;
    const kept = [...known.values()].filter(({ deletedAt, sentAt }) => deletedAt === undefined || sentAt > since);
    for (const message of kept) {
      this.#insert(message);
      if (message.deletedAt !== undefined) this.#messages.delete(message.id);
    }
    writeFileSync(file, kept.map((message) => `${JSON.stringify(message)}\n`).join(''));
  }
}

const expired = (receipt: string) => invalidValue('ReceiptHandle', receipt, 'The receipt handle has expired.');
