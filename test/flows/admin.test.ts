import { expect, test, vi } from 'vitest';
import { migrate } from '../../infra/ops/migrate.ts';
import { forgetCachedApps } from '../../shared/call/app-cache.ts';
import { chance } from '../../shared/call/chance.ts';
import { devicesOf, setFailures } from '../../shared/data/device-repo.ts';
import { lacksGroupEntries } from '../../shared/data/index-entry-repo.ts';
import { indexedName, usernameKey } from '../../shared/data/keys.ts';
import { countFailure } from '../../shared/data/lock-repo.ts';
import * as schema from '../../shared/data/schema.ts';
import { update } from '../../shared/data/step.ts';
import { searchMisses } from '../../shared/domain/app/search.ts';
import { STATISTICS } from '../../shared/environment.ts';
import type { Answer } from '../support/api.ts';
import { eventsAreTold, relayed } from '../support/events.ts';
import { Given, inBothWorlds, inRaces, inThisProcess, type Person } from '../support/story.ts';
import { world } from '../support/world.ts';

const ids = (entries: { user_id: number }[]) => entries.map(({ user_id }) => user_id);
const groupIds = (entries: { group_id: number }[]) => entries.map(({ group_id }) => group_id);
const inOrder = (numbers: number[]) => numbers.toSorted((one, other) => one - other);
const members = async (given: Given, group_id: number): Promise<number[]> =>
  inOrder(ids(await given.admin().lists('GET /group/member_list', { group_id })));

inBothWorlds('Search of users', (story) => {
  story('usernames are found by what they begin with, without regard to case, in their order', async (given) => {
    const admin = given.admin();
    const [zoe, zora, zed] = [await given.user('zoe'), await given.user('Zora'), await given.user('z')];
    await given.user('yan');
    const found = ids(await admin.lists('GET /admin/user/search', { prefix: 'ZO', limit: 1 }));
    expect(found).toEqual([zoe.id, zora.id]);
    // Han characters, an underscore, and NFKC: a radical is its character.
    const [han] = (await admin.does('POST /user/register/batch', {
      list: [{ username: '李小龙', password: 'password' }],
    })) as [{ user_id: number }];
    expect(ids(await admin.does('GET /admin/user/search', { prefix: '李小' }))).toEqual([han.user_id]);
    expect(ids(await admin.does('GET /admin/user/search', { prefix: 'z_' }))).toEqual([zed.id]);
    expect(await admin.does('GET /admin/user/search', { prefix: 'zz#' })).toEqual([]);
    await given.setUser(zora.id, { status: 'disabled' });
    expect(ids(await admin.lists('GET /admin/user/search', { prefix: 'zo', status: 1 }))).toEqual([zora.id]);
    expect(ids(await admin.lists('GET /admin/user/search', { prefix: 'zo', status: 0 }))).toEqual([zoe.id]);
  });

  story('a new name is found and the old one is not, a deleted user neither way', async (given) => {
    const admin = given.admin();
    const alice = await given.user('alice');
    await alice.does('PUT /user/username', { username: 'renamed_x' });
    await alice.does('PUT /user/nickname', { nick_name: 'Al' });
    await alice.does('PUT /user/mobile', { mobile: '+4930777' });
    const [entry] = await admin.does('GET /admin/user/search', { prefix: 'RENAMED' });
    expect(entry).toMatchObject({
      user_id: alice.id,
      username: 'renamed_x',
      nick_name: 'Al',
      mobile: '+4930777',
      status: 0,
    });
    expect(await admin.does('GET /admin/user/search', { prefix: 'alice' })).toEqual([]);
    expect(await admin.does('GET /admin/user/search', { mobile: '+4930777' })).toEqual([entry]);
    expect(await admin.does('GET /admin/user/search', { user_id: alice.id })).toEqual([entry]);
    await given.admin({ user: alice.id }).does('POST /user/delete');
    for (const by of [{ prefix: 'renamed' }, { mobile: '+4930777' }, { user_id: alice.id }])
      expect(await admin.does('GET /admin/user/search', by)).toEqual([]);
    expect(await admin.does('GET /admin/user/info', { user_id: alice.id })).toMatchObject({ status: 2, username: '' });
  });

  story('exactly one way to search is required (badParameter), by an admin token (noPermission)', async (given) => {
    const [admin, alice] = [given.admin(), await given.user()];
    for (const wrong of [
      {},
      { prefix: 'a', user_id: 1 },
      { prefix: ' ' },
      { prefix: 'a', cursor: 'x' },
      { prefix: 'a', status: 2 },
    ])
      expect(await admin.fails('GET /admin/user/search', wrong), JSON.stringify(wrong)).toBe('badParameter');
    expect((await admin.asks('GET /admin/user/search', {})).body.message).toBe(
      'prefix: exactly one is required of prefix, mobile, user_id',
    );
    const first = await admin.asks('GET /admin/user/search', { prefix: 'u', limit: 1 });
    await given.user();
    const { cursor } = (await admin.asks('GET /admin/user/search', { prefix: 'u', limit: 1 })).body;
    expect(first.body.cursor).toBeUndefined();
    expect(await admin.fails('GET /admin/user/search', { prefix: 'us', cursor })).toBe('badParameter');
    for (const call of ['GET /admin/user/search', 'GET /admin/group/list', 'GET /admin/overview'] as const)
      expect(await alice.fails(call, { prefix: 'u' })).toBe('noPermission');
    expect(ids(await (await given.otherApp()).admin().does('GET /admin/user/search', { prefix: 'u' }))).toEqual([]);
  });
});

