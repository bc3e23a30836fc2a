import { expect, test } from 'vitest';
import { forgetCachedApps } from '../../shared/call/app-cache.ts';
import { newUserToken } from '../../shared/call/token.ts';
import { updateApp } from '../../shared/data/app-repo.ts';
import { deviceOf as readDevice } from '../../shared/data/device-repo.ts';
import { FOR_EVER } from '../../shared/data/membership-repo.ts';
import * as schema from '../../shared/data/schema.ts';
import { update } from '../../shared/data/step.ts';
import { type Decision, decide, type Question, readsOf } from '../../shared/domain/access/decision.ts';
import { type ErrorName, errors } from '../../shared/errors.ts';
import type { UserId } from '../../shared/ids.ts';
import { tellFiles } from '../support/events.ts';
import { PASSWORD } from '../support/secrets.ts';
import { Given, inBothWorlds, inRaces, inThisProcess, type Person } from '../support/story.ts';
import { world } from '../support/world.ts';

type Item = { [field in keyof Question]?: unknown };

const check = async (given: Given, ...items: Item[]): Promise<Decision[]> =>
  await given.admin().does('POST /access/check', { items });
const code = (name: ErrorName) => errors[name][0];
const codes = async (given: Given, ...items: Item[]) => (await check(given, ...items)).map((one) => one.code);

/** All three actions of a session in a group. */
const everything = ({ token }: Person, group_id: number): Item[] =>
  (['connect', 'subscribe', 'publish'] as const).map((action) => ({ action, token, group_id }));
const ALL = [200, 200, 200];

