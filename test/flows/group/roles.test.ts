import { expect } from 'vitest';
import { inBothWorlds, inThisProcess, type Person } from '../../support/story.ts';

const idsOf = (people: Person[]) => people.map(({ id }) => id);
const userIds = (entries: { user_id: number }[]) => entries.map(({ user_id }) => user_id);
const done = ({ id }: Person) => ({ user_id: id, result: 'success', reason: '' });

inBothWorlds('Admins', (story) => {
  story('the owner appoints and dismisses admins, entry by entry', async (given) => {
    const [alice, bob, carol, dave, eve] = await given.users(5);
    const group_id = await given.group(alice!, { members: [bob!, carol!, dave!] });
    const add = (...users: Person[]) => alice!.does('POST /group/admin/add', { group_id, user_list: idsOf(users) });
    expect(await add(carol!, eve!, alice!, bob!, carol!)).toEqual([
      done(carol!),
      { user_id: eve!.id, result: 'fail', reason: 'the user is not a group member' },
      done(alice!),
      done(bob!),
    ]);
    // Admins are listed in order of appointment, without the owner. A second appointment changes nothing.
    await add(carol!);
    expect(userIds(await bob!.does('GET /group/admin_list', { group_id }))).toEqual(idsOf([carol!, bob!]));
    const remove = (method: 'POST' | 'DELETE', ...users: Person[]) =>
      alice!.does(`${method} /group/admin/remove`, { group_id, user_list: idsOf(users) });
    expect(await remove('POST', carol!, dave!, alice!, eve!)).toMatchObject([
      done(carol!),
      done(dave!),
      done(alice!),
      { result: 'fail' },
    ]);
    expect(await remove('DELETE', bob!)).toEqual([done(bob!)]);
    expect(await bob!.does('GET /group/admin_list', { group_id })).toEqual([]);
    await add(bob!, dave!, carol!);
    expect(userIds(await bob!.does('GET /group/admin_list', { group_id }))).toEqual(idsOf([bob!, dave!, carol!]));
    expect((await alice!.does('GET /group/info', { group_id })).owner_id).toBe(alice!.id);
  });
});

inBothWorlds('Ownership', (story) => {
  story('ownership passes to a member (newOwnerNotMember), and the old owner stays a member', async (given) => {
    const [alice, bob, carol] = await given.users(3);
    const group_id = await given.group(alice!, { admins: [bob!] });
    const transfer = (who: Person, to: Person, method: 'POST' | 'PUT' = 'POST') =>
      who.asks(`${method} /group/transfer`, { group_id, new_owner: to.id });
    expect((await transfer(alice!, carol!)).outcome).toBe('newOwnerNotMember');
    expect((await transfer(bob!, bob!)).outcome).toBe('needsOwner');
    expect((await transfer(alice!, alice!)).body.data).toEqual(done(alice!));
    await alice!.does('POST /group/ban', { group_id, user_list: [bob!.id], duration: -1 });
    expect((await transfer(alice!, bob!, 'PUT')).body.data).toEqual(done(bob!));
    expect(await alice!.does('GET /group/info', { group_id })).toMatchObject({ owner_id: bob!.id, count: 2 });
    // The new owner is no longer banned, and no longer listed as an admin.
    expect((await alice!.asks('GET /group/banned_list', { group_id })).body).toMatchObject({ data: [], total: 0 });
    expect(await alice!.does('GET /group/admin_list', { group_id })).toEqual([]);
    expect((await transfer(alice!, bob!)).outcome).toBe('needsOwner');
    expect(await alice!.fails('POST /group/destroy', { group_id })).toBe('needsOwner');
    expect(await bob!.fails('POST /group/leave', { group_id })).toBe('ownerCannotLeave');
    await alice!.does('POST /group/leave', { group_id });
    expect(await given.admin().fails('POST /group/transfer', { group_id, new_owner: alice!.id })).toBe(
      'newOwnerNotMember',
    );
  });
});

