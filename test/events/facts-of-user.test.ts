import { describe, expect, test } from 'vitest';
import { tokenHash } from '../../shared/call/token.ts';
import type { updateApp } from '../../shared/data/app-repo.ts';
import { tokenId } from '../../shared/data/app-repo.ts';
import type { Key } from '../../shared/data/keys.ts';
import type { Item } from '../../shared/data/read.ts';
import * as schema from '../../shared/data/schema.ts';
import { stampText, type Why } from '../../shared/data/stamp.ts';
import { revokeToken } from '../../shared/domain/app/admin-tokens.ts';
import { changeApp, createApp, deleteApp, issueAdminToken } from '../../shared/domain/app/apps.ts';
import { importLines } from '../../shared/domain/app/import.ts';
import type { Line } from '../../shared/domain/app/lines/kinds.ts';
import { subjectOf } from '../../shared/events/catalogue.ts';
import { factsOf } from '../../shared/events/facts.ts';
import type { UserId } from '../../shared/ids.ts';
import { checkFact, eventsOf, inOrder, type Told, told } from '../support/events.ts';
import { appId, userId } from '../support/ids.ts';
import { itemsOf } from '../support/invariants.ts';
import { doJobs } from '../support/jobs.ts';
import { type Given, inThisProcess, PASSWORD, Person } from '../support/story.ts';

const [app, ada, bob] = [appId('shop'), userId(12), userId(13)];

/** What a write tells: the item before and after, without key and stamp, and the reason in the stamp. */
function facts(key: Key, before: object | undefined, after: object, why?: Why): Told[] {
  const stamp = (at: number, given?: Why) => stampText({ type: 'user', id: 12, cause: 'c' }, at, given);
  const found = factsOf(key, before && { ...key, ...before, stamp: stamp(1) }, {
    ...key,
    ...after,
    stamp: stamp(2, why),
  });
  for (const fact of found) checkFact(fact);
  return found.map(({ type, data }) => [type, data]);
}

type Row = [title: string, before: object | undefined, after: object, why: Why | undefined, told: Told[]];
const table = (title: string, key: Key, rows: Row[]) =>
  describe(title, () => {
    test.for(rows)('%s', ([, before, after, why, expected]) => {
      expect(facts(key, before, after, why)).toEqual(expected);
    });
  });