inBothWorlds('Everything about a user', (story) => {
  story('one call shows profile, devices, failures and limits, and unlocking forgets the failures', async (given) => {
    const admin = given.admin();
    const alice = await given.user();
    await alice.does('PUT /user/profile', { nick_name: 'Al', private_info: 'p', description: 'd' });
    const at = Date.now();
    const fails = Array.from({ length: 10 }, () => at);
    const [device] = await given.db.read(devicesOf(given.app, alice.id));
    await given.db.write([
      countFailure(given.app, String(alice.id), undefined, {
        fails,
        ttl: Math.ceil(at / 1000) + 1200,
        locks: true,
        lockedUntil: at + 600_000,
      }),
    ]);
    await given.db.write([setFailures(given.app, alice.id, device!, fails)]);
    const shown = await admin.does('GET /admin/user/info', { user_id: alice.id });
    expect(shown).toMatchObject({
      ...{ user_id: alice.id, nick_name: 'Al', private_info: 'p', status: 0, has_password: true },
      ...{ failed_logins: 10, locked_until: Math.floor((at + 600_000) / 1000), limits: { devices: 20 } },
      devices: [{ device_sn: alice.device, failed_logins: 10, push_bound: false }],
    });
    expect(shown.devices[0].session_expires_at).toBeGreaterThan(at / 1000);
    expect(shown.devices[0].locked_until).toBeGreaterThan(at / 1000);
    expect(JSON.stringify(shown)).not.toContain('hash');
    expect(await admin.does('POST /admin/user/unlock', { user_id: alice.id })).toBe(true);
    expect(await admin.does('GET /admin/user/info', { user_id: alice.id })).toMatchObject({
      ...{ failed_logins: 0, locked_until: 0, devices: [{ failed_logins: 0, locked_until: 0 }], identities: [] },
    });
    expect(await admin.fails('GET /admin/user/info', { user_id: 1 })).toBe('userMissing');
    expect(await admin.fails('POST /admin/user/unlock', { user_id: 1 })).toBe('userMissing');
  });

  story('the groups of a user come with role, ban and block', async (given) => {
    const [alice, bob] = (await given.users(2)) as [Person, Person];
    const own = await given.group(bob, { name: 'Own' });
    const banned = await given.group(alice, { name: 'Banned', members: [bob] });
    const blocked = await given.group(alice, { members: [bob] });
    const left = await given.group(alice, { members: [bob] });
    await alice.does('POST /group/ban', { group_id: banned, duration: -1, user_list: [bob.id] });
    await alice.does('POST /group/block', { group_id: blocked, user_list: [bob.id] });
    await bob.does('POST /group/leave', { group_id: left });
    const entries = await given.admin().lists('GET /admin/user/groups', { user_id: bob.id, limit: 1 });
    const of = (group: number) => entries.find(({ group_id }: { group_id: number }) => group_id === group);
    expect(of(own)).toMatchObject({ name: 'Own', state: 'member', role: 2, ban_expire_time: 0, blocked_at: 0 });
    expect(of(banned)).toMatchObject({ name: 'Banned', owner_id: alice.id, role: 0, ban_expire_time: -1 });
    expect(of(blocked)).toMatchObject({ state: 'blocked', role: null, join_time: 0 });
    expect(of(blocked).blocked_at).toBeGreaterThan(0);
    expect(of(left)).toBeUndefined();
    expect(await given.admin().fails('GET /admin/user/groups', { user_id: 1 })).toBe('userMissing');
  });
});

