import type { ServerResponse } from 'node:http';
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  ApiError,
  type EventOptions,
  EventsGone,
  type RosterEvent,
  rosterClient,
  TransportError,
} from '../../client/roster.ts';
import { exampleOf } from '../../shared/asyncapi/document.ts';
import { type EventPattern, type EventType, selects } from '../../shared/events/catalogue.ts';
import { serve } from '../support/server.ts';

const TYPES: EventType[] = ['group.created', 'group.member.added', 'user.updated', 'group.member.removed'];
const numbered = (index: number) => String(index).padStart(16, '0');
const eventOf = (index: number) => ({
  ...exampleOf(TYPES[index % TYPES.length]!),
  id: `e${index}`,
  sequence: numbered(index),
});

/** `/event/list` by the documented parameters, over events in memory. */
let events: ReturnType<typeof eventOf>[];
/** What the next calls get instead of an answer, in that order. */
let faults: ((response: ServerResponse) => void)[];
let asked: Record<string, string>[];
let waiting: (() => void)[];

const add = (count: number) => {
  for (let index = 0; index < count; index++) events.push(eventOf(events.length + 1));
  for (const wake of waiting.splice(0)) wake();
};

function answer(query: Record<string, string>) {
  const { after = numbered(0), limit = '100', types } = query;
  const page = events.slice(Number(after), Number(after) + Number(limit));
  const next = page.at(-1)?.sequence ?? after;
  const data = page.filter(({ type }) => !types || types.split(',').some((one) => selects(one as EventPattern, type)));
  return { data, next, head: numbered(events.length) };
}

const { origin, close } = await serve(async ({ url, headers }, response) => {
  const query = Object.fromEntries(new URL(url!, 'http://localhost').searchParams);
  asked.push(query);
  expect(headers).toMatchObject({ app_id: 'demo', 'access-token': 'a1.token' });
  const fault = faults.shift();
  if (fault) return fault(response);
  if (answer(query).data.length === 0 && Number(query.wait) > 0)
    await Promise.race([
      new Promise<void>((wake) => waiting.push(wake)),
      new Promise((wake) => setTimeout(wake, Number(query.wait) * 1000)),
    ]);
  response.end(JSON.stringify({ code: 200, ...answer(query), message: null }));
});

afterAll(close);

beforeEach(() => {
  events = [];
  faults = [];
  asked = [];
  waiting = [];
  // No wait before a repetition.
  vi.spyOn(Math, 'random').mockReturnValue(0);
});
afterEach(() => {
  vi.restoreAllMocks();
});

const client = () => rosterClient({ endpoint: origin, app: 'demo', token: 'a1.token' });

/** Reads until there are so many, or to the end. */
async function read(options: EventOptions, count = Number.POSITIVE_INFINITY): Promise<string[]> {
  const seen: string[] = [];
  for await (const { id } of client().events(options)) if (seen.push(id) === count) break;
  return seen;
}
const ids = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => `e${from + index}`);
const busy = (response: ServerResponse) =>
  response.writeHead(503, { 'retry-after': '0' }).end('{"code":20000,"message":"busy","data":null}');
const cut = (response: ServerResponse) => response.destroy();
const refuse =
  (code: number, more = {}) =>
  (response: ServerResponse) =>
    response.end(JSON.stringify({ code, message: 'no', data: null, ...more }));

