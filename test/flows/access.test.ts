import { describe, expect, test } from 'vitest';
import { forgetCachedApps } from '../../shared/call/app-cache.ts';
import { newAdminToken, newUserToken, tokenHash } from '../../shared/call/token.ts';
import { revokeAdminToken, updateApp } from '../../shared/data/app-repo.ts';
import * as schema from '../../shared/data/schema.ts';
import { update } from '../../shared/data/step.ts';
import type { ErrorName } from '../../shared/errors.ts';
import { type Operation, routes } from '../../shared/routes/index.ts';
import type { Request } from '../support/api.ts';
import { userId } from '../support/ids.ts';
import { Given, inBothWorlds, type Person } from '../support/story.ts';
import { world } from '../support/world.ts';

/** Operations that need an admin token, with or without a user. */
const ADMIN = [
  'user/list',
  'user/avatar/batch',
  'user/profile/batch',
  'user/register/batch',
  'user/disable',
  'user/enable',
  'user/identity/bind',
  'user/identity/unbind',
  'event/list',
  'token/introspect',
];
const ADMIN_AS_PERSON = ['user/change-password-admin'];
/** Operations on groups that need a person. Operations on users need one too, except those above and below. */
const PERSON = [
  'group/apply',
  'group/create',
  'group/display-name',
  'group/invitation-list',
  'group/invite/handle',
  'group/leave',
  'group/msg/mute-mode',
  'group/msg/not-disturb',
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
  'roster/may-message',
  'token/self',
];

type Kind = 'anyone' | 'person' | 'admin' | 'admin as person';

const kindOf = ({ id }: Operation): Kind =>
  ADMIN.includes(id) || id.startsWith('admin/') || id.startsWith('event/') || id.startsWith('access/')
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