inBothWorlds('Search of groups', (story) => {
  story('groups are found by what their names begin with, by id, and listed the newest first', async (given) => {
    const [admin, alice] = [given.admin(), await given.user()];
    const made = [];
    for (const name of ['Team Ä 1', 'team ä 2', 'Other'])
      made.push((await alice.does('POST /group/create', { name })).group_id);
    const [one, two, other] = made;
    expect(groupIds(await admin.lists('GET /admin/group/search', { prefix: 'TEAM Ä', limit: 1 }))).toEqual([one, two]);
    const [entry] = await admin.does('GET /admin/group/search', { group_id: one });
    expect(entry).toMatchObject({ name: 'Team Ä 1', owner_id: alice.id, type: 0, status: 0, count: 1, capacity: 2000 });
    expect(groupIds(await admin.lists('GET /admin/group/list', { limit: 1 }))).toEqual([other, two, one]);
    await alice.does('POST /group/info/name', { group_id: one, value: 'Renamed' });
    expect(groupIds(await admin.does('GET /admin/group/search', { prefix: 'team' }))).toEqual([two]);
    expect(groupIds(await admin.does('GET /admin/group/search', { prefix: 'ren' }))).toEqual([one]);
    await alice.does('POST /group/destroy', { group_id: two });
    expect(await admin.does('GET /admin/group/search', { prefix: 'team' })).toEqual([]);
    expect(groupIds(await admin.does('GET /admin/group/list'))).toEqual([other, one]);
    expect(await admin.does('GET /admin/group/search', { group_id: two })).toMatchObject([{ status: 1 }]);
    expect(await admin.does('GET /admin/group/search', { group_id: 1 })).toEqual([]);
    expect(await admin.fails('GET /admin/group/search', { group_id: one, prefix: 'team' })).toBe('badParameter');
    // Longer than the index holds.
    const long = 'x'.repeat(100);
    await alice.does('POST /group/info/name', { group_id: one, value: long });
    expect(groupIds(await admin.does('GET /admin/group/search', { prefix: long }))).toEqual([one]);
    expect(await admin.does('GET /admin/group/search', { prefix: `${long}y` })).toEqual([]);
  });

  story('members are found by display name, username and id', async (given) => {
    const admin = given.admin();
    const alice = await given.user('owner');
    const people = (await given.users(5, 'needle')) as [Person, Person, ...Person[]];
    const [bob, carol] = people;
    const group_id = await given.group(alice, { admins: [bob], members: people.slice(1) });
    await carol.does('POST /group/display_name', { group_id, value: 'Zoë in the group' });
    const found = await admin.lists('GET /admin/group/members/search', { group_id, text: 'NEEDLE', limit: 2 });
    expect(inOrder(ids(found))).toEqual(inOrder(people.map(({ id }) => id)));
    expect(found.find(({ user_id }: { user_id: number }) => user_id === bob.id)).toMatchObject({
      ...{ username: bob.username, role: 1, display_name: '', ban_expire_time: 0 },
    });
    expect(ids(await admin.does('GET /admin/group/members/search', { group_id, text: 'zoë' }))).toEqual([carol.id]);
    const [one] = await admin.does('GET /admin/group/members/search', { group_id, user_id: alice.id });
    expect(one).toMatchObject({ user_id: alice.id, role: 2 });
    expect(await admin.does('GET /admin/group/members/search', { group_id, user_id: 1 })).toEqual([]);
    expect(await admin.fails('GET /admin/group/members/search', { group_id: 1, text: 'a' })).toBe('groupMissing');
  });
});

