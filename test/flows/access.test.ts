import { describe, expect, test } from 'vitest';
import { forgetCachedApps } from '../../shared/call/call.ts';
import { newAdminToken, newUserToken, tokenHash } from '../../shared/call/token.ts';
import { revokeAdminToken, updateApp } from '../../shared/data/app-repo.ts';
import { exists } from '../../shared/data/expression.ts';
import { deviceKey, userKey } from '../../shared/data/keys.ts';
import { update } from '../../shared/data/step.ts';
import type { ErrorName } from '../../shared/errors.ts';
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

/** What is wrong with who calls, and the error that says so: the first that fails answers. */
const REFUSED: Record<string, (cast: Cast) => Request & { error: ErrorName }> = {
  'no app and no token': () => ({ error: 'badParameter' }),
  'no app': ({ alice }) => ({ token: alice.token, error: 'badParameter' }),
  'no token': ({ given }) => ({ app: given.app, error: 'noToken' }),
  'an empty token': ({ given }) => ({ app: given.app, token: '', error: 'noToken' }),
  'no token and an unknown app': () => ({ app: 'nowhere', error: 'noToken' }),
  'an unknown app': ({ alice }) => ({ app: 'nowhere', token: alice.token, error: 'appMissing' }),
  'an app that cannot be': ({ alice }) => ({ app: 'a#b', token: alice.token, error: 'appMissing' }),
  'an unknown app and no real token': () => ({ app: 'nowhere', token: 'x', error: 'appMissing' }),
  'what is no token': ({ given }) => ({ app: given.app, token: 'x', error: 'badToken' }),
  'what is no token, on behalf of both': ({ given }) => ({
    app: given.app,
    token: 'x',
    user: 1,
    group: 1,
    error: 'badToken',
  }),
  'a forged user token': ({ given, other, alice }) => ({
    app: given.app,
    token: newUserToken({ ...other.record, app: given.app }, alice.id, alice.device),
    error: 'badToken',
  }),
  'a forged admin token': ({ given, other }) => ({
    app: given.app,
    token: newAdminToken({ ...other.record, app: given.app }),
    error: 'badToken',
  }),
  'a changed token': ({ given, alice, bob }) => {
    const parts = alice.token.split('.');
    return { app: given.app, token: [parts[0], bob.id.toString(36), ...parts.slice(2)].join('.'), error: 'badToken' };
  },
  "another app's user": ({ other, alice }) => ({ app: other.app, token: alice.token, error: 'badToken' }),
  "another app's admin": ({ given, other }) => ({ app: other.app, token: given.adminToken, error: 'badToken' }),
  'a genuine user token that was never kept': ({ given, alice }) => ({
    app: given.app,
    token: newUserToken(given.record, alice.id, alice.device),
    error: 'loginAgain',
  }),
  'a genuine user token of nobody': ({ given }) => ({
    app: given.app,
    token: newUserToken(given.record, 1, 1),
    error: 'loginAgain',
  }),
  'a genuine admin token that was never kept': ({ given }) => ({
    app: given.app,
    token: newAdminToken(given.record),
    error: 'loginAgain',
  }),
  'one that was never kept, for both': ({ given }) => ({
    app: given.app,
    token: newAdminToken(given.record),
    user: 1,
    group: 1,
    error: 'loginAgain',
  }),
  'a user token on a group': ({ given, alice }) => ({
    app: given.app,
    token: alice.token,
    group: 1,
    error: 'noPermission',
  }),
  'a user token for another': ({ given, alice, bob }) => ({
    app: given.app,
    token: alice.token,
    user: bob.id,
    error: 'noPermission',
  }),
  'a user token for no id': ({ given, alice }) => ({
    app: given.app,
    token: alice.token,
    user: 'x',
    error: 'noPermission',
  }),
  'an admin token for both': ({ given, alice }) => ({
    app: given.app,
    token: given.adminToken,
    user: alice.id,
    group: 1,
    error: 'badParameter',
  }),
  'an admin token for no id': ({ given }) => ({
    app: given.app,
    token: given.adminToken,
    user: 'x',
    error: 'badParameter',
  }),
  'an admin token for id 0': ({ given }) => ({
    app: given.app,
    token: given.adminToken,
    user: 0,
    error: 'badParameter',
  }),
  'an admin token on no id': ({ given }) => ({
    app: given.app,
    token: given.adminToken,
    group: '1x',
    error: 'badParameter',
  }),
  'an admin token for nobody': ({ given }) => ({
    app: given.app,
    token: given.adminToken,
    user: 1,
    error: 'userMissing',
  }),
  "an admin token for another app's user": ({ other, alice }) => ({
    app: other.app,
    token: other.adminToken,
    user: alice.id,
    error: 'userMissing',
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
    const { error, ...caller } = make(await cast());
    // Who calls is looked at before what is sent, which is wrong too.
    const request = { ...caller, body: '{' };
    const { api } = await world('in process');
    const asked = ASKED_EVERYWHERE.includes(name) ? tokenRoutes : oneOfEachKind;
    const outcomes = await Promise.all(
      asked.map(async (route) => [route.id, (await api.call(methodOf(route), route.path, request)).outcome]),
    );
    expect(outcomes).toEqual(asked.map(({ id }) => [id, error]));
  });

  test('takes the kind of actor that it is for', async () => {
    const { given } = await cast();
    const { api } = await world('in process');
    const found: [string, Kind][] = [];
    // One each: some operations end the session that asks for them.
    const people = await given.users(tokenRoutes.length);
    for (const [index, route] of tokenRoutes.entries()) {
      const call = async (request: Request) =>
        await api.call(methodOf(route), route.path, { app: given.app, ...request });
      const alice = people[index]!;
      const refusesUsers = /needs an admin token/.test((await call({ token: alice.token })).body.message ?? '');
      if (refusesUsers) expect((await call({ token: alice.token, body: '{' })).outcome, route.id).toBe('noPermission');
      const app = await call({ token: given.adminToken });
      const needsPerson = /^user_id: this operation needs the header/.test(app.body.message ?? '');
      if (needsPerson) expect(app.outcome).toBe('badParameter');
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
    const outcomes = async (request: Request) => {
      const all = tokenRoutes.map((route) => api.call(methodOf(route), route.path, { app: given.app, ...request }));
      return [...new Set((await Promise.all(all)).map(({ outcome }) => outcome))];
    };
    const expired = { set: { expiresAt: Date.now() - 1 } };
    await given.db.write([update(deviceKey(given.app, alice.id, alice.device), expired)]);
    expect(await outcomes({ token: alice.token })).toEqual(['loginAgain']);
    await given.db.write([update(userKey(given.app, bob.id), { add: { epoch: 1 } })]);
    expect(await outcomes({ token: bob.token })).toEqual(['loginAgain']);
    for (const status of ['disabled', 'deleted'] as const) {
      const carol = await given.user();
      await given.setUser(carol.id, { status });
      expect(await outcomes({ token: carol.token })).toEqual(['loginAgain']);
      if (status === 'deleted')
        expect(await outcomes({ token: given.adminToken, user: carol.id })).toEqual(['userMissing']);
    }
    await given.db.write([revokeAdminToken(given.app, tokenHash(given.adminToken), Date.now())]);
    expect(await outcomes({ token: given.adminToken })).toEqual(['loginAgain']);
    await given.db.write([updateApp(given.app, { status: 'disabled' }, exists)]);
    forgetCachedApps();
    expect(await outcomes({ token: given.adminToken })).toEqual(['appDisabled']);
    expect(await outcomes({ token: 'x' })).toEqual(['appDisabled']);
    expect(await outcomes({})).toEqual(['noToken']);
  });
});

