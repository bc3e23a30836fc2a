import { describe, expect, test } from 'vitest';
import { revokeAdminToken, updateApp } from '../../shared/data/app-repo.ts';
import { exists } from '../../shared/data/expression.ts';
import { deviceKey, userKey } from '../../shared/data/keys.ts';
import { update } from '../../shared/data/step.ts';
import { forgetHeld } from '../../shared/domain/call.ts';
import { newAdminToken, newUserToken, tokenHash } from '../../shared/domain/token.ts';
import { type Route, routes } from '../../shared/routes/index.ts';
import type { Request } from '../support/api.ts';
import { Given, inBothWorlds, type Person } from '../support/story.ts';
import { world } from '../support/world.ts';

/** Operations that look at the token, and not at whom it acts as. */
const ADMIN = [
  'user/list',
  'user/avatar/batch',
  'user/profile/batch',
  'user/register/batch',
  'user/disable',
  'user/enable',
];
const ADMIN_AS_PERSON = ['user/change-password-admin'];
/** Operations on groups that need a person; all on users do, but for those above and the settings of anybody. */
const PERSON = [
  'group/apply',
  'group/create',
  'group/display-name',
  'group/invitation-list',
  'group/invite/handle',
  'group/leave',
  'group/msg/mute-mode',
  'group/msg/push-mode',
  'group/qrcode/invite',
  'group/user-joined',
];
const ANYONE = [
  'user/settings/set',
  'file/upload/chat',
  'file/upload/avatar/group',
  'file/download/chat',
  'file/download/avatar',
];

type Kind = 'anyone' | 'person' | 'admin' | 'admin as person';

const kindOf = ({ id }: Route): Kind =>
  ADMIN.includes(id)
    ? 'admin'
    : ADMIN_AS_PERSON.includes(id)
      ? 'admin as person'
      : ANYONE.includes(id) || (id.startsWith('group/') && !PERSON.includes(id))
        ? 'anyone'
        : 'person';

interface Cast {
  given: Given;
  other: Given;
  alice: Person;
  bob: Person;
}

const cast = async (): Promise<Cast> => {
  const given = await Given.app(await world('in process'));
  const [alice, bob] = await given.users(2);
  return { given, other: await given.otherApp(), alice: alice!, bob: bob! };
};

/** What is wrong with who calls, and the code that says so: the first that fails answers. */
const REFUSED: Record<string, (cast: Cast) => Request & { code: number }> = {
  'no app and no token': () => ({ code: 10002 }),
  'no app': ({ alice }) => ({ token: alice.token, code: 10002 }),
  'no token': ({ given }) => ({ app: given.app, code: 10003 }),
  'an empty token': ({ given }) => ({ app: given.app, token: '', code: 10003 }),
  'no token and an unknown app': () => ({ app: 'nowhere', code: 10003 }),
  'an unknown app': ({ alice }) => ({ app: 'nowhere', token: alice.token, code: 40000 }),
  'an app that cannot be': ({ alice }) => ({ app: 'a#b', token: alice.token, code: 40000 }),
  'an unknown app and no real token': () => ({ app: 'nowhere', token: 'x', code: 40000 }),
  'what is no token': ({ given }) => ({ app: given.app, token: 'x', code: 10008 }),
  'what is no token, on behalf of both': ({ given }) => ({
    app: given.app,
    token: 'x',
    user: 1,
    group: 1,
    code: 10008,
  }),
  'a forged user token': ({ given, other, alice }) => ({
    app: given.app,
    token: newUserToken({ ...other.record, app: given.app }, alice.id, alice.device),
    code: 10008,
  }),
  'a forged admin token': ({ given, other }) => ({
    app: given.app,
    token: newAdminToken({ ...other.record, app: given.app }),
    code: 10008,
  }),
  'a changed token': ({ given, alice, bob }) => {
    const parts = alice.token.split('.');
    return { app: given.app, token: [parts[0], bob.id.toString(36), ...parts.slice(2)].join('.'), code: 10008 };
  },
  "another app's user": ({ other, alice }) => ({ app: other.app, token: alice.token, code: 10008 }),
  "another app's admin": ({ given, other }) => ({ app: other.app, token: given.adminToken, code: 10008 }),
  'a genuine user token that was never kept': ({ given, alice }) => ({
    app: given.app,
    token: newUserToken(given.record, alice.id, alice.device),
    code: 402,
  }),
  'a genuine user token of nobody': ({ given }) => ({
    app: given.app,
    token: newUserToken(given.record, 1, 1),
    code: 402,
  }),
  'a genuine admin token that was never kept': ({ given }) => ({
    app: given.app,
    token: newAdminToken(given.record),
    code: 402,
  }),
  'one that was never kept, for both': ({ given }) => ({
    app: given.app,
    token: newAdminToken(given.record),
    user: 1,
    group: 1,
    code: 402,
  }),
  'a user token on a group': ({ given, alice }) => ({ app: given.app, token: alice.token, group: 1, code: 10010 }),
  'a user token for another': ({ given, alice, bob }) => ({
    app: given.app,
    token: alice.token,
    user: bob.id,
    code: 10010,
  }),
  'a user token for no id': ({ given, alice }) => ({ app: given.app, token: alice.token, user: 'x', code: 10010 }),
  'an admin token for both': ({ given, alice }) => ({
    app: given.app,
    token: given.adminToken,
    user: alice.id,
    group: 1,
    code: 10002,
  }),
  'an admin token for no id': ({ given }) => ({ app: given.app, token: given.adminToken, user: 'x', code: 10002 }),
  'an admin token for id 0': ({ given }) => ({ app: given.app, token: given.adminToken, user: 0, code: 10002 }),
  'an admin token on no id': ({ given }) => ({ app: given.app, token: given.adminToken, group: '1x', code: 10002 }),
  'an admin token for nobody': ({ given }) => ({ app: given.app, token: given.adminToken, user: 1, code: 10000 }),
  "an admin token for another app's user": ({ other, alice }) => ({
    app: other.app,
    token: other.adminToken,
    user: alice.id,
    code: 10000,
  }),
};

