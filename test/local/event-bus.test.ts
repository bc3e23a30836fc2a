import { EventBridgeClient, PutEventsCommand, type PutEventsRequestEntry } from '@aws-sdk/client-eventbridge';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createJsonServer } from '../../infra/local/aws-json.ts';
import type { FunctionDefinition } from '../../infra/local/deployment.ts';
import { type EventBuses, startEventBuses } from '../../infra/local/event-bus/bus.ts';
import { putEventsService } from '../../infra/local/event-bus/put-events.ts';
import type { EventRule } from '../../infra/local/event-bus/rules.ts';
import { parseSchedule } from '../../infra/local/event-bus/schedule.ts';
import type { Outcome } from '../../infra/local/function-pool.ts';
import { createAuthorizer } from '../../infra/local/iam/authorizer.ts';
import { closeServer, listen } from '../../infra/local/listen.ts';
import { Queue } from '../../infra/local/sqs/queue.ts';
import type { Json } from '../../infra/local/template.ts';
import { STANDARD } from './queue-definition.ts';

const BUS = 'arn:aws:events:us-east-1:000000000000:event-bus/';
const caller = {
  name: 'f',
  accessKeyId: 'ASIAF',
  role: {
    name: 'FRole',
    unreadable: [],
    statements: [{ Effect: 'Allow', Action: 'events:PutEvents', Resource: `${BUS}app` }],
  },
} as unknown as FunctionDefinition;

const server = createJsonServer();
let endpoint: string;
beforeAll(async () => {
  endpoint = await listen(server.server);
});
afterAll(() => closeServer(server.server));

let buses: EventBuses;
let queue: Queue;
let invoked: Json[];
let discarded: Json[];
let failures: number;
beforeEach(() => {
  queue = new Queue(STANDARD);
  [invoked, discarded, failures] = [[], [], 0];
});
afterEach(() => buses.close());

function start(...rules: Partial<EventRule>[]) {
  buses = startEventBuses({
    rules: rules.map((rule, index) => ({
      arn: `rule-${index}`,
      bus: 'app',
      matches: () => true,
      nextRun: undefined,
      targets: [{ to: caller, input: undefined }],
      ...rule,
    })),
    queues: new Map([[STANDARD.arn, queue]]),
    async invoke(_, event) {
      invoked.push(event);
      return { ok: failures-- <= 0 } as Outcome;
    },
    onDiscard: (target, event, outcome, attempts) => discarded.push({ target, event, outcome, attempts }),
    retryDelays: [1, 1],
  });
  server.serve({
    credentials: (key) => (['local', 'ASIAF'].includes(key) ? { secretAccessKey: 's' } : undefined),
    refusal: createAuthorizer([caller]).refusal,
    services: { AWSEvents: putEventsService(buses) },
  });
}

async function put(Entries: PutEventsRequestEntry[], accessKeyId = 'ASIAF') {
  const credentials = { accessKeyId, secretAccessKey: 's' };
  const client = new EventBridgeClient({ endpoint, region: 'us-east-1', credentials, maxAttempts: 1 });
  try {
    return await client.send(new PutEventsCommand({ Entries }));
  } finally {
    client.destroy();
  }
}
const entry = { EventBusName: 'app', Source: 'roster', DetailType: 'user.updated', Detail: '{"a":1}' };

describe('a bus', () => {
  it('an event reaches the functions and queues of the rules of its bus that match it', async () => {
    start(
      { matches: ({ detail }) => detail.a === 1, targets: [{ to: caller, input: undefined }] },
      { targets: [{ to: { queueArn: STANDARD.arn, group: undefined }, input: undefined }] },
      { matches: () => false },
      { bus: 'default' },
    );
    const Time = new Date('2026-02-03T04:05:06Z');
    const { Entries, FailedEntryCount } = await put([{ ...entry, Time, Resources: ['r'] }]);
    expect(FailedEntryCount).toBe(0);
    const event = {
      version: '0',
      id: Entries?.[0]?.EventId,
      'detail-type': 'user.updated',
      source: 'roster',
      account: '000000000000',
      time: '2026-02-03T04:05:06Z',
      region: 'us-east-1',
      resources: ['r'],
      detail: { a: 1 },
    };
    expect(invoked).toEqual([event]);
    expect(queue.receive(10).map(({ body }) => JSON.parse(body))).toEqual([event]);
  });

  it('the input of a target replaces the event', async () => {
    start({ targets: [{ to: caller, input: { own: true } }] });
    await put([{ ...entry, EventBusName: `${BUS}app` }]);
    expect(invoked).toEqual([{ own: true }]);
  });

  it('an event whose function fails is repeated twice, then discarded', async () => {
    start({});
    failures = 2;
    await put([entry]);
    await vi.waitFor(() => expect(invoked).toHaveLength(3));
    failures = 3;
    await put([entry]);
    await vi.waitFor(() => expect(discarded).toMatchObject([{ target: caller, attempts: 3 }]));
    expect(invoked).toHaveLength(6);
  });
});