inBothWorlds('Decisions', (story) => {
  story('a live session of a member may connect, read and speak until it ends', async (given) => {
    const [alice, bob] = (await given.users(2)) as [Person, Person];
    const group = await given.group(alice, { members: [bob] });
    const expiresAt = await endOf(given, bob);
    expect(
      await check(given, ...everything(bob, group), { action: 'publish', user_id: alice.id, group_id: group }),
    ).toEqual([
      allowed(bob, { role: null, until: expiresAt }),
      allowed(bob, { role: 0, until: expiresAt }),
      allowed(bob, { role: 0, until: expiresAt }),
      { ...allowed(alice, { role: 2, until: -1 }), device_sn: null },
    ]);
  });

  story('only admin tokens may ask (noPermission)', async (given) => {
    const alice = await given.user();
    const items = [{ action: 'connect', user_id: alice.id }];
    expect(await alice.fails('POST /access/check', { items })).toBe('noPermission');
    expect(await given.nobody.fails('POST /access/check', { items })).toBe('noToken');
  });

  story('a wrong item fails alone, a wrong list fails the call (badParameter)', async (given) => {
    const alice = await given.user();
    const [right, ...wrong] = await check(
      given,
      { action: 'connect', user_id: alice.id },
      { action: 'shout', user_id: alice.id },
      { user_id: alice.id },
      { action: 'connect' },
      { action: 'connect', user_id: 'x' },
      { action: 'connect', user_id: alice.id, token: alice.token },
      { action: 'subscribe', user_id: alice.id },
      { action: 'publish', user_id: alice.id, group_id: 1, peer_id: 2 },
    );
    expect(right).toMatchObject({ allow: true, code: 200, reason: '' });
    expect(wrong.map((one) => one.reason)).toEqual([
      'action: must be connect, subscribe or publish',
      'action: is required',
      'token: or user_id is required',
      expect.stringMatching(/^user_id: /),
      'token: and user_id: only one of these',
      'group_id: or peer_id is required',
      'group_id: and peer_id: only one of these',
    ]);
    for (const one of wrong)
      expect(one).toEqual({
        ...{ allow: false, code: 10002, reason: one.reason, user_id: null, device_sn: null, role: null },
        ...{ until: -1, version: 0 },
      });
    for (const items of [undefined, [], 'x', [1], Array(101).fill({ action: 'connect', user_id: 1 })])
      expect(await given.admin().fails('POST /access/check', { items })).toBe('badParameter');
  });

  story('tokens that are malformed, forged, of another app or of an admin are badToken', async (given) => {
    const alice = await given.user();
    const other = await given.otherApp();
    const mallory = await other.user();
    const items = ['', 'x', `${alice.token}x`, given.adminToken, mallory.token].map((token) => ({
      action: 'connect',
      token,
    }));
    for (const one of await check(given, ...items))
      expect(one).toMatchObject({ allow: false, code: code('badToken'), user_id: null, device_sn: null, until: -1 });
    const unknown = newUserToken(given.record, alice.id, alice.device);
    expect(await check(given, { action: 'connect', token: unknown })).toMatchObject([
      { code: code('loginAgain'), user_id: alice.id, device_sn: alice.device, until: -1 },
    ]);
  });

  story('a session that is revoked is refused by the next decision (loginAgain)', async (given) => {
    const ends: [string, (of: Person) => Promise<unknown>][] = [
      ['kicked', (of) => of.does('POST /user/kick', { device_sn: of.device })],
      ['device removed', (of) => of.does('POST /user/device/remove', { device_sn: of.device })],
      ['disabled', (of) => given.admin().does('PUT /user/disable', { list: [of.id] })],
      ['deleted', (of) => of.does('POST /user/delete', { password: PASSWORD })],
      [
        'password changed by the app',
        (of) => given.admin({ user: of.id }).does('POST /user/change_password_admin', { password: `${PASSWORD}!` }),
      ],
    ];
    for (const [name, end] of ends) {
      const [owner, person] = (await given.users(2)) as [Person, Person];
      const group = await given.group(owner, { members: [person] });
      expect(await codes(given, ...everything(person, group)), name).toEqual(ALL);
      await end(person);
      expect(await codes(given, ...everything(person, group)), name).toEqual(Array(3).fill(code('loginAgain')));
    }
  });

  story('another password ends the other sessions of the user, not the one that changes it', async (given) => {
    const alice = await given.user();
    const second = await given.session({ user: alice.id, username: alice.username });
    await alice.does('POST /user/change_password', { old_password: PASSWORD, new_password: `${PASSWORD}!` });
    expect(await codes(given, ...[alice, second].map(({ token }) => ({ action: 'connect', token })))).toEqual([
      200,
      code('loginAgain'),
    ]);
  });

  story('a user must exist (userMissing) and be enabled (noPermission)', async (given) => {
    const [alice, bob] = (await given.users(2)) as [Person, Person];
    const ask = () => codes(given, ...[alice.id, bob.id, 1].map((user_id) => ({ action: 'connect', user_id })));
    expect(await ask()).toEqual([200, 200, code('userMissing')]);
    await given.admin().does('PUT /user/disable', { list: [alice.id] });
    await bob.does('POST /user/delete', { password: PASSWORD });
    expect(await ask()).toEqual([code('noPermission'), code('userMissing'), code('userMissing')]);
    await given.admin().does('PUT /user/enable', { list: [alice.id] });
    expect((await ask())[0]).toBe(200);
  });

  story('the messages of a group are for its members (groupMissing, needsMember)', async (given) => {
    const [alice, bob, carol] = (await given.users(3)) as [Person, Person, Person];
    const group_id = await given.group(alice, { members: [bob] });
    const ask = (who: Person) => codes(given, ...everything(who, group_id));
    const none = (name: ErrorName) => [200, code(name), code(name)];
    expect(await ask(carol)).toEqual(none('needsMember'));
    await alice.does('POST /group/kick', { group_id, user_list: [bob.id] });
    expect(await ask(bob)).toEqual(none('needsMember'));
    await alice.does('POST /group/block', { group_id, user_list: [carol.id] });
    expect(await ask(carol)).toEqual(none('needsMember'));
    await alice.does('POST /group/destroy', { group_id });
    for (const who of [alice, bob, carol]) expect(await ask(who)).toEqual(none('groupMissing'));
    expect(await codes(given, { action: 'publish', user_id: alice.id, group_id: 1 })).toEqual([code('groupMissing')]);
  });

  story('a banned member reads but does not speak (bannedInGroup), until the ban is lifted', async (given) => {
    const [alice, bob, carol] = (await given.users(3)) as [Person, Person, Person];
    const group_id = await given.group(alice, { admins: [carol], members: [bob] });
    await alice.does('POST /group/ban', { group_id, user_list: [bob.id, carol.id], duration: 60 });
    const banned = [200, 200, code('bannedInGroup')];
    // Also an admin, whom the owner has banned.
    for (const who of [bob, carol]) expect(await codes(given, ...everything(who, group_id))).toEqual(banned);
    const [list] = await alice.does('GET /group/banned_list', { group_id });
    const [, , one] = await check(given, ...everything(bob, group_id));
    const session = await endOf(given, bob);
    expect(one!.until).toBe(Math.min(list.expired_time, session));
    await alice.does('POST /group/unban', { group_id, user_list: [bob.id] });
    expect(await codes(given, ...everything(bob, group_id))).toEqual(ALL);
    // A ban without an end: only the end of the session changes the decision.
    await alice.does('POST /group/ban', { group_id, user_list: [bob.id], duration: -1 });
    expect(
      await check(given, { action: 'publish', user_id: bob.id, group_id }, everything(bob, group_id)[2]!),
    ).toMatchObject([
      { code: code('bannedInGroup'), until: -1 },
      { code: code('bannedInGroup'), until: session },
    ]);
  });

  story('in a silenced group only owner and admins speak (groupSilenced)', async (given) => {
    const [alice, bob, carol] = (await given.users(3)) as [Person, Person, Person];
    const group_id = await given.group(alice, { admins: [bob], members: [carol] });
    await alice.does('POST /group/settings/ban_all', { group_id, duration: -1 });
    for (const who of [alice, bob]) expect(await codes(given, ...everything(who, group_id))).toEqual(ALL);
    expect(await codes(given, ...everything(carol, group_id))).toEqual([200, 200, code('groupSilenced')]);
    // The right goes with the role.
    await alice.does('POST /group/admin/remove', { group_id, user_list: [bob.id] });
    expect(await codes(given, ...everything(bob, group_id))).toEqual([200, 200, code('groupSilenced')]);
    await alice.does('POST /group/settings/unban_all', { group_id });
    for (const who of [bob, carol]) expect(await codes(given, ...everything(who, group_id))).toEqual(ALL);
  });

  story('a message to a user is decided as may_message says', async (given) => {
    const [alice, bob, carol] = (await given.users(3)) as [Person, Person, Person];
    const to = (peer: Person, who = alice) => ({ action: 'publish', token: who.token, peer_id: peer.id });
    expect(await codes(given, to(bob), to(alice), { action: 'publish', user_id: alice.id, peer_id: 1 })).toEqual([
      200,
      200,
      code('userMissing'),
    ]);
    await bob.does('POST /roster/block', { user_id: alice.id });
    expect(await codes(given, to(bob), to(alice, bob))).toEqual([code('noPermission'), 200]);
    await given.admin().does('PUT /user/disable', { list: [carol.id] });
    expect(await codes(given, to(carol))).toEqual([code('noPermission')]);
    expect(await given.admin().does('GET /roster/may_message', { user_id: bob.id, roster_id: alice.id })).toBe(false);
  });

  story(
    'where strangers may not write, only friends do (notFriend)',
    async (given) => {
      const [alice, bob] = (await given.users(2)) as [Person, Person];
      const ask = () => codes(given, { action: 'publish', token: alice.token, peer_id: bob.id });
      expect(await ask()).toEqual([code('notFriend')]);
      await alice.does('POST /roster/apply', { user_id: bob.id });
      expect(await ask()).toEqual([200]);
    },
    { limits: { strangers_may_message: 0 } },
  );

  story('users read their own messages only (noPermission)', async (given) => {
    const [alice, bob] = (await given.users(2)) as [Person, Person];
    const read = (peer_id: UserId) => ({ action: 'subscribe', token: alice.token, peer_id });
    expect(await codes(given, read(alice.id), read(bob.id))).toEqual([200, code('noPermission')]);
  });

  story('a hundred questions are answered in their order', async (given) => {
    const [alice, ...others] = await given.users(100);
    const group_id = await given.group(alice!, { members: others.slice(0, 49) });
    const items = [alice!, ...others].map(({ token }) => ({ action: 'subscribe', token, group_id }));
    const answers = await check(given, ...items);
    expect(answers.map((one) => one.user_id)).toEqual([alice!, ...others].map(({ id }) => id));
    expect(answers.map((one) => one.allow)).toEqual([...Array(50).fill(true), ...Array(50).fill(false)]);
  });
});