describe('What a write tells', () => {
  const user = {
    user: ada,
    status: 'active',
    username: 'ada',
    password: { salt: 's', hash: 'h', N: 1, r: 1, p: 1 },
    epoch: 3,
    confirm: false,
    joined: 0,
    owned: 0,
    createdAt: 1,
  };
  const disabled = { ...user, status: 'disabled', epoch: 4 };
  const password = { ...user.password, hash: 'other' };
  const deleted = { ...user, status: 'deleted', username: '', password: undefined, epoch: 4 };
  const id = { user_id: ada };
  table('of a user', schema.user.key(app, ada), [
    ['registered', undefined, user, undefined, [['user.created', { ...id, username: 'ada' }]]],
    [
      'imported as a disabled user',
      undefined,
      disabled,
      undefined,
      [
        ['user.created', { ...id, username: 'ada' }],
        ['user.disabled', id],
      ],
    ],
    ['counts of groups alone tell nothing', user, { ...user, joined: 1, owned: 1 }, undefined, []],
    [
      'fields by the names that readers know',
      user,
      { ...user, username: 'Ada', mobile: '+49', confirm: true },
      undefined,
      [['user.updated', { ...id, changed: ['username', 'mobile', 'group_confirm'] }]],
    ],
    [
      'disabled',
      user,
      disabled,
      undefined,
      [
        ['user.disabled', id],
        ['session.revoked', { ...id, reason: 'disabled' }],
      ],
    ],
    ['disabled again', disabled, { ...disabled, epoch: 5 }, undefined, []],
    ['what is used up of a limit tells nothing', user, { ...user, paidCalls: 1, paidGroups: 2 }, undefined, []],
    [
      'held back',
      user,
      { ...user, heldBack: { limit: 'calls_per_minute', at: 5, until: 9 } },
      undefined,
      [['user.held_back', { ...id, limit: 'calls_per_minute', until: 9 }]],
    ],
    [
      'held back again, and what follows',
      { ...user, heldBack: { limit: 'groups_per_hour', at: 5, until: 9 } },
      { ...user, heldBack: { limit: 'groups_per_hour', at: 6, until: 9 } },
      undefined,
      [['user.held_back', { ...id, limit: 'groups_per_hour', until: 9 }]],
    ],
    [
      'a change of a user who was held back, and a limit that was lifted',
      { ...user, heldBack: { limit: 'groups_per_hour', at: 5, until: 9 } },
      user,
      undefined,
      [],
    ],
    ['enabled', disabled, { ...disabled, status: 'active' }, undefined, [['user.enabled', id]]],
    ['signed out', user, { ...user, epoch: 4 }, undefined, [['session.revoked', { ...id, reason: 'kicked' }]]],
    [
      'a new password by an admin token',
      user,
      { ...user, password, epoch: 4 },
      undefined,
      [
        ['user.password_changed', id],
        ['session.revoked', { ...id, reason: 'password_changed' }],
      ],
    ],
    [
      'a new password by the user, whose session stays',
      user,
      { ...user, password, epoch: 4 },
      { kept: 7 },
      [
        ['user.password_changed', id],
        ['session.revoked', { ...id, reason: 'password_changed', kept_device_sn: 7 }],
      ],
    ],
    [
      'a new password of a disabled user, who has no session',
      disabled,
      { ...disabled, password, epoch: 5 },
      undefined,
      [['user.password_changed', id]],
    ],
    [
      'deleted',
      { ...user, mobile: '+49' },
      deleted,
      undefined,
      [
        ['user.deleted', { ...id, username: 'ada' }],
        ['session.revoked', { ...id, reason: 'deleted' }],
      ],
    ],
    ['deleted while disabled', disabled, deleted, undefined, [['user.deleted', { ...id, username: 'ada' }]]],
    ['forgotten', { ...deleted, joined: 3 }, deleted, undefined, []],
  ]);

  table('of a profile', schema.profile.key(app, ada), [
    ['the first change', undefined, { nick_name: 'A', email: '' }, undefined, [changed('nick_name')]],
    [
      'a later one',
      { nick_name: 'A', avatar: 'a' },
      { nick_name: 'B', email: 'e' },
      undefined,
      [changed('avatar', 'email', 'nick_name')],
    ],
    ['the same again', { nick_name: 'A' }, { nick_name: 'A' }, undefined, []],
    ['what a new user comes with', undefined, { nick_name: 'A' }, { new: true }, []],
  ]);
  table('of settings', schema.settings.key(app, ada), [
    ['a default that was not stored', undefined, { no_push: false, auth_mode: 0 }, undefined, []],
    ['several', { no_push: true }, { no_push: false, auth_mode: 1 }, undefined, [changed('auth_mode', 'no_push')]],
    ['what a new user comes with', undefined, { alias: 'a' }, { new: true }, []],
  ]);
  table('of tags', schema.tags.key(app, ada), [
    ['bound', undefined, { tags: ['a'] }, undefined, [changed('tags')]],
    ['unbound', { tags: ['a', 'b'] }, { tags: ['a'] }, undefined, [changed('tags')]],
    ['the same again', { tags: ['a'] }, { tags: ['a'] }, undefined, []],
  ]);
  function changed(...fields: string[]): Told {
    return ['user.updated', { ...id, changed: fields }];
  }

  const device = { sn: 7, token: 't', epoch: 3, expiresAt: 9, seen: 1, createdAt: 1, agent: '', platform: 6 };
  const signedOut = { ...device, token: undefined };
  const on = { ...id, device_sn: 7 };
  const login: Told = ['session.created', { ...on, reason: 'login' }];
  table('of a device', schema.device.key(app, ada, 7), [
    ['a login', undefined, device, undefined, [login]],
    ['a login on a device that has a session', device, { ...device, token: 'u' }, undefined, [login]],
    ['a login on a removed device', { ttl: 9 }, device, undefined, [login]],
    [
      'a login by which other devices go',
      undefined,
      device,
      { replaced: '8,9', unbound: '9' },
      [
        ['device.push_unbound', { ...id, device_sn: 9 }],
        ['session.revoked', { ...id, device_sn: 8, reason: 'replaced' }],
        ['session.revoked', { ...id, device_sn: 9, reason: 'replaced' }],
        login,
      ],
    ],
    ['presence, after such a login', device, { ...device, seen: 2 }, { replaced: '8,9', unbound: '9' }, []],
    ['failed logins', device, { ...device, fails: [1] }, undefined, []],
    ['a session that moves to a new epoch', device, { ...device, epoch: 4 }, undefined, []],
    ['registered for push', undefined, { ...signedOut, push_token: 'p' }, undefined, []],
    ['kicked', device, signedOut, { reason: 'kicked' }, [['session.revoked', { ...on, reason: 'kicked' }]]],
    ['kicked, where the session had ended before', device, signedOut, undefined, []],
    [
      'removed',
      { ...device, device_token: 'd' },
      { ttl: 9 },
      { reason: 'removed' },
      [
        ['device.push_unbound', on],
        ['session.revoked', { ...on, reason: 'removed' }],
      ],
    ],
    ['removed, without a session', signedOut, { ttl: 9 }, undefined, []],
    ['a push token', device, { ...device, device_token: 'd' }, undefined, [['device.push_bound', on]]],
    [
      'another push token',
      { ...device, device_token: 'd' },
      { ...device, device_token: 'e' },
      undefined,
      [['device.push_bound', on]],
    ],
    ['no push token', { ...device, device_token: 'd' }, device, undefined, [['device.push_unbound', on]]],
  ]);

  const [friends, gone] = [{ friendAt: 1 }, { ttl: 9 }];
  const both = { ...id, friend_id: bob };
  table('of a contact', schema.contact.key(app, ada, bob), [
    ['a request, at the sender', undefined, { sentAt: 2 }, undefined, [['friend.requested', both]]],
    ['a request again', { sentAt: 2 }, { sentAt: 3 }, undefined, [['friend.requested', both]]],
    ['an alias in the meantime', { sentAt: 2 }, { sentAt: 2, alias: 'a' }, undefined, []],
    ['a request, at the receiver', undefined, { requestedAt: 2, requestStatus: 0 }, undefined, []],
    ['declined', { requestStatus: 0 }, { requestStatus: 2 }, undefined, [['friend.declined', both]]],
    [
      'accepted',
      { requestStatus: 0 },
      { requestStatus: 1, friendAt: 1 },
      { reason: 'added' },
      [['friend.added', both]],
    ],
    ['accepted by the other', { sentAt: 2 }, friends, undefined, []],
    ['notes of a friend', friends, { friendAt: 1, alias: 'a', mute: true, ext: true }, undefined, []],
    ['unfriended', friends, gone, { reason: 'removed' }, [['friend.removed', { ...both, reason: 'removed' }]]],
    ['unfriended by the other', friends, { deletedAt: 2 }, undefined, []],
    [
      'a friend is deleted',
      friends,
      gone,
      { reason: 'deleted' },
      [['friend.removed', { user_id: bob, friend_id: ada, reason: 'deleted' }]],
    ],
    ['blocked', friends, { friendAt: 1, blockedAt: 2 }, undefined, [['user.block.added', { ...id, blocked_id: bob }]]],
    ['unblocked', { blockedAt: 2 }, gone, undefined, [['user.block.removed', { ...id, blocked_id: bob }]]],
    [
      'blocked again after a tombstone',
      gone,
      { blockedAt: 2 },
      undefined,
      [['user.block.added', { ...id, blocked_id: bob }]],
    ],
  ]);

  const record = { app, name: '', status: 'active', registration: 'open', secret: 's', limits: {}, createdAt: 1 };
  table('of an app', schema.app.key(app), [
    ['made', undefined, record, undefined, []],
    ['the same again', record, record, undefined, []],
    [
      'changed',
      record,
      { ...record, name: 'n', status: 'disabled', registration: 'closed', limits: { users: 1 }, secret: 't' },
      undefined,
      [['app.updated', { changed: ['name', 'status', 'registration', 'limits', 'secret'] }]],
    ],
    [
      'deleted',
      record,
      { app, status: 'deleted', createdAt: 1, deleted: 2 },
      undefined,
      [['app.updated', { changed: ['status'] }]],
    ],
  ]);
  const hash = tokenHash('a token');
  const token = { name: '', hash, createdAt: 1 };
  const data = { token_id: tokenId(hash) };
  table('of an admin token', schema.adminToken.key(app, hash), [
    ['issued', undefined, token, undefined, [['app.token.issued', data]]],
    ['used', token, { ...token, seen: 2 }, undefined, []],
    ['revoked', token, { ...token, revoked: 2 }, undefined, [['app.token.revoked', data]]],
  ]);

  test('an item that goes, or has no stamp, tells nothing', () => {
    const key = schema.user.key(app, ada);
    expect(factsOf(key, user, undefined)).toEqual([]);
    expect(factsOf(key, undefined, user)).toEqual([]);
  });
});