/** Those that every operation is asked for; of the others one of each kind is, as one function looks at them for all. */
const ASKED_EVERYWHERE = [
  ...['no token', 'an unknown app', 'what is no token', 'a forged user token', "another app's user"],
  ...["another app's admin", 'a genuine user token that was never kept', 'a user token on a group'],
  'an admin token for nobody',
];

const tokenRoutes = routes.filter(({ access }) => access === 'actor');
const publicRoutes = routes.filter(({ access }) => access === 'public');
const methodOf = ({ methods }: Route) => methods[0]!;
const oneOfEachKind = [...Map.groupBy(tokenRoutes, kindOf).values()].map(([first]) => first!);

describe('Every operation that needs a token', () => {
  test.each(Object.entries(REFUSED))('refuses %s', async (name, make) => {
    const { code, ...caller } = make(await cast());
    // Who calls is looked at before what is sent, which is wrong too.
    const request = { ...caller, body: '{' };
    const { api } = await world('in process');
    const asked = ASKED_EVERYWHERE.includes(name) ? tokenRoutes : oneOfEachKind;
    const codes = await Promise.all(
      asked.map(async (route) => [route.id, (await api.call(methodOf(route), route.path, request)).body.code]),
    );
    expect(codes).toEqual(asked.map(({ id }) => [id, code]));
  });

  test('takes the kind of actor that it is for', async () => {
    const { given } = await cast();
    const { api } = await world('in process');
    const found: [string, Kind][] = [];
    // One each: some operations end the session that asks for them.
    const people = await given.users(tokenRoutes.length);
    for (const [index, route] of tokenRoutes.entries()) {
      const call = async (request: Request) =>
        (await api.call(methodOf(route), route.path, { app: given.app, ...request })).body;
      const alice = people[index]!;
      const refusesUsers = /needs an admin token/.test((await call({ token: alice.token })).message ?? '');
      if (refusesUsers) expect((await call({ token: alice.token, body: '{' })).code, route.id).toBe(10010);
      const app = await call({ token: given.adminToken });
      const needsPerson = /^user_id: this operation needs the header/.test(app.message ?? '');
      if (needsPerson) expect(app.code).toBe(10002);
      found.push([
        route.id,
        refusesUsers ? (needsPerson ? 'admin as person' : 'admin') : needsPerson ? 'person' : 'anyone',
      ]);
    }
    expect(found).toEqual(tokenRoutes.map((route) => [route.id, kindOf(route)]));
  });

  test('is closed to a disabled app, and to what has lost its force', async () => {
    const { given, alice, bob } = await cast();
    const { api } = await world('in process');
    const codes = async (request: Request) => {
      const all = tokenRoutes.map((route) => api.call(methodOf(route), route.path, { app: given.app, ...request }));
      return [...new Set((await Promise.all(all)).map(({ body }) => body.code))];
    };
    const expired = { set: { expires: Date.now() - 1 } };
    await given.db.write([update(deviceKey(given.app, alice.id, alice.device), expired)]);
    expect(await codes({ token: alice.token })).toEqual([402]);
    await given.db.write([update(userKey(given.app, bob.id), { add: { epoch: 1 } })]);
    expect(await codes({ token: bob.token })).toEqual([402]);
    for (const status of ['disabled', 'deleted'] as const) {
      const carol = await given.user();
      await given.setUser(carol.id, { status });
      expect(await codes({ token: carol.token })).toEqual([402]);
      if (status === 'deleted') expect(await codes({ token: given.adminToken, user: carol.id })).toEqual([10000]);
    }
    await given.db.write([revokeAdminToken(given.app, tokenHash(given.adminToken), Date.now())]);
    expect(await codes({ token: given.adminToken })).toEqual([402]);
    await given.db.write([updateApp(given.app, { status: 'disabled' }, exists)]);
    forgetHeld();
    expect(await codes({ token: given.adminToken })).toEqual([40003]);
    expect(await codes({ token: 'x' })).toEqual([40003]);
    expect(await codes({})).toEqual([10003]);
  });
});