inBothWorlds('The app assigns an owner', (story) => {
  story('a member, an admin or a stranger becomes owner, whatever became of the old one', async (given) => {
    const admin = given.admin();
    const [alice, bob, carol, dave] = (await given.users(4)) as [Person, Person, Person, Person];
    const group_id = await given.group(alice, { admins: [bob], members: [carol] });
    const assign = (new_owner: number) => admin.does('POST /admin/group/owner/assign', { group_id, new_owner });
    const roles = async () =>
      Object.fromEntries(
        await Promise.all(
          (await members(given, group_id)).map(async (user_id) => {
            const [one] = await admin.does('GET /admin/group/members/search', { group_id, user_id });
            return [user_id, one.role];
          }),
        ),
      );
    await given.setUser(alice.id, { status: 'disabled' });
    expect(await assign(bob.id)).toEqual({ user_id: bob.id, result: 'success', reason: '' });
    expect(await roles()).toEqual({ [alice.id]: 0, [bob.id]: 2, [carol.id]: 0 });
    // A ban waits for dave, and no owner is banned.
    await admin.does('POST /group/invite', { group_id, user_list: [dave.id] });
    await admin.does('POST /group/ban', { group_id, duration: -1, user_list: [dave.id] });
    await admin.does('POST /group/kick', { group_id, user_list: [dave.id] });
    await assign(dave.id);
    expect(await roles()).toEqual({ [alice.id]: 0, [bob.id]: 0, [carol.id]: 0, [dave.id]: 2 });
    expect(await admin.does('GET /group/banned_list', { group_id })).toEqual([]);
    await assign(dave.id);
    expect(await admin.does('GET /admin/group/search', { group_id })).toMatchObject([{ owner_id: dave.id, count: 4 }]);
    // The header names a user who has no right of its own.
    await given.admin({ user: carol.id }).does('POST /admin/group/owner/assign', { group_id, new_owner: carol.id });
    expect(await roles()).toMatchObject({ [carol.id]: 2, [dave.id]: 0 });
  });

  story('a stranger needs room, and may not be blocked or missing', async (given) => {
    const admin = given.admin();
    const [alice, bob] = (await given.users(2)) as [Person, Person];
    const full = await given.group(alice, { capacity: 1 });
    const group_id = await given.group(alice);
    await alice.does('POST /group/block', { group_id, user_list: [bob.id] });
    const assign = (group: number, new_owner: number) =>
      admin.fails('POST /admin/group/owner/assign', { group_id: group, new_owner });
    expect(await assign(full, bob.id)).toBe('groupFull');
    expect(await assign(group_id, bob.id)).toBe('blocked');
    expect(await assign(group_id, 1)).toBe('userMissing');
    expect(await assign(1, bob.id)).toBe('groupMissing');
    expect(await alice.fails('POST /admin/group/owner/assign', { group_id, new_owner: bob.id })).toBe('noPermission');
  });
});

