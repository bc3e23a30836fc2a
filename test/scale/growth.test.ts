import { afterAll, expect, test, vi } from 'vitest';
import { documentClient } from '../../shared/data/client.ts';
import { banOrder, idempotencyKey, type Key } from '../../shared/data/keys.ts';
import * as schema from '../../shared/data/schema.ts';
import { routes } from '../../shared/routes/index.ts';
import type { Request } from '../support/api.ts';
import { putAll } from '../support/database.ts';
import { groupId, userId } from '../support/ids.ts';
import { requestOf, type Scene, setScene, warmUp } from '../support/recipes.ts';
import { Given } from '../support/story.ts';
import { Recorder } from '../support/table-recorder.ts';
import { worldInProcess } from '../support/world.ts';

/** Of each kind. */
const LEFT = 5000;
/** Nothing that expires is kept for so long (ms). */
const LONG_AGO = 100 * 86_400_000;

afterAll(() => vi.useRealTimers());

/** The call of every row's recipe, and calls that read other items. */
function callsOf(
  scene: Scene,
): Record<string, { method: 'GET' | 'POST' | 'PUT' | 'DELETE'; path: string; request: Request }> {
  const { alice, grace, group, given } = scene;
  const post = (path: string, request: Request) => ({ method: 'POST' as const, path, request });
  const headers = { 'idempotency-key': 'a key' };
  return {
    ...Object.fromEntries(routes.map((route) => [route.id, requestOf(route, scene)])),
    "invite/handle by the invitee's own id": post('/group/invite/handle', {
      ...grace.headers,
      body: { group_id: group, user_id: grace.id, approval: true },
    }),
    'application_list of all groups': post('/group/application_list', { ...alice.headers, body: {} }),
    'create with a key': post('/group/create', { ...alice.headers, headers, body: { name: 'New' } }),
    'register/batch with a key': post('/user/register/batch', {
      ...given.admin().headers,
      headers,
      body: { list: [{ username: 'newcomer', password: 'long enough' }] },
    }),
  };
}

/** Expired items in the partitions that the recipes use, as if TTL had removed nothing. */
function remains({ given: { app }, group, carol, grace }: Scene, now: number): Key[] {
  const ttl = Math.floor((now - LONG_AGO / 2) / 1000);
  return Array.from({ length: LEFT }, (_, n) => {
    const made = now - LONG_AGO + n;
    const until = made + 60_000;
    const id = 3_000_000 + n;
    const [user, other] = [userId(id), groupId(id)];
    const [invited, applied] = [
      schema.invitation.orders.newest(made, group, user),
      schema.application.orders.newest(made, user),
    ];
    const handled = { reason: 'let me in', status: 0, createdAt: made, expiresAt: until, updatedAt: made, ttl };
    return [
      { ...schema.cleanedGroup.key(app, made, other), ttl },
      {
        ...schema.userMembership.key(app, carol.id, other),
        settled: made,
        lsi2sk: schema.userMembership.orders.void(made, other),
        ttl,
      },
      {
        ...schema.groupMembership.key(app, group, user),
        banned: made,
        bannedUntil: until,
        lsi2sk: banOrder(made, until, user),
        invited: made,
        applied: made,
        ttl,
      },
      { ...schema.invitation.key(app, grace.id, group, user), ...handled, lsi1sk: invited, lsi2sk: invited },
      { ...schema.application.key(app, group, user), ...handled, lsi1sk: applied, lsi2sk: applied },
      { ...schema.contact.key(app, grace.id, user), ttl },
      {
        ...schema.file.key(app, group, id),
        id,
        name: 'a',
        size: 1,
        type: '',
        createdAt: made,
        expiresAt: until,
        ttl,
        ...schema.file.gsi1(app, group, id),
      },
      { ...idempotencyKey(app, `key ${n}`), request: 'r', value: [], expiresAt: until, ttl },
      { ...schema.lock.key(app, String(id)), fails: [made], ttl },
    ];
  }).flat();
}

test('expired items cost no operation anything, although TTL has removed none of them', async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  const world = await worldInProcess();
  const scene = await setScene(await Given.app(world));
  const recorder = new Recorder(documentClient(), world.table);
  const measure = async () => {
    const costs: Record<string, object> = {};
    for (const [name, { method, path, request }] of Object.entries(callsOf(scene))) {
      vi.setSystemTime(Date.now() + 10);
      const { answer, units } = await recorder.record(() => scene.given.api.call(method, path, request));
      expect(answer.outcome, `${name}: ${answer.body.message}`).toBe('success');
      costs[name] = { trips: answer.log!.trips, ...units };
      await recorder.restore();
    }
    return costs;
  };
  await warmUp(scene);
  const empty = await measure();
  await putAll(world.table, remains(scene, Date.now()));
  const full = await measure();
  for (const id of LOOKING_AT_ALL) {
    const [before, after] = [empty, full].map((costs) => (costs[id] as { read: number }).read);
    expect(after).toBeLessThan(before! + 100);
    delete empty[id];
    delete full[id];
  }
  expect(full).toEqual(empty);
});

/** They look at all records of a group or a user, a page of them at a time: for support people, who ask rarely. */
const LOOKING_AT_ALL = ['admin/group/members/search', 'admin/user/groups'];
