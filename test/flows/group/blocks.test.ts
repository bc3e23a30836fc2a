import { expect } from 'vitest';
import { checkVersion } from '../../support/events.ts';
import { inBothWorlds, inThisProcess, type Person } from '../../support/story.ts';

const idsOf = (people: Person[]) => people.map(({ id }) => id);
const userIds = (entries: { user_id: number }[]) => entries.map(({ user_id }) => user_id);
const results = (entries: { result: string }[]) => entries.map(({ result }) => result);

inBothWorlds('Blocks', (story) => {
  story('a block removes a member and keeps any user from joining (blocked)', async (given) => {
    const [alice, adam, bob, carol] = (await given.users(4)) as [Person, Person, Person, Person];
    const group_id = await given.group(alice, { admins: [adam], members: [bob], approval: 0 });
    const { qr_info } = await alice.does('GET /group/qrcode/sign', { group_id });
    const entries = await adam.does('POST /group/block', {
      group_id,
      user_list: [...idsOf([bob, carol, alice, adam]), 1],
    });
    expect(results(entries)).toEqual(['success', 'success', 'fail', 'fail', 'fail']);
    expect(entries[4].reason).toBe('user does not exist');
    expect(userIds(await alice.does('GET /group/member_list', { group_id }))).toEqual(idsOf([alice, adam]));
    expect(await bob.does('GET /group/user_joined')).toEqual([]);
    for (const person of [bob, carol]) {
      expect(await person.fails('POST /group/apply', { group_id })).toBe('blocked');
      expect(await person.fails('POST /group/qrcode/invite', { qr_info })).toBe('blocked');
      expect(await alice.does('POST /group/invite', { group_id, user_list: [person.id] })).toMatchObject([
        { result: 'fail', reason: "the user is on the group's blacklist" },
      ]);
    }
    // A second block changes nothing. The list shows the newest first, page by page.
    const { body } = await alice.asks('GET /group/blocked_list', { group_id });
    expect(body.total).toBe(2);
    await checkVersion(given, alice, group_id, body.version);
    expect(results(await adam.does('POST /group/block', { group_id, user_list: [bob.id] }))).toEqual(['success']);
    expect(await alice.does('GET /group/blocked_list', { group_id })).toEqual(body.data);
    expect(await alice.lists('GET /group/blocked_list', { group_id, limit: 1 })).toEqual(body.data);
    for (const { group_id: group, created_at } of body.data) {
      expect(group).toBe(group_id);
      expect(new Date(created_at).toISOString()).toBe(created_at);
    }
    await alice.does('POST /group/block', { group_id, user_list: [adam.id] });
    expect(userIds(await alice.does('GET /group/blocked_list', { group_id }))[0]).toBe(adam.id);
    expect(await alice.does('GET /group/admin_list', { group_id })).toEqual([]);
    // Unblocking a user who is not blocked succeeds.
    for (const method of ['POST', 'DELETE'] as const)
      expect(
        results(await alice.does(`${method} /group/unblock`, { group_id, user_list: idsOf([bob, carol]) })),
      ).toEqual(['success', 'success']);
    await bob.does('POST /group/apply', { group_id });
    await carol.does('POST /group/qrcode/invite', { qr_info });
  });
});

inThisProcess('Blocks over time', (story) => {
  story('a block voids older invitations and applications, even after an unblock', async (given) => {
    const [alice, adam, bob] = (await given.users(3)) as [Person, Person, Person];
    await given.setUser(bob.id, { confirm: true });
    const group_id = await given.group(alice, { admins: [adam] });
    for (const inviter of [alice, adam]) await inviter.does('POST /group/invite', { group_id, user_list: [bob.id] });
    await bob.does('POST /group/apply', { group_id });
    await alice.does('POST /group/block', { group_id, user_list: [bob.id] });
    const accept = (inviter: Person) =>
      bob.fails('POST /group/invite/handle', { group_id, user_id: inviter.id, approval: true });
    const approve = () => alice.fails('POST /group/apply/handle', { group_id, user_id: bob.id, approval: true });
    expect(await accept(alice)).toBe('blocked');
    expect(await approve()).toBe('applicationGone');
    expect(await alice.does('GET /group/blocked_list', { group_id })).toHaveLength(1);
    expect(await bob.does('GET /group/invitation_list')).toEqual([]);
    await alice.does('POST /group/unblock', { group_id, user_list: [bob.id] });
    for (const inviter of [alice, adam, bob]) expect(await accept(inviter)).toBe('invitationGone');
    expect(await approve()).toBe('applicationGone');
    expect(await alice.does('POST /group/application_list', { group_list: [group_id] })).toEqual([]);
    // New invitations and applications are valid at once.
    await adam.does('POST /group/invite', { group_id, user_list: [bob.id] });
    await bob.does('POST /group/apply', { group_id });
    await bob.does('PUT /group/invite/handle', { group_id, user_id: bob.id, approval: true });
  });
});