describe('client.events', () => {
  test('reads all events in order, page after page, and ends at the last one if it need not wait', async () => {
    add(2500);
    expect(await read({ wait: 0 })).toEqual(ids(1, 2500));
    expect(asked.map(({ after }) => after)).toEqual([undefined, numbered(1000), numbered(2000)]);
  });

  test('waits for the events that are yet to come', async () => {
    add(2);
    const reading = read({}, 5);
    await vi.waitFor(() => expect(waiting).toHaveLength(1));
    add(1);
    await vi.waitFor(() => expect(waiting).toHaveLength(1));
    add(2);
    expect(await reading).toEqual(ids(1, 5));
    expect(asked.map(({ wait }) => wait)).toEqual(['20', '20', '20']);
  });

  test('begins after a sequence, or with what happens from now on', async () => {
    add(10);
    expect(await read({ after: numbered(7), wait: 0 })).toEqual(ids(8, 10));
    const reading = read({ after: 'now' }, 1);
    await vi.waitFor(() => expect(waiting).toHaveLength(1));
    add(1);
    expect(await reading).toEqual(['e11']);
  });

  test('asks for the types, the group and the user alone, and narrows the type of the event', async () => {
    add(8);
    const seen: string[] = [];
    const given = { types: ['group.member.*', 'group.created'], group_id: 77, user_id: 12, wait: 0 } as const;
    for await (const event of client().events(given)) {
      const narrowed: RosterEvent<'group.created' | 'group.member.added'> | { type: string } = event;
      if (event.type === 'group.member.removed') seen.push(event.data.reason);
      // @ts-expect-error: the filter lets no such event pass.
      else if (event.type === 'user.updated') seen.push('never');
      else seen.push(narrowed.type);
    }
    expect(seen).toEqual([
      'group.member.added',
      'kicked',
      'group.created',
      'group.member.added',
      'kicked',
      'group.created',
    ]);
    expect(asked[0]).toMatchObject({ types: 'group.member.*,group.created', group_id: '77', user_id: '12' });
  });

  test('goes on after the cursor of its store, where the handling of an event failed with that event', async () => {
    add(5);
    let kept: string | undefined;
    const store = {
      load: () => kept,
      save: (cursor: string) => {
        kept = cursor;
      },
    };
    const failing = async () => {
      for await (const { id } of client().events({ store, wait: 0 })) if (id === 'e3') throw new Error('handler');
    };
    await expect(failing()).rejects.toThrow('handler');
    expect(kept).toBe(numbered(2));
    expect(await read({ store, wait: 0, after: numbered(0) })).toEqual(ids(3, 5));
    expect(kept).toBe(numbered(5));
    add(1);
    expect(await read({ store, wait: 0 })).toEqual(['e6']);
  });

  test('moves its cursor past events that the filter lets not pass', async () => {
    add(3);
    const feed = client().events({ types: ['app.*'], wait: 0 });
    expect(feed.cursor).toBeUndefined();
    for await (const _ of feed) expect.unreachable();
    expect(feed.cursor).toBe(numbered(3));
  });

  test('saves while it reads, and not for every event', async () => {
    add(900);
    const saved: string[] = [];
    let time = Date.now();
    vi.spyOn(Date, 'now').mockImplementation(() => (time += 10));
    expect(
      await read({ store: { load: () => undefined, save: (cursor) => saved.push(cursor) }, wait: 0 }),
    ).toHaveLength(900);
    expect(saved.length).toBeGreaterThan(3);
    expect(saved.length).toBeLessThan(50);
    expect(saved).toEqual([...saved].sort());
    expect(saved.at(-1)).toBe(numbered(900));
  });

  test('repeats a call that the network or the service failed, and tells of it', async () => {
    add(3);
    faults = [cut, busy, busy, busy, busy, cut, (response) => response.writeHead(504).end('{}')];
    const told: unknown[] = [];
    expect(await read({ wait: 0, onFault: (error) => told.push(error) })).toEqual(ids(1, 3));
    expect(told.map((error) => (error instanceof TransportError ? error.status : (error as Error).name))).toEqual([
      'TypeError',
      503,
      'TypeError',
      504,
    ]);
  });

  test.each([
    [refuse(10010), ApiError, { code: 10010 }],
    [(response: ServerResponse) => response.writeHead(403).end('{}'), TransportError, { status: 403 }],
  ])('throws what no repetition changes', async (fault, kind, fields) => {
    faults = [fault as (response: ServerResponse) => void];
    const error = await read({}).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(kind);
    expect(error).toMatchObject(fields);
    expect(asked).toHaveLength(1);
  });

  test('throws EventsGone with the oldest event where the cursor is older than what is kept (20030)', async () => {
    faults = [refuse(20030, { oldest: numbered(4711) })];
    const error = await read({ after: numbered(1) }).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(EventsGone);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ code: 20030, oldest: numbered(4711) });
  });

  test('ends without an error when the signal is aborted: while it waits, while it pauses, and in the loop', async () => {
    add(1);
    const control = new AbortController();
    const { signal } = control;
    const waits = read({ signal });
    await vi.waitFor(() => expect(waiting).toHaveLength(1));
    control.abort();
    expect(await waits).toEqual(['e1']);
    expect(await read({ signal })).toEqual([]);

    vi.mocked(Math.random).mockReturnValue(1);
    const other = new AbortController();
    faults = Array.from({ length: 10 }, () => cut);
    const begun = Date.now();
    expect(await read({ signal: other.signal, onFault: () => setTimeout(() => other.abort(), 10) })).toEqual([]);
    expect(Date.now() - begun).toBeLessThan(900);

    faults = [];
    add(3);
    const third = new AbortController();
    const feed = client().events({ signal: third.signal });
    for await (const { id } of feed) if (id === 'e2') third.abort();
    expect(feed.cursor).toBe(numbered(2));
  });

  test('asks a service that does not wait at most once per second', async () => {
    const control = new AbortController();
    faults = Array.from({ length: 10 }, () =>
      refuse(200, { data: [], next: numbered(0), head: numbered(0), message: null }),
    );
    setTimeout(() => control.abort(), 300);
    expect(await read({ signal: control.signal })).toEqual([]);
    expect(asked).toHaveLength(1);
  });

  test('refuses an endpoint that is no URL at once', () => {
    expect(() => rosterClient({ endpoint: 'nowhere', app: 'demo' }).events()).toThrow('Invalid URL');
  });
});