/** What calls tell, in an order of its own. */
const events = async (given: Given, run: () => Promise<unknown>): Promise<Told[]> => told(await eventsOf(given, run));

/** A login as clients make it. */
async function login({ api, app: own }: Given, { id, username }: Person, guid?: string, ok = true): Promise<Person> {
  const body = { user_id: id, password: PASSWORD, device_guid: guid };
  const answer = await api.call('POST', '/token/id', { app: own, body });
  expect(answer.body.code === 200, answer.body.message ?? '').toBe(ok);
  const token: string = answer.body.data?.token ?? '';
  return new Person(api, own, { id, username, device: Number.parseInt(token.split('.')[2] ?? '', 36), token });
}

/** Items of a user's devices, tombstones too. */
const deviceItems = async (given: Given, { id }: Person): Promise<Item[]> =>
  (await itemsOf(given.world.table, given.app)).filter(
    ({ pk, sk }) => pk === schema.user.partition(given.app, id) && sk.startsWith(schema.device.sk.prefix),
  );

inThisProcess('Events of users', (story) => {
  story('registrations, by whatever call, tell of the user alone', async (given) => {
    const entry = (username: string) => ({ username, password: PASSWORD });
    const made: { user_id: number; username: string }[] = [];
    const found = await events(given, async () => {
      const push = { ...entry('bea'), alias: 'b', push_token: 'p', device_guid: 'phone' };
      for (const [path, body] of [
        ['v2', entry('ada')],
        ['push', push],
      ] as const) {
        const { user_id } = await given.nobody.does(`POST /user/register/${path}`, body);
        made.push({ user_id, username: body.username });
      }
      const batch = await given.admin().does('POST /user/register/batch', { list: [entry('cleo'), entry('ada')] });
      made.push({ user_id: batch[0].user_id, username: 'cleo' });
      expect(await given.nobody.fails('POST /user/register/v2', entry('ada'))).toBe('usernameTaken');
    });
    expect(found).toEqual(inOrder(made.map((data) => ['user.created', data])));
  });

  story('profile, settings, names and tags tell which fields changed, and nothing where none did', async (given) => {
    const alice = await given.user();
    const changed = (...fields: string[]): Told => ['user.updated', { user_id: alice.id, changed: fields }];
    const change = async () => {
      await alice.does('POST /user/nickname', { nick_name: 'A' });
      await alice.does('POST /user/settings', { user_id: alice.id, group_confirm: true, auth_mode: 1 });
      await alice.does('POST /user/mobile', { mobile: '+4915100000001' });
      await alice.does('POST /user/push/tag', { tags: ['a'] });
    };
    expect(await events(given, change)).toEqual(
      inOrder([
        changed('nick_name'),
        changed('auth_mode'),
        changed('group_confirm'),
        changed('mobile'),
        changed('tags'),
      ]),
    );
    expect(await events(given, change)).toEqual([]);
    expect(await events(given, () => alice.does('DELETE /user/push/tag/all'))).toEqual([changed('tags')]);
    const rename = () => alice.does('POST /user/username', { username: 'Alice_2' });
    expect(await events(given, rename)).toEqual([changed('username')]);
    expect(await events(given, rename)).toEqual([]);
  });

  story('a user is disabled, enabled and deleted once', async (given) => {
    const [alice, bob] = (await given.users(2)) as [Person, Person];
    const [one, two] = [alice, bob].map(({ id }) => ({ user_id: id }));
    const set = (what: 'enable' | 'disable') => () =>
      given.admin().does(`PUT /user/${what}`, { list: [alice.id, bob.id] });
    expect(await events(given, set('enable'))).toEqual([]);
    expect(await events(given, set('disable'))).toEqual(
      inOrder(
        [one, two].flatMap((id): Told[] => [
          ['user.disabled', id!],
          ['session.revoked', { ...id!, reason: 'disabled' }],
        ]),
      ),
    );
    expect(await events(given, set('disable'))).toEqual([]);
    expect(await events(given, set('enable'))).toEqual(
      inOrder([
        ['user.enabled', one!],
        ['user.enabled', two!],
      ]),
    );
    const bobAgain = await login(given, bob);
    await bobAgain.does('POST /user/token/bind', {
      device_sn: bobAgain.device,
      device_token: 'd',
      notifier_name: 'apns',
    });
    await bobAgain.does('POST /user/nickname', { nick_name: 'B' });
    expect(await events(given, () => bobAgain.does('POST /user/delete', { password: PASSWORD }))).toEqual(
      inOrder([
        ['user.deleted', { ...two, username: bob.username }],
        ['session.revoked', { ...two, reason: 'deleted' }],
      ]),
    );
    // What the job removes is the end of nothing that still was.
    expect(await events(given, () => doJobs(given))).toEqual([]);
  });

  story('facts name the author, the call and the time', async (given) => {
    const alice = await given.user();
    const before = Date.now();
    const [own] = await eventsOf(given, () => alice.does('POST /user/nickname', { nick_name: 'A' }));
    expect(own).toMatchObject({ app: given.app });
    expect(subjectOf(own!.type, own!.data as never)).toBe(`user/${alice.id}`);
    expect(own!.stamp).toMatchObject({ type: 'user', id: String(alice.id) });
    expect(own!.stamp.at).toBeGreaterThanOrEqual(before);
    const [byAdmin] = await eventsOf(given, () => given.admin().does('PUT /user/disable', { list: [alice.id] }));
    expect(byAdmin!.stamp).toMatchObject({ type: 'app', id: tokenId(tokenHash(given.adminToken)) });
  });
});