inBothWorlds('A list of members', (story) => {
  story('a group gets the members and admins of the list, in parts, after a dry run', async (given) => {
    const admin = given.admin();
    const people = (await given.users(8)) as [Person, Person, Person, Person, Person, Person, Person, Person];
    const [alice, bob, carol, dave, erin, frank, grace, heidi] = people;
    const consents = await given.user('ivan', { confirm: true });
    const group_id = await given.group(alice, { admins: [bob], members: [carol, dave] });
    await admin.does('POST /group/block', { group_id, user_list: [heidi.id] });
    const list = {
      ...{ group_id, admin_ids: [carol.id, erin.id], max_remove_share: 0.25 },
      user_ids: [bob, carol, erin, frank, grace, heidi, consents].map(({ id }) => id),
    };
    const ask = async (more: object) => (await admin.asks('POST /admin/group/members/set', { ...list, ...more })).body;
    const counts = { to_add: 5, to_remove: 1, to_promote: 2, to_demote: 1, unchanged: 3 };
    const dry = await ask({ dry_run: true });
    expect(dry).toMatchObject(counts);
    expect(dry.cursor).toBeUndefined();
    expect(dry.data).toHaveLength(9);
    expect(await members(given, group_id)).toEqual(inOrder([alice, bob, carol, dave].map(({ id }) => id)));
    expect(await ask({ max_remove_share: 0.2 })).toMatchObject({
      ...{ code: 10002, message: 'max_remove_share: the group would lose 1 of 4 members, which is more' },
    });
    expect(await ask({ admin_ids: [dave.id] })).toMatchObject({ code: 10002 });
    const first = await ask({ limit: 4 });
    expect(first).toMatchObject(counts);
    const tried = [...first.data];
    for (let { cursor } = first; cursor; ) {
      const next = await ask({ limit: 4, cursor });
      tried.push(...next.data);
      cursor = next.cursor;
    }
    const result = (change: string, { id }: Person) =>
      tried.find((one: { change: string; user_id: number }) => one.change === change && one.user_id === id);
    expect(tried).toHaveLength(9);
    for (const [change, who] of [
      ['remove', dave],
      ['demote', bob],
      ['add', erin],
      ['promote', erin],
      ['promote', carol],
      ['add', consents],
    ] as const)
      expect(result(change, who)).toMatchObject({ result: 'success', reason: '' });
    expect(result('add', heidi)).toMatchObject({ result: 'fail', reason: "the user is on the group's blacklist" });
    const now = [alice, bob, carol, erin, frank, grace].map(({ id }) => id);
    expect(await members(given, group_id)).toEqual(inOrder(now));
    expect(inOrder(ids(await admin.does('GET /group/admin_list', { group_id })))).toEqual(inOrder([carol.id, erin.id]));
    expect(await consents.lists('GET /group/invitation_list')).toHaveLength(1);
    // The same again has nothing left but those who could not join.
    expect(await ask({})).toMatchObject({ to_add: 2, to_remove: 0, to_promote: 0, to_demote: 0, unchanged: 6 });
    const { cursor } = await ask({ limit: 1 });
    expect(await ask({ cursor: `${cursor}x` })).toMatchObject({ code: 10002 });
    // Without the owner and without admins: roles stay, and the owner too.
    expect(await ask({ user_ids: [], admin_ids: undefined, max_remove_share: 1 })).toMatchObject({ to_remove: 5 });
    expect(await members(given, group_id)).toEqual([alice.id]);
    // The header names a user who has no right of its own.
    await given
      .admin({ user: dave.id })
      .does('POST /admin/group/members/set', { group_id, user_ids: [bob.id, dave.id], admin_ids: [bob.id] });
    expect(await members(given, group_id)).toEqual(inOrder([alice.id, bob.id, dave.id]));
  });

  story(
    'an admin too many, appointed between two parts of a list, fails the entry alone',
    async (given) => {
      const admin = given.admin();
      const people = (await given.users(5)) as [Person, Person, Person, Person, Person];
      const [alice, bob, carol, dave, erin] = people;
      const group_id = await given.group(alice, { members: [bob, carol] });
      const list = { group_id, user_ids: people.map(({ id }) => id), admin_ids: [carol.id] };
      const ask = async (more: object) =>
        (await admin.asks('POST /admin/group/members/set', { ...list, ...more })).body;
      const { data, cursor } = await ask({ limit: 1 });
      expect(data).toMatchObject([{ change: 'add', result: 'success' }]);
      await alice.does('POST /group/admin/add', { group_id, user_list: [bob.id] });
      expect((await ask({ cursor })).data).toMatchObject([
        { user_id: Math.max(dave.id, erin.id), change: 'add', result: 'success' },
        { user_id: carol.id, change: 'promote', result: 'fail', reason: 'admin_ids: a group has at most 1 admins' },
      ]);
      // Begun again, it demotes the other.
      await ask({});
      expect(ids(await admin.does('GET /group/admin_list', { group_id }))).toEqual([carol.id]);
    },
    { limits: { group_admins: 1 } },
  );
});