inThisProcess('Limits of a group', (story) => {
  story(
    'the limit of admins is exact, and counted entry by entry',
    async (given) => {
      const [alice, ...people] = await given.users(5);
      const group_id = await given.group(alice!, { members: people });
      const add = (users: Person[]) => alice!.does('POST /group/admin/add', { group_id, user_list: idsOf(users) });
      const entries = await add(people);
      expect(entries.map(({ result }: { result: string }) => result)).toEqual(['success', 'success', 'fail', 'fail']);
      expect(entries[2].reason).toBe('user_list: a group has at most 2 admins');
      await alice!.does('POST /group/leave', { group_id }).catch(() => {});
      await people[0]!.does('POST /group/leave', { group_id });
      expect(await add([people[3]!])).toEqual([done(people[3]!)]);
      expect(await given.race(...people.slice(1).map((one) => () => add([one])))).toHaveLength(3);
    },
    { limits: { group_admins: 2 } },
  );

  story(
    'a user cannot own (tooManyOwned) or join (tooManyJoined) more groups than allowed, in whichever way',
    async (given) => {
      const [alice, bob, carol] = await given.users(3);
      const one = await given.group(alice!, { members: [bob!] });
      const two = await given.group(bob!, { members: [alice!] });
      const other = await given.group(carol!);
      expect(await alice!.fails('POST /group/create', { name: 'Three' })).toBe('tooManyOwned');
      expect(await alice!.fails('POST /group/transfer', { group_id: one, new_owner: bob!.id })).toBe('tooManyOwned');
      expect(await bob!.fails('POST /group/transfer', { group_id: two, new_owner: alice!.id })).toBe('tooManyOwned');
      // Alice has joined two groups, as many as allowed.
      await carol!.does('POST /group/settings/require_admin_approval', { group_id: other, apply_approval: 0 });
      expect(await alice!.fails('POST /group/apply', { group_id: other })).toBe('tooManyJoined');
      const { qr_info } = await carol!.does('GET /group/qrcode/sign', { group_id: other });
      expect(await alice!.fails('POST /group/qrcode/invite', { qr_info })).toBe('tooManyJoined');
      expect(await carol!.does('POST /group/invite', { group_id: other, user_list: [alice!.id] })).toMatchObject([
        { result: 'fail', reason: 'the user has joined as many groups as allowed' },
      ]);
      await alice!.does('POST /group/leave', { group_id: two });
      await alice!.does('POST /group/qrcode/invite', { qr_info });
    },
    { limits: { groups_owned: 1, groups_joined: 2 } },
  );

  story(
    'an app cannot have more groups than allowed (tooManyGroups)',
    async (given) => {
      const [alice] = await given.users(1);
      const first = await given.group(alice!);
      await given.group(alice!);
      expect(await alice!.fails('POST /group/create', { name: 'Three' })).toBe('tooManyGroups');
      await alice!.does('POST /group/destroy', { group_id: first });
      await given.group(alice!);
    },
    { limits: { groups: 2 } },
  );

  story(
    'a full group refuses every way of joining (groupFull)',
    async (given) => {
      const [alice, bob, carol, dave] = (await given.users(4)) as [Person, Person, Person, Person];
      await given.setUser(dave.id, { confirm: true });
      const group_id = await given.group(alice, { members: [bob], approval: 0 });
      const { qr_info } = await alice.does('GET /group/qrcode/sign', { group_id });
      await alice.does('POST /group/invite', { group_id, user_list: [dave.id] });
      expect(await carol.fails('POST /group/apply', { group_id })).toBe('groupFull');
      expect(await carol.fails('POST /group/qrcode/invite', { qr_info })).toBe('groupFull');
      expect(await dave.fails('POST /group/invite/handle', { group_id, user_id: alice.id, approval: true })).toBe(
        'groupFull',
      );
      expect(await alice.does('POST /group/invite', { group_id, user_list: [carol.id] })).toMatchObject([
        { result: 'fail', reason: 'the group is full' },
      ]);
      await bob.does('POST /group/leave', { group_id });
      await dave.does('POST /group/invite/handle', { group_id, user_id: alice.id, approval: true });
    },
    { limits: { group_capacity: 2 } },
  );
});