inThisProcess('Events of sessions and devices', (story) => {
  story('a login tells of its session alone, also where it takes the place of an earlier one', async (given) => {
    const alice = await given.user();
    const created = (device: number): Told => [
      'session.created',
      { user_id: alice.id, device_sn: device, reason: 'login' },
    ];
    let phone = alice;
    for (let times = 1; times <= 2; times++)
      expect(
        await events(given, async () => {
          phone = await login(given, alice, 'phone');
        }),
      ).toEqual([created(phone.device)]);
    expect(
      await events(given, () =>
        phone.fails('POST /user/change_password', { old_password: 'not this', new_password: 'another one' }),
      ),
    ).toEqual([]);
    expect(await events(given, () => phone.does('GET /user/profile'))).toEqual([]);
  });

  story('a kick or a removal ends a session once', async (given) => {
    const alice = await given.user();
    const [other, third] = [await login(given, alice), await login(given, alice, 'tablet')];
    const revoked = (device_sn: number, reason: string): Told => [
      'session.revoked',
      { user_id: alice.id, device_sn, reason },
    ];
    const kick = (device_sn?: number) => () => alice.does('POST /user/kick', { device_sn });
    expect(await events(given, kick(other.device))).toEqual([revoked(other.device, 'kicked')]);
    expect(await events(given, kick(other.device))).toEqual([]);
    await alice.does('POST /user/token/bind', { device_sn: third.device, device_token: 'd', notifier_name: 'apns' });
    const remove =
      ({ device }: Person) =>
      () =>
        alice.does('POST /user/device/remove', { device_sn: device });
    expect(await events(given, remove(third))).toEqual(
      inOrder([
        revoked(third.device, 'removed'),
        ['device.push_unbound', { user_id: alice.id, device_sn: third.device }],
      ]),
    );
    expect(await events(given, remove(third))).toEqual([]);
    expect(await events(given, remove(other))).toEqual([]);
    // The tombstone counts as no device, and a login makes it a device again.
    expect(await alice.does('GET /user/device/list')).toMatchObject([{ device_sn: alice.device }]);
    expect(await alice.fails('POST /user/kick', { device_sn: third.device })).toBe('badParameter');
    const again = await login(given, alice, 'tablet');
    expect(again.device).toBe(third.device);
    expect(await alice.does('GET /user/device/list')).toHaveLength(2);
    expect((await deviceItems(given, alice)).filter(({ ttl }) => ttl !== undefined)).toHaveLength(1);
  });

  story('all sessions end by a kick or a password, and none that has ended ends again', async (given) => {
    const alice = await given.user();
    const other = await login(given, alice);
    const all = (more: object): Told => ['session.revoked', { user_id: alice.id, ...more }];
    const changed: Told = ['user.password_changed', { user_id: alice.id }];
    const change = { old_password: PASSWORD, new_password: `${PASSWORD} 2` };
    expect(await events(given, () => alice.does('POST /user/change_password', change))).toEqual(
      inOrder([changed, all({ reason: 'password_changed', kept_device_sn: alice.device })]),
    );
    expect(await events(given, () => alice.does('POST /user/kick', { device_sn: other.device }))).toEqual([]);
    const admin = given.admin({ user: alice.id });
    expect(await events(given, () => admin.does('POST /user/change_password_admin', { password: PASSWORD }))).toEqual(
      inOrder([changed, all({ reason: 'password_changed' })]),
    );
    const back = await login(given, alice);
    expect(await events(given, () => back.does('POST /user/kick'))).toEqual([all({ reason: 'kicked' })]);
  });

  story(
    'a device that goes by the limit is told by the login, and leaves nothing',
    async (given) => {
      const alice = await given.user();
      await alice.does('POST /user/token/bind', { device_sn: alice.device, device_token: 'd', notifier_name: 'apns' });
      const logins: Person[] = [];
      const found = await events(given, async () => {
        for (let times = 1; times <= 2; times++) logins.push(await login(given, alice));
      });
      expect(found).toEqual(
        inOrder([
          ...logins.map(
            ({ device }): Told => ['session.created', { user_id: alice.id, device_sn: device, reason: 'login' }],
          ),
          ['session.revoked', { user_id: alice.id, device_sn: alice.device, reason: 'replaced' }],
          ['device.push_unbound', { user_id: alice.id, device_sn: alice.device }],
        ]),
      );
      expect(await deviceItems(given, alice)).toHaveLength(2);
    },
    { limits: { devices: 2 } },
  );

  story('tombstones of devices do not pile up: a login removes those beyond the last ten', async (given) => {
    const alice = await given.user();
    for (let times = 1; times <= 13; times++) {
      const { device } = await login(given, alice);
      await alice.does('POST /user/device/remove', { device_sn: device });
    }
    await login(given, alice);
    expect(await deviceItems(given, alice)).toHaveLength(12);
  });

  story('a push token is bound to one device, and the device that held it loses it', async (given) => {
    const [alice, bob] = (await given.users(2)) as [Person, Person];
    const bind = (person: Person) => () =>
      person.does('POST /user/token/bind', { device_sn: person.device, device_token: 'd', notifier_name: 'apns' });
    const on = ({ id, device }: Person) => ({ user_id: id, device_sn: device });
    expect(await events(given, bind(alice))).toEqual([['device.push_bound', on(alice)]]);
    expect(await events(given, bind(alice))).toEqual([]);
    expect(await events(given, bind(bob))).toEqual(
      inOrder([
        ['device.push_bound', on(bob)],
        ['device.push_unbound', on(alice)],
      ]),
    );
  });
});

