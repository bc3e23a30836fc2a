import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { buffer } from 'node:stream/consumers';
import type { Context, SQSEvent } from 'aws-lambda';
import { handler } from '../../functions/background/deliver.ts';
import { LOCAL_ACCOUNT, LOCAL_CREDENTIALS, LOCAL_REGION } from '../../infra/local/aws.ts';
import { AwsError, createJsonServer, type JsonService } from '../../infra/local/aws-json.ts';
import type { FunctionDefinition } from '../../infra/local/deployment.ts';
import { putEventsService } from '../../infra/local/event-bus/put-events.ts';
import { invokeService } from '../../infra/local/invoke.ts';
import { closeServer, listen } from '../../infra/local/listen.ts';
import { Queue, type QueueDefinition } from '../../infra/local/sqs/queue.ts';
import { attributesOf, sqsService } from '../../infra/local/sqs/service.ts';
import type { Json } from '../../infra/local/template.ts';
import { importQueueNameOf, refreshFunctionNameOf, webhookQueueNameOf } from '../../infra/names.ts';
import { BUS_NAME, IMPORT_QUEUE_URL, REFRESH_FUNCTION, WEBHOOK_QUEUE_URL } from '../../shared/environment.ts';
import { serve } from './server.ts';

/** The queues of webhooks and of imports as the templates have them. */
const definition = (name: string): QueueDefinition => ({
  name,
  arn: `arn:aws:sqs:${LOCAL_REGION}:${LOCAL_ACCOUNT}:${name}`,
  fifo: true,
  visibilityTimeout: 360,
  retention: 14 * 86_400,
  delay: 0,
  maximumSize: 1_048_576,
  waitTime: 0,
  deduplicatesByContent: false,
  deduplicatesByGroup: true,
  redrive: undefined,
});
const DEFINITION = definition(webhookQueueNameOf('local'));
const IMPORTS = definition(importQueueNameOf('local'));

export const newQueue = (now?: () => number) => new Queue(DEFINITION, now && { now });

/** The queue and the bus of a test, for what runs in this process. */
export class TestMessaging {
  readonly queue: Queue;
  readonly imports = new Queue(IMPORTS);
  /** What the bus got. */
  readonly published: Json[] = [];
  /** Events with which functions were invoked. */
  readonly invoked: Json[] = [];
  /** Refuses a request: the name of an error of the service, or `fail` for entries of a batch. Set by tests. */
  trouble: ((operation: string, input: Json) => 'throttled' | 'refused' | number[] | undefined) | undefined;
  readonly #close: () => Promise<unknown>;

  constructor(queue: Queue, close: () => Promise<unknown>) {
    this.queue = queue;
    this.#close = close;
  }

  static async start(now?: () => number): Promise<TestMessaging> {
    const { server, serve } = createJsonServer();
    const endpoint = await listen(server);
    server.unref();
    const before = { ...process.env };
    const messaging = new TestMessaging(newQueue(now), async () => {
      for (const name of Object.keys(variables)) {
        if (before[name] === undefined) delete process.env[name];
        else process.env[name] = before[name];
      }
      await closeServer(server);
    });
    const troubled =
      (service: JsonService): JsonService =>
      async (call) => {
        const trouble = messaging.trouble?.(call.operation, call.input);
        if (trouble === 'throttled') throw new AwsError('com.amazonaws#ThrottlingException', 'slow down');
        if (trouble === 'refused') throw new AwsError('com.amazonaws#AccessDeniedException', 'not you');
        if (!trouble) return service(call);
        const entries: Json[] = call.input.Entries;
        const left = entries.filter((_, index) => !trouble.includes(index));
        const answer = left.length > 0 ? await service({ ...call, input: { ...call.input, Entries: left } }) : {};
        if (call.operation === 'PutEvents')
          return {
            FailedEntryCount: trouble.length,
            Entries: entries.map((_, index) =>
              trouble.includes(index) ? { ErrorCode: 'InternalFailure' } : { EventId: randomUUID() },
            ),
          };
        const Failed = trouble.flatMap((index) =>
          entries[index] ? [{ Id: entries[index].Id, SenderFault: false, Code: 'InternalError' }] : [],
        );
        return { Successful: [], ...(answer as Json), Failed };
      };
    const buses = { publish: (_: string, event: Json) => void messaging.published.push(event) };
    const refresh = { name: refreshFunctionNameOf('local'), arn: '' } as FunctionDefinition;
    serve({
      credentials: () => LOCAL_CREDENTIALS,
      services: {
        AmazonSQS: troubled(
          sqsService(
            new Map([
              [DEFINITION.arn, messaging.queue],
              [IMPORTS.arn, messaging.imports],
            ]),
            endpoint,
          ),
        ),
        AWSEvents: troubled(putEventsService(buses)),
        Lambda: troubled(invokeService([refresh], (_, event) => messaging.invoked.push(event))),
      },
    });
    const variables = {
      AWS_ENDPOINT_URL_SQS: endpoint,
      AWS_ENDPOINT_URL_EVENTBRIDGE: endpoint,
      AWS_ENDPOINT_URL_LAMBDA: endpoint,
      [REFRESH_FUNCTION]: refresh.name,
      [WEBHOOK_QUEUE_URL]: `${endpoint}/${LOCAL_ACCOUNT}/${DEFINITION.name}`,
      [IMPORT_QUEUE_URL]: `${endpoint}/${LOCAL_ACCOUNT}/${IMPORTS.name}`,
      [BUS_NAME]: 'roster-test',
      AWS_REGION: LOCAL_REGION,
      AWS_ACCESS_KEY_ID: LOCAL_CREDENTIALS.accessKeyId,
      AWS_SECRET_ACCESS_KEY: LOCAL_CREDENTIALS.secretAccessKey,
    };
    Object.assign(process.env, variables);
    return messaging;
  }

  /** Bodies of all messages that can be received, without taking them. */
  waiting(): Json[] {
    return this.queue.receive(1000, 0).map(({ body }) => JSON.parse(body));
  }

  /** Hands what can be received to the function that delivers, as Lambda does. @returns how many it was handed */
  async deliver(): Promise<number> {
    const messages = this.queue.receive(10);
    if (messages.length === 0) return 0;
    const Records = messages.map((message) => ({
      messageId: message.id,
      receiptHandle: message.receipt,
      body: message.body,
      attributes: attributesOf(message),
    }));
    const context = { awsRequestId: randomUUID(), getRemainingTimeInMillis: () => 60_000 } as Context;
    const { batchItemFailures } = await handler({ Records } as unknown as SQSEvent, context);
    const failed = new Set(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
    for (const { id, receipt } of messages) if (!failed.has(id)) this.queue.delete(receipt);
    return messages.length;
  }

  close = () => this.#close();
}

export interface ReceivedWebhook {
  path: string;
  headers: IncomingMessage['headers'];
  body: string;
}

/** A server of a customer. `answer` decides how it answers a request; default: 204. */
export async function startReceiver(
  answer?: (request: ReceivedWebhook) => { status: number; body?: string } | undefined,
) {
  const received: ReceivedWebhook[] = [];
  const { origin, close } = await serve(async (incoming, response) => {
    const request = { path: incoming.url!, headers: incoming.headers, body: (await buffer(incoming)).toString() };
    const { status, body = '' } = answer?.(request) ?? { status: 204 };
    received.push(request);
    response.writeHead(status, status === 302 ? { location: 'http://127.0.0.1:9/' } : {}).end(body);
  });
  return { url: `${origin}/hook`, received, close };
}