inThisProcess('Decisions', (story) => {
  story('one question takes one round trip and at most six units', async (given) => {
    const [alice, bob] = (await given.users(2)) as [Person, Person];
    const group_id = await given.group(alice, { members: [bob] });
    await tellFiles(given, group_id, 1);
    await bob.does('POST /roster/apply', { user_id: alice.id });
    await given.undisturbed(async () => {
      const ask = async (item: Item) => {
        const { log } = await given.admin().asks('POST /access/check', { items: [item] });
        return [log!.trips, log!.read_units];
      };
      // The first call reads the app too, which the instance then knows for 30 seconds.
      await ask({ action: 'connect', token: bob.token });
      expect(await ask({ action: 'connect', token: bob.token })).toEqual([1, 3]);
      expect(await ask({ action: 'publish', user_id: bob.id, group_id })).toEqual([1, 5]);
      expect(await ask({ action: 'publish', token: bob.token, group_id })).toEqual([1, 6]);
      expect(await ask({ action: 'publish', token: bob.token, peer_id: alice.id })).toEqual([1, 5]);
    });
  });

  story('a hundred questions take one round trip', async (given) => {
    const [alice, ...others] = await given.users(100);
    const items = others.map(({ token }, index) => ({ action: 'publish', token, group_id: index + 1 }));
    await check(given, { action: 'connect', user_id: alice!.id });
    await given.undisturbed(async () => {
      const { log } = await given.admin().asks('POST /access/check', { items });
      expect(log!.trips).toBe(1);
      expect(log!.requests).toBeGreaterThan(1);
    });
  });

  story('the version is that of the last change that the decision knows', async (given) => {
    const [alice, bob] = (await given.users(2)) as [Person, Person];
    const group_id = await given.group(alice, { members: [bob] });
    await tellFiles(given, group_id, 0);
    const [one] = await check(given, { action: 'subscribe', token: bob.token, group_id });
    const { body } = await alice.asks('GET /group/member_list', { group_id });
    expect(one!.version).toBe(body.version);
    await given.db.write([updateApp(given.app, { limits: { ...given.record.limits, event_days: 0 } })]);
    forgetCachedApps();
    expect((await check(given, { action: 'subscribe', token: bob.token, group_id }))[0]!.version).toBe(0);
  });

  story('the app itself must be enabled (appDisabled)', async (given) => {
    const alice = await given.user();
    await given.db.write([updateApp(given.app, { status: 'disabled' })]);
    forgetCachedApps();
    expect(await given.admin().fails('POST /access/check', { items: [{ action: 'connect', user_id: alice.id }] })).toBe(
      'appDisabled',
    );
  });
});