inThisProcess('Events of friends', (story) => {
  story('each change of two users is told once, by the one who makes it', async (given) => {
    const [alice, bob] = (await given.users(2)) as [Person, Person];
    await bob.does('POST /user/authmode', { value: 1 });
    const [one, two] = [
      { user_id: alice.id, friend_id: bob.id },
      { user_id: bob.id, friend_id: alice.id },
    ];
    const asks = () => alice.does('POST /roster/apply', { user_id: bob.id, alias: 'B' });
    expect(await events(given, asks)).toEqual([['friend.requested', one]]);
    expect(await events(given, () => bob.does('POST /roster/decline', { user_id: alice.id }))).toEqual([
      ['friend.declined', two],
    ]);
    expect(await events(given, asks)).toEqual([['friend.requested', one]]);
    expect(await events(given, () => bob.does('POST /roster/accept', { user_id: alice.id }))).toEqual([
      ['friend.added', two],
    ]);
    expect(await events(given, () => alice.does('POST /roster/ext', { user_id: bob.id, alias: 'Bob' }))).toEqual([]);
    const removes = (person: Person, other: Person) => () => person.does('POST /roster/delete', { user_id: other.id });
    expect(await events(given, removes(alice, bob))).toEqual([['friend.removed', { ...one, reason: 'removed' }]]);
    expect(await events(given, removes(alice, bob))).toEqual([]);
    // Bob only takes notice.
    expect(await events(given, removes(bob, alice))).toEqual([]);
    expect(await events(given, () => bob.does('POST /roster/apply', { user_id: alice.id }))).toEqual([
      ['friend.added', two],
    ]);
  });

  story('blocks are told by the user who blocks, also where nothing else is left', async (given) => {
    const [alice, bob] = (await given.users(2)) as [Person, Person];
    const block = { user_id: alice.id, blocked_id: bob.id };
    const does = (what: 'block' | 'unblock') => () => alice.does(`POST /roster/${what}`, { user_id: bob.id });
    for (let times = 1; times <= 2; times++) {
      expect(await events(given, does('block'))).toEqual([['user.block.added', block]]);
      expect(await events(given, does('block'))).toEqual([]);
      expect(await events(given, does('unblock'))).toEqual([['user.block.removed', block]]);
      expect(await events(given, does('unblock'))).toEqual([]);
    }
  });

  story('friendships of a deleted user end, each once', async (given) => {
    const people = (await given.users(5)) as [Person, Person, Person, Person, Person];
    const [gone, friend, asked, blocking, stranger] = people;
    await asked.does('POST /user/authmode', { value: 1 });
    for (const other of [friend, blocking, asked]) await gone.does('POST /roster/apply', { user_id: other.id });
    await blocking.does('POST /roster/block', { user_id: gone.id });
    // Tombstones go too, without a word.
    await gone.does('POST /roster/block', { user_id: stranger.id });
    await gone.does('POST /roster/unblock', { user_id: stranger.id });
    await gone.does('POST /user/delete', { password: PASSWORD });
    const removed = ({ id }: Person): Told => [
      'friend.removed',
      { user_id: gone.id, friend_id: id, reason: 'deleted' },
    ];
    expect(await events(given, () => doJobs(given))).toEqual(inOrder([removed(friend), removed(blocking)]));
    const left = (await itemsOf(given.world.table, given.app)).filter(
      ({ pk, sk }) => pk === schema.user.partition(given.app, gone.id) && sk !== '#',
    );
    expect(left).toEqual([]);
  });
});

