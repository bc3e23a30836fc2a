import { describe, expect } from 'vitest';
import { exists } from '../../shared/data/expression.ts';
import { updateGroup } from '../../shared/data/group-repo.ts';
import { banOrder } from '../../shared/data/keys.ts';
import { groupMembershipOf } from '../../shared/data/membership-repo.ts';
import * as schema from '../../shared/data/schema.ts';
import { update } from '../../shared/data/step.ts';
import { type Actor, inBothWorlds, inThisProcess, type Person } from '../support/story.ts';

const members = async (who: Actor, group_id: number): Promise<number[]> =>
  (await who.lists('GET /group/member_list', { group_id })).map(({ user_id }: { user_id: number }) => user_id);

const success = ({ id }: Person) => ({ user_id: id, result: 'success', reason: '' });
const failure = (user_id: number, reason: string) => ({ user_id, result: 'fail', reason });
const NOT_THERE = 'user does not exist';

describe('Membership', () => {
  inBothWorlds('Invitations to join', (story) => {
    story('each invited user is answered alone, in the order of the request, and once', async (given) => {
      const [alice, bob, carol, dave] = await given.users(4);
      const erin = await given.user('erin', { confirm: true });
      const group_id = await given.group(alice!, { members: [dave!] });
      const stranger = await (await given.otherApp()).user();
      expect(
        await alice!.does('POST /group/invite', {
          group_id,
          reason: 'come',
          user_list: [carol!.id, dave!.id, 1, bob!.id, erin.id, stranger.id, alice!.id, carol!.id],
        }),
      ).toEqual([
        success(carol!),
        failure(dave!.id, 'the user is already a group member'),
        failure(1, NOT_THERE),
        success(bob!),
        success(erin),
        failure(stranger.id, NOT_THERE),
        failure(alice!.id, 'the user is already a group member'),
      ]);
      // A user who asked for consent is invited, not added.
      expect(await members(alice!, group_id)).toEqual([alice!.id, dave!.id, carol!.id, bob!.id]);
      expect(await erin.does('GET /group/user_joined')).toEqual([]);
      // A second invitation renews the first.
      expect(await alice!.does('POST /group/invite', { group_id, reason: '', user_list: [erin.id] })).toEqual([
        success(erin),
      ]);
    });

    story('plain members invite only where the group allows it (needsAdmin), and admins always may', async (given) => {
      const [alice, bob, carol, dave, erin, frank] = await given.users(6);
      const open = await given.group(alice!, { members: [bob!] });
      expect(await bob!.does('POST /group/invite', { group_id: open, user_list: [carol!.id] })).toEqual([
        success(carol!),
      ]);
      const closed = await given.group(alice!, { members: [bob!], admins: [carol!], member_invite: false });
      expect(await bob!.fails('POST /group/invite', { group_id: closed, user_list: [dave!.id] })).toBe('needsAdmin');
      for (const [who, whom] of [
        [alice!, dave!],
        [carol!, erin!],
        [given.admin(), frank!],
      ] as const)
        expect(await who.does('POST /group/invite', { group_id: closed, user_list: [whom.id] })).toEqual([
          success(whom),
        ]);
      expect(await frank!.fails('POST /group/invite', { group_id: open, user_list: [dave!.id] })).toBe('needsMember');
      expect(await frank!.fails('POST /group/invite', { group_id: 1, user_list: [dave!.id] })).toBe('groupMissing');
    });

    story('the list of invited users has 1 to 100 ids, as JSON or in the query (badParameter)', async (given) => {
      const alice = await given.user();
      const group_id = await given.group(alice);
      const many = Array.from({ length: 101 }, (_, n) => n + 1);
      for (const user_list of [undefined, [], many, 'x', 7, [0], ['1x'], [[1]]])
        expect(await alice.fails('POST /group/invite', { group_id, user_list }), `${user_list}`).toBe('badParameter');
      // Duplicates count towards the hundred as they stand in the request.
      const entries = await alice.does('POST /group/invite', { group_id, user_list: many.slice(1) });
      expect(entries).toHaveLength(100);
      // In the query the list may be JSON, or ids with commas between.
      for (const user_list of ['[2,3]', '2,3'])
        expect(
          (await given.api.call('POST', '/group/invite', { ...alice.headers, query: { group_id, user_list } })).body
            .data,
        ).toEqual([failure(2, NOT_THERE), failure(3, NOT_THERE)]);
    });
  });

  inThisProcess('Invitations of a hundred', (story) => {
    story('a hundred invited users join in the order of the request, within six round trips', async (given) => {
      const [alice, ...people] = await given.users(101);
      const group_id = await given.group(alice!);
      const user_list = people.map(({ id }) => id);
      const { body, log } = await alice!.asks('POST /group/invite', { group_id, user_list, reason: '' });
      expect(body.data).toEqual(people.map(success));
      // Two reads, and a transaction for each 32 or 33 users who join.
      expect(log?.trips).toBeLessThanOrEqual(2 + 4);
      expect(await members(alice!, group_id)).toEqual([alice!.id, ...user_list]);
    });
  });

  inBothWorlds('Applications to join', (story) => {
    story('an open group admits an applicant at once, a closed one refuses, others ask an admin', async (given) => {
      const [alice, bob] = await given.users(2);
      const open = await given.group(alice!, { approval: 0 });
      const asking = await given.group(alice!);
      const closed = await given.group(alice!, { approval: 2 });
      expect(await bob!.does('POST /group/apply', { group_id: open, reason: '' })).toEqual(success(bob!));
      expect(await bob!.does('POST /group/apply', { group_id: asking, reason: 'r'.repeat(512) })).toEqual(
        success(bob!),
      );
      expect(await bob!.does('POST /group/apply', { group_id: closed })).toEqual(
        failure(bob!.id, 'the group takes no applications'),
      );
      expect(await bob!.does('GET /group/user_joined')).toEqual([open]);
      expect(await bob!.fails('POST /group/apply', { group_id: open, reason: '' })).toBe('alreadyMember');
      expect(await bob!.fails('POST /group/apply', { group_id: 1, reason: '' })).toBe('groupMissing');
      expect(await bob!.fails('POST /group/apply', { group_id: asking, reason: 'r'.repeat(513) })).toBe('badParameter');
      expect(await given.admin().fails('POST /group/apply', { group_id: open, reason: '' })).toBe('badParameter');
      expect(await given.admin({ group: open }).fails('POST /group/apply', { reason: '' })).toBe('badParameter');
      const carol = await given.user();
      expect(await given.admin({ user: carol.id }).does('POST /group/apply', { group_id: open, reason: '' })).toEqual(
        success(carol),
      );
    });

    story('an admin approves or rejects an application once (applicationGone)', async (given) => {
      const [alice, bob, carol, dave] = await given.users(4);
      const group_id = await given.group(alice!, { members: [bob!] });
      for (const who of [carol!, dave!]) await who.does('POST /group/apply', { group_id, reason: '' });
      const handle = (who: Actor, whom: Person, approval: unknown) =>
        who.asks('POST /group/apply/handle', { group_id, user_id: whom.id, approval });
      expect((await handle(bob!, carol!, true)).outcome).toBe('needsAdmin');
      expect((await handle(dave!, carol!, true)).outcome).toBe('needsMember');
      expect((await handle(alice!, carol!, 'maybe')).outcome).toBe('badParameter');
      expect((await handle(alice!, bob!, true)).outcome).toBe('applicationGone');
      expect((await handle(alice!, carol!, 'true')).body.data).toEqual(success(carol!));
      expect((await handle(alice!, carol!, true)).outcome).toBe('applicationGone');
      expect((await handle(alice!, dave!, '0')).body.data).toEqual(success(dave!));
      expect((await handle(alice!, dave!, true)).outcome).toBe('applicationGone');
      expect(await members(alice!, group_id)).toEqual([alice!.id, bob!.id, carol!.id]);
      // A rejected applicant may apply again.
      await dave!.does('POST /group/apply', { group_id, reason: 'please' });
      expect((await handle(given.admin(), dave!, 1)).body.data).toEqual(success(dave!));
    });

    story('an application is settled when the applicant joins in another way (applicationGone)', async (given) => {
      const [alice, bob] = await given.users(2);
      const group_id = await given.group(alice!);
      await bob!.does('POST /group/apply', { group_id, reason: '' });
      await alice!.does('POST /group/invite', { group_id, user_list: [bob!.id], reason: '' });
      for (const approval of [true, false])
        expect(await alice!.fails('POST /group/apply/handle', { group_id, user_id: bob!.id, approval })).toBe(
          'applicationGone',
        );
      expect(await alice!.does('POST /group/application_list', { group_list: [group_id] })).toMatchObject([
        { applicant_id: bob!.id, status: 1 },
      ]);
      // It is not pending again after the member has left.
      await bob!.does('POST /group/leave', { group_id });
      expect(await alice!.fails('POST /group/apply/handle', { group_id, user_id: bob!.id, approval: true })).toBe(
        'applicationGone',
      );
    });
  });

  inThisProcess('Applications over time', (story) => {
    story('an application expires (applicationGone)', async (given) => {
      const [alice, bob] = await given.users(2);
      const group_id = await given.group(alice!);
      await bob!.does('POST /group/apply', { group_id, reason: '' });
      const until = Date.now() - 1;
      await given.db.write([
        update(schema.application.key(given.app, group_id, bob!.id), { set: { expiresAt: until } }),
        update(schema.groupMembership.key(given.app, group_id, bob!.id), { set: { applicationExpiresAt: until } }),
      ]);
      expect(await alice!.fails('POST /group/apply/handle', { group_id, user_id: bob!.id, approval: true })).toBe(
        'applicationGone',
      );
      expect(await alice!.does('POST /group/application_list')).toMatchObject([{ status: 0, expired_time: until }]);
      await bob!.does('POST /group/apply', { group_id, reason: 'again' });
      expect(await alice!.does('POST /group/application_list')).toMatchObject([{ status: 0, reason: 'again' }]);
      await alice!.does('POST /group/apply/handle', { group_id, user_id: bob!.id, approval: true });
    });

    story('approval finds a full group (groupFull), and the application stays', async (given) => {
      const [alice, bob, carol] = await given.users(3);
      const group_id = await given.group(alice!, { members: [carol!], capacity: 2 });
      await bob!.does('POST /group/apply', { group_id, reason: '' });
      expect(await alice!.fails('POST /group/apply/handle', { group_id, user_id: bob!.id, approval: true })).toBe(
        'groupFull',
      );
      await carol!.does('POST /group/leave', { group_id });
      await alice!.does('POST /group/apply/handle', { group_id, user_id: bob!.id, approval: true });
    });

    story('a blocked user (blocked) and a deleted user (userMissing) cannot join', async (given) => {
      const [alice, bob, carol] = await given.users(3);
      const group_id = await given.group(alice!, { approval: 0 });
      const now = Date.now();
      const set = { state: 'blocked', blocked: now, lsi1sk: schema.groupMembership.orders.blocked(now, bob!.id) };
      await given.db.write([
        update(schema.groupMembership.key(given.app, group_id, bob!.id), { set }),
        updateGroup(given.app, group_id, { add: { blocks: 1 } }, exists),
      ]);
      expect(await bob!.fails('POST /group/apply', { group_id, reason: '' })).toBe('blocked');
      await given.setUser(carol!.id, { status: 'deleted' });
      expect(
        await alice!.does('POST /group/invite', { group_id, user_list: [bob!.id, carol!.id], reason: '' }),
      ).toEqual([failure(bob!.id, "the user is on the group's blacklist"), failure(carol!.id, NOT_THERE)]);
    });
  });

  inBothWorlds('Leaving and kicking', (story) => {
    story('a member leaves once (needsMember), and the owner cannot leave (ownerCannotLeave)', async (given) => {
      const [alice, bob] = await given.users(2);
      const group_id = await given.group(alice!, { members: [bob!], approval: 0 });
      expect(await alice!.fails('POST /group/leave', { group_id })).toBe('ownerCannotLeave');
      expect(await bob!.does('POST /group/leave', { group_id })).toBe(true);
      expect(await bob!.fails('POST /group/leave', { group_id })).toBe('needsMember');
      expect(await bob!.fails('POST /group/leave', { group_id: 1 })).toBe('groupMissing');
      expect(await given.admin().fails('POST /group/leave', { group_id })).toBe('badParameter');
      expect(await bob!.does('GET /group/user_joined')).toEqual([]);
      await bob!.does('POST /group/apply', { group_id, reason: '' });
      expect(await given.admin({ user: bob!.id }).does('DELETE /group/leave', { group_id })).toBe(true);
    });

    story('only admins kick plain members (needsAdmin), and only the owner or the app kicks admins', async (given) => {
      const [alice, adam, eve, bob, carol, dave] = await given.users(6);
      const group_id = await given.group(alice!, { admins: [adam!, eve!], members: [bob!, carol!] });
      expect(await bob!.fails('POST /group/kick', { group_id, user_list: [carol!.id] })).toBe('needsAdmin');
      expect(await dave!.fails('POST /group/kick', { group_id, user_list: [carol!.id] })).toBe('needsMember');
      const entries: { user_id: number; result: string; reason: string }[] = await adam!.does('DELETE /group/kick', {
        group_id,
        user_list: [alice!.id, adam!.id, eve!.id, bob!.id, dave!.id, bob!.id],
      });
      expect(entries.map(({ user_id, result }) => [user_id, result])).toEqual([
        [alice!.id, 'fail'],
        [adam!.id, 'fail'],
        [eve!.id, 'fail'],
        [bob!.id, 'success'],
        [dave!.id, 'fail'],
      ]);
      for (const { result, reason } of entries) expect(reason === '').toBe(result === 'success');
      expect(entries[4]?.reason).toBe('the user is not a group member');
      expect(await alice!.does('POST /group/kick', { group_id, user_list: [adam!.id, alice!.id] })).toMatchObject([
        { result: 'success' },
        { result: 'fail' },
      ]);
      // The app kicks every member but the owner.
      expect(
        await given.admin({ group: group_id }).does('POST /group/kick', { user_list: [eve!.id, alice!.id] }),
      ).toMatchObject([{ result: 'success' }, { result: 'fail' }]);
      expect(await members(alice!, group_id)).toEqual([alice!.id, carol!.id]);
      for (const who of [adam!, eve!, bob!]) expect(await who.does('GET /group/user_joined')).toEqual([]);
    });
  });

  inThisProcess('The end of a membership', (story) => {
    story('the display name and modes of a member end with the membership, and a running ban stays', async (given) => {
      const [alice, bob, carol] = await given.users(3);
      const group_id = await given.group(alice!, { members: [bob!, carol!], approval: 0 });
      const until = Date.now() + 60_000;
      for (const [who, ban] of [
        [bob!, until],
        [carol!, Date.now() - 1],
      ] as const)
        await given.db.write([
          update(schema.groupMembership.key(given.app, group_id, who.id), {
            set: { name: 'Bobby', mute: 1, push: 2, banned: 1, bannedUntil: ban, lsi2sk: banOrder(1, ban, who.id) },
          }),
        ]);
      expect(await members(alice!, group_id)).toHaveLength(3);
      await bob!.does('POST /group/leave', { group_id });
      await alice!.does('POST /group/kick', { group_id, user_list: [carol!.id] });
      for (const who of [bob!, carol!]) await who.does('POST /group/apply', { group_id, reason: '' });
      const [back, free] = await given.db.read([
        groupMembershipOf(given.app, group_id, bob!.id),
        groupMembershipOf(given.app, group_id, carol!.id),
      ] as const);
      expect(back).toMatchObject({ state: 'member', banned: 1, bannedUntil: until });
      expect(back).not.toHaveProperty('name');
      expect(free).toMatchObject({ state: 'member' });
      expect(free).not.toHaveProperty('bannedUntil');
      expect(await bob!.does('GET /group/settings', { group_id })).toMatchObject({
        msg_mute_mode: 0,
        msg_push_mode: 0,
      });
    });

    story('a hundred members are kicked by one call within six round trips', async (given) => {
      const [alice, ...people] = await given.users(101);
      const group_id = await given.group(alice!, { members: people });
      const { body, log } = await alice!.asks('POST /group/kick', { group_id, user_list: people.map(({ id }) => id) });
      expect(body.data).toEqual(people.map(success));
      expect(log?.trips).toBeLessThanOrEqual(2 + 4);
      expect(await members(alice!, group_id)).toEqual([alice!.id]);
    });
  });
});