inBothWorlds('Explanations', (story) => {
  story('a decision comes with the event that made it so', async (given) => {
    await eventsAreTold(given);
    const admin = given.admin();
    const [alice, bob, carol, dave] = (await given.users(4)) as [Person, Person, Person, Person];
    const { group_id } = await alice.does('POST /group/create', {
      name: 'Team',
      user_list: [bob.id, carol.id, dave.id],
    });
    await alice.does('POST /group/ban', { group_id, duration: 60, user_list: [bob.id] });
    await alice.does('POST /group/kick', { group_id, user_list: [carol.id] });
    await admin.does('PUT /user/disable', { list: [dave.id] });
    await bob.does('POST /roster/block', { user_id: alice.id });
    await relayed(given);
    const explain = (user: Person, more: object = { group_id }) =>
      admin.does('GET /admin/access/explain', { user_id: user.id, ...more });
    const by = ({ id }: Person) => ({ authtype: 'user', authid: String(id) });
    expect(await explain(bob)).toMatchObject({
      ...{ allow: false, code: 20026, role: 0 },
      event: { type: 'group.member.banned', ...by(alice), data: { user_id: bob.id } },
    });
    expect(await explain(carol)).toMatchObject({ code: 20011, event: { type: 'group.member.removed', ...by(alice) } });
    expect(await explain(dave)).toMatchObject({ code: 10010, event: { type: 'user.disabled', authtype: 'app' } });
    expect(await explain(alice)).toMatchObject({ allow: true, role: 2, event: { type: 'group.member.added' } });
    expect(await explain(alice, { peer_id: bob.id })).toMatchObject({
      ...{ allow: false, event: { type: 'user.block.added', ...by(bob) } },
    });
    expect(await explain(alice, { action: 'subscribe', peer_id: bob.id })).toMatchObject({ code: 10010, event: null });
    expect(await explain(bob, { action: 'connect' })).toMatchObject({ allow: true, event: null });
    expect(await admin.fails('GET /admin/access/explain', { user_id: bob.id })).toBe('badParameter');
  });
});

inBothWorlds('Overview', (story) => {
  story('it counts users and groups, and over HTTP the calls', async (given) => {
    const admin = given.admin();
    const alice = await given.user();
    await given.group(alice);
    const overview = () => admin.does('GET /admin/overview');
    expect(await overview()).toMatchObject({ users: 1, groups: 1 });
    // Tests in process count none. The write is given up where the database is slow.
    const counts = given.world.conflicts === undefined;
    await vi.waitFor(
      async () => {
        expect(await alice.fails('GET /group/info', { group_id: 1 })).toBe('groupMissing');
        const { refusals } = (await overview()).total;
        expect(refusals[20001] ?? 0).toBeGreaterThanOrEqual(counts ? 1 : 0);
      },
      { timeout: 10_000 },
    );
    expect(await admin.fails('GET /admin/overview', { hours: 169 })).toBe('badParameter');
  });

  story(
    'an app with limits shows its counts',
    async (given) => {
      const alice = await given.user();
      await given.nobody.does('POST /user/register/v2', { username: 'counted_1', password: 'password' });
      await alice.does('POST /group/create', { name: 'Team' });
      // Those that the story wrote past the counters are not among them.
      expect(await given.admin().does('GET /admin/overview')).toMatchObject({ users: 1, groups: 1, users_more: false });
    },
    { limits: { users: 10, groups: 10 } },
  );
});