inThisProcess('Events by operators', (story) => {
  story('apps and their tokens tell what operators do', async (given) => {
    const { table } = given.world;
    const made = await createApp(given.db, { name: 'n' });
    const does = async (run: () => Promise<unknown>): Promise<Told[]> => {
      const found = await eventsOf({ app: made.app, world: given.world }, run);
      for (const { stamp, type, data } of found) {
        expect(stamp.type).toBe('operator');
        expect(subjectOf(type, data as never)).toBe('app');
      }
      return told(found);
    };
    let token = '';
    const issue = async () => {
      token = await issueAdminToken(given.db, made.app);
    };
    const issued = await does(issue);
    expect(issued).toEqual([['app.token.issued', { token_id: tokenId(tokenHash(token)) }]]);
    const narrow = async () => {
      token = await issueAdminToken(given.db, made.app, { scopes: ['decide'] });
    };
    const [[, narrowed] = []] = await does(narrow);
    expect(narrowed).toEqual({ token_id: tokenId(tokenHash(token)), scopes: ['decide'] });
    expect(await does(() => revokeToken(table, made.app, token))).toEqual([
      ['app.token.revoked', { token_id: tokenId(tokenHash(token)) }],
    ]);
    expect(await does(() => revokeToken(table, made.app, token))).toEqual([]);
    const change = (set: Parameters<typeof updateApp>[1]) => () => changeApp(given.db, made.app, () => set);
    for (const set of [{ registration: 'closed' }, { status: 'disabled' }, { limits: { users: 9 } }] as const) {
      expect(await does(change(set))).toEqual([['app.updated', { changed: Object.keys(set) }]]);
      expect(await does(change(set))).toEqual([]);
    }
    expect(await does(() => deleteApp(table, made.app))).toEqual([['app.updated', { changed: ['status'] }]]);
  });

  story('imported lines tell what calls would, by the operator', async (given) => {
    const lines = (...all: Partial<Line>[]) =>
      importLines(
        () => given.db,
        given.record,
        all.map((line, index) => ({ line: line as Line, number: index + 1 })),
      );
    const ids = [1, 2, 3].map((id) => userId(id + 1_000_000));
    const [one, two, three] = ids as [UserId, UserId, UserId];
    const found = await eventsOf(given, async () => {
      const more = { nick_name: 'A', settings: { no_push: true }, tags: ['a'], mobile: '+4915100000009' };
      await lines(
        { kind: 'user', user_id: one, username: 'one', ...more },
        { kind: 'user', user_id: two, username: 'two', status: 'disabled' },
        { kind: 'user', user_id: three, username: 'three' },
      );
      await lines({ kind: 'friend', user_id: one, friend_id: two });
      await lines({ kind: 'friend_request', user_id: three, sender_id: one });
      await lines({ kind: 'user_block', user_id: two, blocked_id: three });
    });
    expect(found.every(({ stamp }) => stamp.type === 'operator')).toBe(true);
    expect(told(found)).toEqual(
      inOrder([
        ['user.created', { user_id: one, username: 'one' }],
        ['user.created', { user_id: two, username: 'two' }],
        ['user.disabled', { user_id: two }],
        ['user.created', { user_id: three, username: 'three' }],
        ['friend.added', { user_id: one, friend_id: two }],
        ['friend.requested', { user_id: one, friend_id: three }],
        ['user.block.added', { user_id: two, blocked_id: three }],
      ]),
    );
  });
});