describe('Every operation that needs none', () => {
  test('wants an app that is there and open', async () => {
    const { given } = await cast();
    const { api } = await world('in process');
    for (const route of publicRoutes) {
      const call = (request: Request) => api.call(methodOf(route), route.path, request);
      expect((await call({})).outcome, route.id).toBe('badParameter');
      expect((await call({ app: 'nowhere' })).outcome, route.id).toBe('appMissing');
      const bare = await call({ app: given.app });
      expect(bare.outcome, route.id).toBe('badParameter');
      // Whatever the headers say of an actor.
      expect((await call({ app: given.app, token: 'stale', user: 'x', group: 'y' })).body, route.id).toEqual(bare.body);
      expect((await call({ app: given.app, token: given.adminToken, user: 1, group: 1 })).body, route.id).toEqual(
        bare.body,
      );
    }
    await given.db.write([updateApp(given.app, { status: 'disabled' }, exists)]);
    forgetCachedApps();
    for (const route of publicRoutes)
      expect((await api.call(methodOf(route), route.path, { app: given.app })).outcome, route.id).toBe('appDisabled');
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
      if (outsider !== mallory) expect(await outsider.fails('GET /group/info', { group_id })).toBe('groupMissing');
      const errors = [
        await outsider.fails('GET /group/member_list', { group_id }),
        await outsider.fails('POST /group/invite', { group_id, user_list: [mallory.id] }),
        await outsider.fails('POST /group/kick', { group_id, user_list: [alice!.id] }),
        await outsider.fails('POST /group/destroy', { group_id }),
        await outsider.fails('POST /group/apply/handle', { group_id, user_id: bob!.id, approval: true }),
      ];
      expect(errors).toEqual(Array(5).fill('groupMissing'));
    }
    expect(await mallory.fails('POST /group/apply', { group_id, reason: '' })).toBe('groupMissing');
    expect(await other.admin().fails('PUT /user/settings', { user_id: alice!.id })).toBe('userMissing');
    expect(await other.admin({ user: alice!.id }).fails('GET /user/profile')).toBe('userMissing');
    expect(await mallory.fails('PUT /user/settings', { user_id: alice!.id })).toBe('noPermission');
    expect(await alice!.does('GET /group/info', { group_id })).toMatchObject({ count: 1, status: 0 });
  });
});
