import { expect } from 'vitest';
import { banOrder } from '../../../shared/data/keys.ts';
import { groupMembershipOf } from '../../../shared/data/membership-repo.ts';
import * as schema from '../../../shared/data/schema.ts';
import { update } from '../../../shared/data/step.ts';
import type { GroupId } from '../../../shared/ids.ts';
import { checkVersion } from '../../support/events.ts';
import { type Given, inBothWorlds, inThisProcess, type Person } from '../../support/story.ts';

const idsOf = (people: Person[]) => people.map(({ id }) => id);
const userIds = (entries: { user_id: number }[]) => entries.map(({ user_id }) => user_id);
const results = (entries: { result: string }[]) => entries.map(({ result }) => result);

/** Moves the end of a ban, as if time had passed. */
const endBan = (given: Given, group: GroupId, { id }: Person, until: number) => {
  const banned = until - 60_000;
  const set = { banned, bannedUntil: until, lsi2sk: banOrder(banned, until, id) };
  return given.db.write([update(schema.groupMembership.key(given.app, group, id), { set })]);
};

inBothWorlds('Bans', (story) => {
  story('admins ban plain members, and only the owner bans admins', async (given) => {
    const [alice, adam, eve, bob, carol, dave] = (await given.users(6)) as [
      Person,
      Person,
      Person,
      Person,
      Person,
      Person,
    ];
    const group_id = await given.group(alice, { admins: [adam, eve], members: [bob, carol] });
    const ban = (who: Person, duration: number, ...users: Person[]) =>
      who.does('POST /group/ban', { group_id, user_list: idsOf(users), duration });
    const entries = await ban(adam, 10, bob, alice, adam, eve, dave);
    expect(results(entries)).toEqual(['success', 'fail', 'fail', 'fail', 'fail']);
    expect(entries[4].reason).toBe('the user is not a group member');
    expect(results(await ban(alice, -1, carol, eve))).toEqual(['success', 'success']);
    const { body } = await bob.asks('GET /group/banned_list', { group_id });
    expect(body.total).toBe(3);
    await checkVersion(given, bob, group_id, body.version);
    // The newest come first, those of one call in any order.
    expect(new Set(userIds(body.data.slice(0, 2)))).toEqual(new Set(idsOf([carol, eve])));
    expect(body.data[2]).toMatchObject({ user_id: bob.id, display_name: '' });
    expect(Math.abs(body.data[2].expired_time - Date.now() - 600_000)).toBeLessThan(60_000);
    expect(body.data.slice(0, 2).map(({ expired_time }: { expired_time: number }) => expired_time)).toEqual([-1, -1]);
    // A second ban replaces the first, and is the newest.
    await ban(adam, 20, bob);
    expect(userIds(await bob.does('GET /group/banned_list', { group_id }))[0]).toBe(bob.id);
    // Page by page.
    expect(userIds(await bob.lists('GET /group/banned_list', { group_id, limit: 1 }))).toEqual(
      userIds(await bob.does('GET /group/banned_list', { group_id })),
    );
    const unban = (who: Person, ...users: Person[]) =>
      who.does('POST /group/unban', { group_id, user_list: idsOf(users) });
    expect(results(await unban(adam, bob, carol, alice, dave, eve))).toEqual([
      'success',
      'success',
      'success',
      'fail',
      'fail',
    ]);
    expect(results(await unban(alice, bob, eve))).toEqual(['success', 'success']);
    expect((await bob.asks('GET /group/banned_list', { group_id })).body).toMatchObject({ data: [], total: 0 });
    for (const duration of [0, -2, 'long', 2 ** 31])
      expect(await adam.fails('POST /group/ban', { group_id, user_list: [bob.id], duration })).toBe('badParameter');
  });

  story('a running ban returns with a user who rejoins, and is not listed meanwhile', async (given) => {
    const [alice, bob, carol] = (await given.users(3)) as [Person, Person, Person];
    const group_id = await given.group(alice, { members: [bob, carol], approval: 0 });
    await alice.does('POST /group/ban', { group_id, user_list: idsOf([bob, carol]), duration: 5 });
    const banned = async () => new Set(userIds(await alice.does('GET /group/banned_list', { group_id })));
    await bob.does('POST /group/leave', { group_id });
    await alice.does('POST /group/kick', { group_id, user_list: [carol.id] });
    expect(await banned()).toEqual(new Set());
    await bob.does('POST /group/apply', { group_id });
    expect(await banned()).toEqual(new Set([bob.id]));
    // A ban outlives a block too.
    await alice.does('POST /group/block', { group_id, user_list: [carol.id] });
    await alice.does('POST /group/unblock', { group_id, user_list: [carol.id] });
    await alice.does('POST /group/invite', { group_id, user_list: [carol.id] });
    expect(await banned()).toEqual(new Set([bob.id, carol.id]));
    // A ban can be lifted while the user is no member.
    await bob.does('POST /group/leave', { group_id });
    expect(results(await alice.does('POST /group/unban', { group_id, user_list: [bob.id] }))).toEqual(['success']);
    await bob.does('POST /group/apply', { group_id });
    expect(await banned()).toEqual(new Set([carol.id]));
  });
});