inRaces('Decisions raced against changes', (story) => {
  story('what a change has ended is refused by every decision that begins after its answer', async (given) => {
    const [alice, bob] = (await given.users(2)) as [Person, Person];
    const group_id = await given.group(alice, { members: [bob] });
    const item = { action: 'publish', token: bob.token, group_id };
    const changes: [() => Promise<unknown>, () => Promise<unknown>, ErrorName][] = [
      [
        () => alice.does('POST /group/ban', { group_id, user_list: [bob.id], duration: 1 }),
        () => alice.does('POST /group/unban', { group_id, user_list: [bob.id] }),
        'bannedInGroup',
      ],
      [
        () => alice.does('POST /group/settings/ban_all', { group_id, duration: 1 }),
        () => alice.does('POST /group/settings/unban_all', { group_id }),
        'groupSilenced',
      ],
      [
        () => alice.does('POST /group/kick', { group_id, user_list: [bob.id] }),
        () => alice.does('POST /group/invite', { group_id, user_list: [bob.id] }),
        'needsMember',
      ],
    ];
    for (const [end, begin, error] of changes) {
      const during = given.race(
        end,
        ...Array.from({ length: 5 }, () => async () => {
          const [found] = await codes(given, item);
          expect([200, code(error)]).toContain(found);
        }),
      );
      await during;
      expect(await codes(given, item)).toEqual([code(error)]);
      await begin();
      expect(await codes(given, item)).toEqual([200]);
    }
  });
});

