import { afterEach, beforeAll, expect, test, vi } from 'vitest';
import { PRICES } from '../bench/prices.ts';
import { callsOf } from '../shared/call/allowance.ts';
import { documentClient } from '../shared/data/client.ts';
import { isStamped } from '../shared/data/stamp.ts';
import { LIMITS } from '../shared/limits.ts';
import { routes } from '../shared/routes/index.ts';
import costs from './fixtures/costs.json' with { type: 'json' };
import type { Answer } from './support/api.ts';
import { fillUp, LARGEST } from './support/largest.ts';
import { requestOf, type Scene, setScene } from './support/recipes.ts';
import { Given } from './support/story.ts';
import { type Recorded, Recorder } from './support/table-recorder.ts';
import { worldInProcess } from './support/world.ts';

/** What one user may cost its app at most, in dollars per hour. */
const MOST = 0.1;
/** Dollars per million: the log line of a call; an event that comes alone, and each further one of the call, on the bus too. */
const [LOG, FIRST_EVENT, FURTHER_EVENT] = [0.9, 4.51, 1.6];
/** Traffic out, per byte. */
const OUT = 90_000 / 2 ** 30;
/** What an upload costs besides the call: a PUT and, of an avatar, its publication. */
const UPLOADS: Record<string, number> = {
  'group/file/upload': 5,
  'file/upload/chat': 5,
  'file/upload/avatar/user': 15,
  'file/upload/avatar/group': 15,
};
/** Assumed time of a call (ms), at 512 MiB. */
const TIME = 30;

let scene: Scene;
let recorder: Recorder;

beforeAll(async () => {
  const world = await worldInProcess();
  scene = await setScene(await Given.app(world));
  await fillUp(scene, { groups: 200, users: 100 });
  recorder = new Recorder(documentClient(), world.table);
});
afterEach(() => void vi.useRealTimers());

/** The row's call with its largest parameters. */
function ask(id: string): Promise<Answer> {
  const { method, path, request } = requestOf(routes.find((row) => row.id === id)!, scene);
  const given = { ...((request.query ?? request.body) as object), ...LARGEST[id] };
  return scene.given.api.call(method, path, { ...request, ...(request.query ? { query: given } : { body: given }) });
}

/** At most so many events: one for each stamped item that the call writes. */
const eventsOf = (requests: Recorded[]) =>
  requests
    .flatMap(({ input: { Key, Item, TransactItems } }) => [
      { Key, Item },
      ...(TransactItems ?? []).flatMap((item) => ('ConditionCheck' in item ? [] : Object.values(item))),
    ])
    .filter((one) => {
      const key = one.Key ?? one.Item;
      return key && isStamped(key);
    }).length;

interface Used {
  read: number;
  write: number;
  events: number;
  bytes: number;
}

/** What a call uses with its largest list; of other operations the everyday call, since longer texts cost in proportion. */
async function usedBy(id: string): Promise<Used> {
  const everyday = (costs as Record<string, { read: number; write: number }>)[id]!;
  if (!LARGEST[id]) return { ...everyday, events: everyday.write > 0 ? 1 : 0, bytes: 1000 };
  const { answer, requests, units } = await recorder.record(() => ask(id));
  await recorder.restore();
  return { ...units, events: eventsOf(requests), bytes: Buffer.byteLength(answer.text) };
}

/** Dollars per million calls. */
const priceOf = ({ read, write, events, bytes }: Used): number =>
  PRICES.gatewayMillionRequests * Math.ceil(bytes / 2 ** 19) +
  PRICES.lambdaMillionRequests +
  (TIME / 2000) * PRICES.lambdaGbSecond * 1e6 +
  LOG +
  read * PRICES.dynamoDbMillionReadUnits +
  write * PRICES.dynamoDbMillionWriteUnits +
  (events > 0 ? FIRST_EVENT + (events - 1) * FURTHER_EVENT : 0) +
  bytes * OUT;

test('no operation, with the longest list or without, lets a user cost more than ten cents an hour', async () => {
  const hourly: Record<string, number> = {};
  for (const { id } of routes.filter(({ access }) => access === 'person' || access === 'anyone')) {
    const used = await usedBy(id);
    const calls = callsOf({ readUnits: used.read, writeUnits: used.write, ms: TIME, bytes: used.bytes });
    const callsPerHour = (LIMITS.calls_per_minute / calls) * 60;
    hourly[id] = (priceOf(used) * callsPerHour + (UPLOADS[id] ?? 0) * LIMITS.uploads_per_hour) / 1e6;
  }
  const dearest = Object.entries(hourly).sort(([, one], [, other]) => other - one);
  console.log(
    `dearest: ${dearest
      .slice(0, 5)
      .map(([id, dollars]) => `${id} $${dollars.toFixed(3)} an hour`)
      .join(', ')}`,
  );
  expect(dearest.length).toBeGreaterThan(80);
  expect(dearest.filter(([, dollars]) => !(dollars <= MOST))).toEqual([]);
});

test('someone who keeps a group and the own item busy by parallel calls is held back, and others hardly notice', async () => {
  const { conflicts } = await worldInProcess();
  const limit = 60;
  const given = await Given.app(scene.given.world, { calls_per_minute: limit });
  const [owner, attacker, ...members] = await given.users(8);
  const group_id = await given.group(owner!, { approval: 0, members: [attacker!, ...members] });
  let [admitted, over] = [0, false];
  const loop = async () => {
    for (const call of [
      '/group/leave',
      '/group/apply',
      '/group/display_name',
      '/group/leave',
      '/group/apply',
    ] as const) {
      if (over) return;
      const { outcome, log } = await attacker!.asks(`POST ${call}`, { group_id, reason: '', value: 'x' });
      if (outcome === 'tooManyCalls') over = true;
      else admitted += callsOf({ readUnits: log!.read_units, writeUnits: log!.write_units, ms: 0, bytes: 200 });
    }
    return loop();
  };
  const join = async () => {
    const who = await given.user();
    return (await who.asks('POST /group/apply', { group_id, reason: '' })).log!;
  };
  conflicts.on = true;
  conflicts.held = 5;
  const attack = Promise.all([loop(), loop(), loop()]);
  const meanwhile = await Promise.all([
    ...members.map(async (one) => (await one.asks('POST /group/display_name', { group_id, value: 'me' })).log!),
    join(),
    join(),
  ]);
  await attack;
  const afterwards = await join();
  conflicts.on = false;
  expect(over).toBe(true);
  // What was under way when the limit was reached is admitted too.
  expect(admitted).toBeLessThan(limit * 2);
  expect(meanwhile.map(({ code }) => code)).toEqual(meanwhile.map(() => '200'));
  // Of eight calls, the one in the middle: on a busy machine one of them may meet more conflicts.
  const requests = meanwhile.map((log) => log.requests).sort((one, other) => one - other);
  expect(requests[Math.floor(requests.length / 2)]).toBeLessThan(12);
  expect(afterwards).toMatchObject({ code: '200', requests: 3 });
  expect(await attacker!.fails('POST /group/display_name', { group_id, value: 'x' })).toBe('tooManyCalls');
});