inRaces('Races of administration', (story) => {
  story('one owner is left where the app assigns, the owner transfers and the successor leaves', async (given) => {
    const admin = given.admin();
    const [alice, bob, carol, dave] = (await given.users(4)) as [Person, Person, Person, Person];
    const group_id = await given.group(alice, { members: [bob, carol] });
    await given.race(
      () => admin.insists('POST /admin/group/owner/assign', { group_id, new_owner: bob.id }),
      () => admin.insists('POST /admin/group/owner/assign', { group_id, new_owner: dave.id }),
      () => alice.insists('POST /group/transfer', { group_id, new_owner: carol.id }),
      () => bob.insists('POST /group/leave', { group_id }),
      () => alice.insists('POST /group/leave', { group_id }),
    );
    expect(await given.problems()).toEqual([]);
    const [{ owner_id }] = await admin.does('GET /admin/group/search', { group_id });
    expect([alice, bob, carol, dave].map(({ id }) => id)).toContain(owner_id);
  });

  story('a list of members holds against joins, kicks and another list', async (given) => {
    const admin = given.admin();
    const people = (await given.users(12)) as [Person, ...Person[]];
    const [alice, ...others] = people;
    const group_id = await given.group(alice, { members: others.slice(0, 6), approval: 0 });
    const set = (some: Person[]) =>
      admin.insists('POST /admin/group/members/set', {
        ...{ group_id, user_ids: some.map(({ id }) => id), max_remove_share: 1, admin_ids: [] },
      });
    await given.race(
      () => set(others.slice(3, 9)),
      () => set(others.slice(3, 9)),
      () => alice.insists('POST /group/kick', { group_id, user_list: [others[4]!.id] }),
      () => others[10]!.insists('POST /group/apply', { group_id }),
      () => alice.insists('POST /group/admin/add', { group_id, user_list: [others[5]!.id] }),
    );
    expect(await given.problems()).toEqual([]);
    await set(others.slice(3, 9));
    expect(await members(given, group_id)).toEqual(inOrder([alice, ...others.slice(3, 9)].map(({ id }) => id)));
  });

  story('a search that meets renames shows each user once or not at all, never by a name it lost', async (given) => {
    const [admin, alice] = [given.admin(), await given.user('before')];
    const [found] = await given.race(
      () => admin.does('GET /admin/user/search', { prefix: 'before' }),
      () => alice.does('PUT /user/username', { username: 'after_it' }),
    );
    for (const { username } of found) expect(username).toMatch(/^before/);
    expect(ids(await admin.does('GET /admin/user/search', { prefix: 'after' }))).toEqual([alice.id]);
  });
});

inThisProcess('Costs of administration', (story) => {
  story('a search reads as much as its page, however many names there are', async (given) => {
    const admin = given.admin();
    const people = await given.users(150, 'many');
    const units = ({ log }: Answer) => log!.read_units;
    await admin.does('GET /admin/user/search', { prefix: 'x' });
    const cost = async (limit: number) => units(await admin.asks('GET /admin/user/search', { prefix: 'many', limit }));
    expect(await cost(10)).toBeLessThanOrEqual(24);
    expect(await cost(100)).toBeLessThanOrEqual(206);
    const group_id = await given.group(people[0]!, { members: people.slice(1, 101) });
    const asked = await admin.asks('GET /admin/group/members/search', { group_id, text: 'zzz' });
    // A unit for each member, and their memberships.
    expect(units(asked)).toBeLessThanOrEqual(115);
  });
});