inThisProcess('Bans over time', (story) => {
  story('a ban without end that is lifted leaves nothing in the table for good', async (given) => {
    const [alice, bob, carol] = (await given.users(3)) as [Person, Person, Person];
    const dave = await given.user('dave', { confirm: true });
    const people = [bob, carol, dave];
    const group_id = await given.group(alice, { members: people });
    const user_list = idsOf(people);
    await alice.does('POST /group/ban', { group_id, user_list, duration: -1 });
    for (const person of people) await person.does('POST /group/leave', { group_id });
    const kept = () => given.db.read(people.map(({ id }) => groupMembershipOf(given.app, group_id, id)));
    for (const membership of await kept()) expect(membership).not.toHaveProperty('ttl');
    // Bob has nothing but the ban; the others have an application and an invitation.
    await carol.does('POST /group/apply', { group_id, reason: '' });
    await alice.does('POST /group/invite', { group_id, user_list: [dave.id], reason: '' });
    await alice.does('POST /group/unban', { group_id, user_list });
    const month = Date.now() / 1000 + 30 * 86_400;
    for (const membership of await kept()) expect(membership?.ttl).toBeGreaterThan(month);
    // Application and invitation are still valid.
    await alice.does('POST /group/apply/handle', { group_id, user_id: carol.id, approval: true });
    await dave.does('POST /group/invite/handle', { group_id, user_id: alice.id, approval: true });
    for (const membership of (await kept()).slice(1)) expect(membership).not.toHaveProperty('ttl');
  });

  story('a ban ends at its second in the list and the total, although it is still in the table', async (given) => {
    const [alice, bob, carol] = (await given.users(3)) as [Person, Person, Person];
    const group_id = await given.group(alice, { members: [bob, carol] });
    await alice.does('POST /group/ban', { group_id, user_list: idsOf([bob, carol]), duration: 1 });
    const page = await alice.asks('GET /group/banned_list', { group_id, limit: 1 });
    expect(page.body.total).toBe(2);
    await endBan(given, group_id, bob, Date.now() - 1);
    const { body } = await alice.asks('GET /group/banned_list', { group_id });
    expect(body).toMatchObject({ data: [{ user_id: carol.id }], total: 1 });
    await endBan(given, group_id, carol, Date.now() + 300);
    expect((await alice.asks('GET /group/banned_list', { group_id })).body.total).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 350));
    expect((await alice.asks('GET /group/banned_list', { group_id })).body).toMatchObject({ data: [], total: 0 });
    // Unbanning a user whose ban has ended succeeds.
    expect(results(await alice.does('POST /group/unban', { group_id, user_list: [bob.id] }))).toEqual(['success']);
  });

  story('a ban of everybody ends at its second too', async (given) => {
    const [alice, bob] = (await given.users(2)) as [Person, Person];
    const group_id = await given.group(alice, { members: [bob] });
    const until = async () => (await bob.does('GET /group/info', { group_id })).ban_expire_time;
    const { ban_expire_time } = await alice.does('POST /group/settings/ban_all', { group_id, duration: 3 });
    expect(Math.abs(ban_expire_time - Date.now() / 1000 - 180)).toBeLessThan(5);
    expect(await until()).toBe(ban_expire_time);
    expect(await alice.does('POST /group/settings/ban_all', { group_id, duration: -1 })).toEqual({
      ban_expire_time: -1,
    });
    expect(await until()).toBe(-1);
    await alice.does('POST /group/settings/unban_all', { group_id });
    expect(await until()).toBe(0);
    await alice.does('POST /group/settings/ban_all', { group_id, duration: 1 });
    await given.db.write([update(schema.group.key(given.app, group_id), { set: { mutedUntil: Date.now() - 1 } })]);
    expect(await until()).toBe(0);
  });
});