/** Callers that are refused, each with the error of the first check that fails. */
const REFUSED: Record<string, (cast: Cast) => Request & { error: ErrorName }> = {
  'a call without app_id and token': () => ({ error: 'badParameter' }),
  'a call without app_id': ({ alice }) => ({ token: alice.token, error: 'badParameter' }),
  'a call without a token': ({ given }) => ({ app: given.app, error: 'noToken' }),
  'an empty token': ({ given }) => ({ app: given.app, token: '', error: 'noToken' }),
  'a call of an unknown app without a token': () => ({ app: 'nowhere', error: 'noToken' }),
  'an unknown app': ({ alice }) => ({ app: 'nowhere', token: alice.token, error: 'appMissing' }),
  'an app_id that no app can have': ({ alice }) => ({ app: 'a#b', token: alice.token, error: 'appMissing' }),
  'a malformed token of an unknown app': () => ({ app: 'nowhere', token: 'x', error: 'appMissing' }),
  'a malformed token': ({ given }) => ({ app: given.app, token: 'x', error: 'badToken' }),
  'a malformed token with a user_id and a group_id': ({ given }) => ({
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
  'a user token of another app': ({ other, alice }) => ({ app: other.app, token: alice.token, error: 'badToken' }),
  'an admin token of another app': ({ given, other }) => ({
    app: other.app,
    token: given.adminToken,
    error: 'badToken',
  }),
  'a genuine user token without a session': ({ given, alice }) => ({
    app: given.app,
    token: newUserToken(given.record, alice.id, alice.device),
    error: 'loginAgain',
  }),
  'a genuine user token of an unknown user': ({ given }) => ({
    app: given.app,
    token: newUserToken(given.record, userId(1), 1),
    error: 'loginAgain',
  }),
  'a genuine admin token that was never issued': ({ given }) => ({
    app: given.app,
    token: newAdminToken(given.record),
    error: 'loginAgain',
  }),
  'a genuine admin token that was never issued, with a user_id and a group_id': ({ given }) => ({
    app: given.app,
    token: newAdminToken(given.record),
    user: 1,
    group: 1,
    error: 'loginAgain',
  }),
  'a user token with a group_id': ({ given, alice }) => ({
    app: given.app,
    token: alice.token,
    group: 1,
    error: 'noPermission',
  }),
  "a user token with another user's user_id": ({ given, alice, bob }) => ({
    app: given.app,
    token: alice.token,
    user: bob.id,
    error: 'noPermission',
  }),
  'a user token with a user_id that is no id': ({ given, alice }) => ({
    app: given.app,
    token: alice.token,
    user: 'x',
    error: 'noPermission',
  }),
  'an admin token with a user_id and a group_id': ({ given, alice }) => ({
    app: given.app,
    token: given.adminToken,
    user: alice.id,
    group: 1,
    error: 'badParameter',
  }),
  'an admin token with a user_id that is no id': ({ given }) => ({
    app: given.app,
    token: given.adminToken,
    user: 'x',
    error: 'badParameter',
  }),
  'an admin token with user_id 0': ({ given }) => ({
    app: given.app,
    token: given.adminToken,
    user: 0,
    error: 'badParameter',
  }),
  'an admin token with a group_id that is no id': ({ given }) => ({
    app: given.app,
    token: given.adminToken,
    group: '1x',
    error: 'badParameter',
  }),
  'an admin token with an unknown user_id': ({ given }) => ({
    app: given.app,
    token: given.adminToken,
    user: 1,
    error: 'userMissing',
  }),
  "an admin token with the user_id of another app's user": ({ other, alice }) => ({
    app: other.app,
    token: other.adminToken,
    user: alice.id,
    error: 'userMissing',
  }),
};

/** Callers tried on every operation. One function checks the others, so one operation of each kind is enough. */
const ASKED_EVERYWHERE = [
  ...[
    'a call without a token',
    'an unknown app',
    'a malformed token',
    'a forged user token',
    'a user token of another app',
  ],
  ...['an admin token of another app', 'a genuine user token without a session', 'a user token with a group_id'],
  'an admin token with an unknown user_id',
];

const tokenRoutes = routes.filter(({ access }) => access !== 'public');
const publicRoutes = routes.filter(({ access }) => access === 'public');
const methodOf = ({ methods }: Operation) => methods[0]!;
const oneOfEachKind = [...Map.groupBy(tokenRoutes, kindOf).values()].map(([first]) => first!);

describe('Operations that need a token', () => {
  test.each(Object.entries(REFUSED))('an operation that needs a token refuses %s', async (name, make) => {
    const { error, ...caller } = make(await cast());
    // The caller is checked before the body, which is wrong too.
    const request = { ...caller, body: '{' };
    const { api } = await world('in process');
    const asked = ASKED_EVERYWHERE.includes(name) ? tokenRoutes : oneOfEachKind;
    const outcomes = await Promise.all(
      asked.map(async (route) => [route.id, (await api.call(methodOf(route), route.path, request)).outcome]),
    );
    expect(outcomes).toEqual(asked.map(({ id }) => [id, error]));
  });

  test('each operation serves the kinds of actor that it is meant for, and refuses the others', async () => {
    const { given } = await cast();
    const { api } = await world('in process');
    const found: [string, Kind][] = [];
    // One person per operation, since some operations end the session.
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

  test('a disabled app (appDisabled), and a token that has expired or was revoked (loginAgain), reach no operation', async () => {
    const { given, alice, bob } = await cast();
    const { api } = await world('in process');
    const outcomes = async (request: Request) => {
      const all = tokenRoutes.map((route) => api.call(methodOf(route), route.path, { app: given.app, ...request }));
      return [...new Set((await Promise.all(all)).map(({ outcome }) => outcome))];
    };
    const expired = { set: { expiresAt: Date.now() - 1 } };
    await given.db.write([update(schema.device.key(given.app, alice.id, alice.device), expired)]);
    expect(await outcomes({ token: alice.token })).toEqual(['loginAgain']);
    await given.db.write([update(schema.user.key(given.app, bob.id), { add: { epoch: 1 } })]);
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
    await given.db.write([updateApp(given.app, { status: 'disabled' })]);
    forgetCachedApps();
    expect(await outcomes({ token: given.adminToken })).toEqual(['appDisabled']);
    expect(await outcomes({ token: 'x' })).toEqual(['appDisabled']);
    expect(await outcomes({})).toEqual(['noToken']);
  });
});

describe('Operations that need no token', () => {
  test('an operation without a token needs an app that exists (appMissing) and is not disabled (appDisabled)', async () => {
    const { given } = await cast();
    const { api } = await world('in process');
    for (const route of publicRoutes) {
      const call = (request: Request) => api.call(methodOf(route), route.path, request);
      expect((await call({})).outcome, route.id).toBe('badParameter');
      expect((await call({ app: 'nowhere' })).outcome, route.id).toBe('appMissing');
      const bare = await call({ app: given.app });
      expect(bare.outcome, route.id).toBe('badParameter');
      // Headers of an actor are ignored.
      expect((await call({ app: given.app, token: 'stale', user: 'x', group: 'y' })).body, route.id).toEqual(bare.body);
      expect((await call({ app: given.app, token: given.adminToken, user: 1, group: 1 })).body, route.id).toEqual(
        bare.body,
      );
    }
    await given.db.write([updateApp(given.app, { status: 'disabled' })]);
    forgetCachedApps();
    for (const route of publicRoutes)
      expect((await api.call(methodOf(route), route.path, { app: given.app })).outcome, route.id).toBe('appDisabled');
  });
});

inBothWorlds('Tenants', (story) => {
  story('tenants cannot see or change anything of each other', async (given) => {
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