describe('bad calls', () => {
  it('an entry that is invalid fails alone', async () => {
    start({});
    const { Entries, FailedEntryCount } = await put([
      { ...entry, Source: undefined },
      { ...entry, Detail: '[' },
      { ...entry, Source: 'aws.events' },
      entry,
    ]);
    expect(FailedEntryCount).toBe(3);
    expect(Entries?.map(({ ErrorCode }) => ErrorCode)).toEqual([
      'InvalidArgument',
      'MalformedDetail',
      'NotAuthorizedForSourceException',
      undefined,
    ]);
    expect(invoked).toHaveLength(1);
  });

  it('too many or too large entries are refused', async () => {
    start({});
    for (const entries of [[], Array(11).fill(entry), [{ ...entry, Detail: `{"a":"${'x'.repeat(1024 * 1024)}"}` }]]) {
      await expect(put(entries)).rejects.toMatchObject({ name: 'ValidationException' });
    }
    expect(invoked).toEqual([]);
  });

  it('a function may send events only to the buses of its role', async () => {
    start({ bus: 'default' });
    await expect(put([entry, { ...entry, EventBusName: undefined }])).rejects.toMatchObject({
      name: 'AccessDeniedException',
      message:
        'User: arn:aws:sts::000000000000:assumed-role/FRole/f is not authorized to perform: events:PutEvents on ' +
        `resource: ${BUS}default because no identity-based policy allows the events:PutEvents action`,
    });
    expect(invoked).toEqual([]);
  });
});

describe('schedules', () => {
  const at = (text: string) => Date.parse(`${text}Z`);
  it.each([
    ['rate(1 hour)', '2026-03-01T10:20:30', '2026-03-01T11:20:30'],
    ['rate(5 minutes)', '2026-03-01T10:20:30', '2026-03-01T10:25:30'],
    ['rate(2 days)', '2026-03-01T10:20:30', '2026-03-03T10:20:30'],
    ['cron(0 3 * * ? *)', '2026-03-01T03:00:00', '2026-03-02T03:00:00'],
    ['cron(0/15 * * * ? *)', '2026-03-01T10:20:30', '2026-03-01T10:30:00'],
    ['cron(30 4 1,15 * ? *)', '2026-03-02T00:00:00', '2026-03-15T04:30:00'],
    ['cron(0 8 ? * MON-FRI *)', '2026-03-06T09:00:00', '2026-03-09T08:00:00'],
    ['cron(0 0 1 JAN ? 2027)', '2026-03-06T09:00:00', '2027-01-01T00:00:00'],
  ])('%s after %s is %s', (expression, after, expected) => {
    expect(parseSchedule(expression)(at(after))).toBe(at(expected));
  });

  it('a schedule of the past never runs', () => {
    expect(parseSchedule('cron(0 0 1 1 ? 2020)')(at('2026-01-01T00:00:00'))).toBeUndefined();
  });

  it.each(['rate(1 week)', 'cron(* * * *)', 'cron(0 0 L * ? *)'])('%s is refused', (expression) => {
    expect(() => parseSchedule(expression)).toThrow(`does not know the schedule ${expression}`);
  });

  it('a scheduled rule runs at its times, not at the start', async () => {
    start({ bus: 'default', matches: ({ resources }) => resources[0] === 'rule-0', nextRun: (after) => after + 50 });
    expect(invoked).toEqual([]);
    await vi.waitFor(() => expect(invoked.length).toBeGreaterThan(2));
    expect(invoked[0]).toMatchObject({
      'detail-type': 'Scheduled Event',
      source: 'aws.events',
      resources: ['rule-0'],
      detail: {},
    });
  });
});