inRaces('Decisions raced against ends of sessions', (story) => {
  story(
    'a session that ends is refused by every decision that begins after that answer (loginAgain)',
    async (given) => {
      const ends: ((of: Person) => Promise<unknown>)[] = [
        (of) => of.does('POST /user/kick', { device_sn: of.device }),
        (of) => given.admin().does('PUT /user/disable', { list: [of.id] }),
        (of) => given.admin({ user: of.id }).does('POST /user/change_password_admin', { password: `${PASSWORD}!` }),
        (of) => of.does('POST /user/delete', { password: PASSWORD }),
      ];
      for (const end of ends) {
        const [alice, bob] = (await given.users(2)) as [Person, Person];
        const group_id = await given.group(alice, { members: [bob] });
        const item = { action: 'publish', token: bob.token, group_id };
        const decide = async () => {
          const [found] = await codes(given, item);
          expect([200, code('loginAgain')]).toContain(found);
        };
        await given.race(() => end(bob), ...Array.from({ length: 5 }, () => decide));
        expect(await codes(given, item)).toEqual([code('loginAgain')]);
      }
    },
  );
});

test('a decision changes at the very millisecond of its `until`, and not before', async () => {
  const given = await Given.app(await world('in process'));
  const [alice, bob] = (await given.users(2)) as [Person, Person];
  const group_id = await given.group(alice, { members: [bob] });
  const now = Date.now();
  /** What the decision is at a moment, and when it says that it changes. */
  const at = async (moment: number): Promise<[number, number]> => {
    const question: Question = { action: 'publish', token: bob.token, group_id };
    const reads = readsOf(given.app, question, false);
    const found = decide(given.record, moment, question, await given.db.read(reads));
    return [found.code, found.until];
  };
  const set = async (bannedUntil: number | undefined, mutedUntil: number, expiresAt: number) => {
    await given.db.write([
      update(schema.groupMembership.key(given.app, group_id, bob.id), { set: { bannedUntil } }),
      update(schema.group.key(given.app, group_id), { set: { mutedUntil } }),
      update(schema.device.key(given.app, bob.id, bob.device), { set: { expiresAt } }),
    ]);
  };
  const [banned, silenced, ended] = (['bannedInGroup', 'groupSilenced', 'loginAgain'] as const).map(code);
  // The ban ends first, then the silence, then the session.
  await set(now + 1000, now + 2000, now + 3000);
  expect(await at(now)).toEqual([banned, now + 1000]);
  expect(await at(now + 999)).toEqual([banned, now + 1000]);
  expect(await at(now + 1000)).toEqual([silenced, now + 2000]);
  expect(await at(now + 1999)).toEqual([silenced, now + 2000]);
  expect(await at(now + 2000)).toEqual([200, now + 3000]);
  expect(await at(now + 2999)).toEqual([200, now + 3000]);
  expect(await at(now + 3000)).toEqual([ended, -1]);
  // The session ends during the ban.
  await set(FOR_EVER, FOR_EVER, now + 500);
  expect(await at(now + 499)).toEqual([banned, now + 500]);
  expect(await at(now + 500)).toEqual([ended, -1]);
});

/** When a session ends (ms). */
async function endOf({ app, db }: Given, { id, device }: Person): Promise<number> {
  const [found] = await db.read([readDevice(app, id, device)] as const);
  return found!.expiresAt;
}
const allowed = ({ id, device }: Person, rest: Partial<Decision>) => ({
  ...{ allow: true, code: 200, reason: '', user_id: id, device_sn: device, version: 0 },
  ...rest,
});