describe('Every operation that needs none', () => {
  test('wants an app that is there and open', async () => {
    const { given } = await cast();
    const { api } = await world('in process');
    for (const route of publicRoutes) {
      const call = async (request: Request) => (await api.call(methodOf(route), route.path, request)).body;
      expect((await call({})).code, route.id).toBe(10002);
      expect((await call({ app: 'nowhere' })).code, route.id).toBe(40000);
      const bare = await call({ app: given.app });
      expect(bare.code, route.id).toBe(10002);
      // Whatever the headers say of an actor.
      expect(await call({ app: given.app, token: 'stale', user: 'x', group: 'y' }), route.id).toEqual(bare);
      expect(await call({ app: given.app, token: given.adminToken, user: 1, group: 1 }), route.id).toEqual(bare);
    }
    await given.db.write([updateApp(given.app, { status: 'disabled' }, exists)]);
    forgetHeld();
    for (const route of publicRoutes)
      expect((await api.call(methodOf(route), route.path, { app: given.app })).body.code, route.id).toBe(40003);
  });
});

inBothWorlds('Tenants', (story) => {
  story('see and touch nothing of each other', async (given) => {
    const other = await given.otherApp();
    const [alice, bob] = await given.users(2);
    const mallory = await other.user();
    const group_id = await given.group(alice!, { approval: 0 });
    for (const outsider of [
      mallory,
      other.admin(),
      other.admin({ user: mallory.id }),
      other.admin({ group: group_id }),
    ]) {
      if (outsider !== mallory) expect(await outsider.fails('GET /group/info', { group_id })).toBe(20001);
      const codes = [
        await outsider.fails('GET /group/member_list', { group_id }),
        await outsider.fails('POST /group/invite', { group_id, user_list: [mallory.id] }),
        await outsider.fails('POST /group/kick', { group_id, user_list: [alice!.id] }),
        await outsider.fails('POST /group/destroy', { group_id }),
        await outsider.fails('POST /group/apply/handle', { group_id, user_id: bob!.id, approval: true }),
      ];
      expect(codes).toEqual([20001, 20001, 20001, 20001, 20001]);
    }
    expect(await mallory.fails('POST /group/apply', { group_id, reason: '' })).toBe(20001);
    expect(await other.admin().fails('PUT /user/settings', { user_id: alice!.id })).toBe(10000);
    expect(await other.admin({ user: alice!.id }).fails('GET /user/profile')).toBe(10000);
    expect(await mallory.fails('PUT /user/settings', { user_id: alice!.id })).toBe(10010);
    expect(await alice!.does('GET /group/info', { group_id })).toMatchObject({ count: 1, status: 0 });
  });
});