inThisProcess('Items of an earlier release', (story) => {
  story('searches miss them until operators migrate, and the doctor sees it', async (given) => {
    const admin = given.admin();
    const alice = await given.user('alice');
    const group_id = await given.group(alice, { name: 'Team' });
    const gone = await given.group(alice, { name: 'Team' });
    await alice.does('POST /group/destroy', { group_id: gone });
    const without = { set: { gsi1pk: undefined, gsi1sk: undefined } };
    const keys = [
      usernameKey(given.app, alice.username),
      schema.group.key(given.app, group_id),
      ...[group_id, gone].map((id) => schema.groupInfo.key(given.app, id)),
    ];
    for (const key of keys) await given.db.write([update(key, without)]);
    const found = async () => [
      ids(await admin.does('GET /admin/user/search', { prefix: 'alice' })),
      groupIds(await admin.does('GET /admin/group/search', { prefix: 'team' })),
      groupIds(await admin.does('GET /admin/group/list')),
    ];
    expect(await found()).toEqual([[], [], []]);
    expect(await searchMisses(given.world.table, given.app)).toBe(true);
    for await (const _ of migrate(given.world.table, 10_000));
    expect(await found()).toEqual([[alice.id], [group_id], [group_id]]);
    expect(await searchMisses(given.world.table, given.app)).toBe(false);
    const [, forgotten] = await given.db.read(lacksGroupEntries(given.app, gone));
    expect(forgotten, 'a dissolved group stays out').toBe(true);
  });
});

test('the index holds names in ASCII, in the order of their characters', () => {
  expect(indexedName('Ab_9')).toBe('ab_9');
  expect(indexedName('ſ#~')).toBe('s{000023{00007e');
  expect(indexedName('😀')).toBe('{01f600');
  const names = ['a', 'ab', 'b', 'é', '中', '𠀀'];
  expect(names.map(indexedName).toSorted()).toEqual(names.map(indexedName));
});

test('calls are counted with what they used, and few of them write', async () => {
  const given = await Given.app(await world('in process'));
  const [admin, alice] = [given.admin(), await given.user()];
  const app = await admin.does('GET /admin/overview');
  expect(app).toMatchObject({ users: 1, users_more: false, groups: 0, hours: [], total: { calls: 0, dollars: 0 } });
  process.env[STATISTICS] = '1';
  try {
    forgetCachedApps();
    await alice.does('POST /group/create', { name: 'Team' });
    expect(await alice.fails('GET /group/info', { group_id: 1 })).toBe('groupMissing');
    const { total, hours, groups } = await admin.does('GET /admin/overview');
    expect(hours).toHaveLength(1);
    expect(groups).toBe(1);
    // The call that asks is not among them.
    expect(total).toMatchObject({
      calls: 2,
      faults: 0,
      refusals: { 20001: 1 },
      happened: { groups_made: 1, joins: 1 },
    });
    expect(total.write_units).toBeGreaterThan(10);
    expect(total.dollars).toBeGreaterThan(0.000002);
    process.env[STATISTICS] = '10';
    const draws = Array.from({ length: 80 }, (_, nth) => ((nth * 7) % 10) / 10 + 0.05);
    chance.draw = () => draws.pop() ?? 1;
    let written = 0;
    for (let n = 0; n < 80; n++) written += (await alice.asks('GET /user/push/tag')).log!.write_units;
    expect(written, 'one call in ten').toBe(8);
    const after = await admin.does('GET /admin/overview');
    // The first question about it is counted too.
    expect(after.total.calls).toBe(83);
  } finally {
    chance.draw = Math.random;
    delete process.env[STATISTICS];
  }
});
