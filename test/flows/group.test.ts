import { describe, expect } from 'vitest';
import { exists } from '../../shared/data/expression.ts';
import { updateGroup } from '../../shared/data/group-repo.ts';
import * as schema from '../../shared/data/schema.ts';
import { update } from '../../shared/data/step.ts';
import { codeOf } from '../support/api.ts';
import { inBothWorlds, inThisProcess } from '../support/story.ts';

describe('Groups', () => {
  inBothWorlds('Creating a group', (story) => {
    story('a person who creates a group is its owner and first member', async (given) => {
      const alice = await given.user('alice');
      const record = await alice.does('POST /group/create', { name: '  Walkers ' });
      const { group_id, created_at, updated_at } = record;
      expect(record).toEqual({
        group_id,
        name: 'Walkers',
        avatar: '',
        description: '',
        ext: '',
        type: 0,
        status: 0,
        owner_id: alice.id,
        count: 1,
        capacity: 2000,
        apply_approval: 1,
        member_invite: true,
        member_modify: false,
        history_visible: false,
        read_ack: false,
        hide_member_info: false,
        ban_expire_time: 0,
        msg_mute_mode: 0,
        msg_push_mode: 0,
        created_at,
        updated_at,
      });
      expect(group_id).toBeLessThan(2 ** 31);
      expect(Math.abs(created_at - Date.now() / 1000)).toBeLessThan(30);
      expect(await alice.does('GET /group/info', { group_id })).toEqual(record);
      expect(await alice.does('GET /group/settings', { group_id })).toEqual(record);
      expect(await alice.does('GET /group/user_joined')).toEqual([group_id]);
      const full = await given.admin({ user: alice.id }).does('POST /group/create', {
        name: '岩',
        avatar: 'https://example.org/a.png',
        description: 'd'.repeat(1024),
        type: '1',
        user_list: [],
      });
      expect(full).toMatchObject({ name: '岩', avatar: 'https://example.org/a.png', type: 1, owner_id: alice.id });
      expect(full.description).toHaveLength(1024);
    });

    story('invitees who cannot be added do not keep a group from being created', async (given) => {
      const [alice, bob, carol] = [
        await given.user('a'),
        await given.user('b'),
        await given.user('c', { confirm: true }),
      ];
      const stranger = await (await given.otherApp()).user();
      const { group_id, count } = await alice.does('POST /group/create', {
        name: 'G',
        user_list: [bob.id, alice.id, 1, carol.id, stranger.id, String(bob.id)],
      });
      expect(count).toBe(2);
      const members = await alice.does('GET /group/member_list', { group_id });
      expect(members.map(({ user_id }: { user_id: number }) => user_id)).toEqual([alice.id, bob.id]);
      expect(await carol.does('GET /group/user_joined')).toEqual([]);
    });

    story('a group is created with a hundred members in the order of the request', async (given) => {
      const [alice, ...people] = await given.users(101);
      const user_list = people.map(({ id }) => id);
      const { group_id, count } = await alice!.does('POST /group/create', { name: 'Crowd', user_list });
      expect(count).toBe(101);
      const members = await alice!.lists('GET /group/member_list', { group_id, limit: 30 });
      expect(members.map(({ user_id }: { user_id: number }) => user_id)).toEqual([alice!.id, ...user_list]);
    });
  });

  inThisProcess('Parameters of a new group', (story) => {
    story('a wrong parameter of a new group is refused with its name (badParameter)', async (given) => {
      const alice = await given.user();
      for (const [field, value] of [
        ['name', undefined],
        ['name', ' \n '],
        ['name', 'n'.repeat(129)],
        ['name', 12],
        ['avatar', 'a'.repeat(2049)],
        ['description', 'd'.repeat(1025)],
        ['type', 3],
        ['type', -1],
        ['type', '1.0'],
        ['type', true],
        ['user_list', 'none'],
        ['user_list', [0]],
        ['user_list', [-5]],
        ['user_list', [1.5]],
        ['user_list', [null]],
        ['user_list', [2 ** 53]],
        ['user_list', {}],
        ['user_list', Array.from({ length: 101 }, (_, n) => n + 1)],
      ] as const) {
        const { body } = await alice.asks('POST /group/create', { name: 'G', [field]: value });
        expect(body, `${field} ${value}`).toMatchObject({
          code: codeOf('badParameter'),
          message: expect.stringMatching(`^${field}`),
        });
      }
      expect(await alice.does('GET /group/user_joined')).toEqual([]);
    });
  });

  inThisProcess('Limits of groups', (story) => {
    story(
      'a user can own as many groups as allowed (tooManyOwned)',
      async (given) => {
        const alice = await given.user();
        await alice.does('POST /group/create', { name: 'G' });
        const { group_id } = await alice.does('POST /group/create', { name: 'G' });
        expect(await alice.fails('POST /group/create', { name: 'G' })).toBe('tooManyOwned');
        await alice.does('POST /group/destroy', { group_id });
        await alice.does('POST /group/create', { name: 'G' });
      },
      { limits: { groups_owned: 2 } },
    );

    story(
      'a user can join as many groups as allowed (tooManyJoined)',
      async (given) => {
        const [alice, bob] = await given.users(2);
        const group_id = await given.group(bob!, { members: [alice!] });
        await given.group(alice!);
        expect(await alice!.fails('POST /group/create', { name: 'G' })).toBe('tooManyJoined');
        const open = await given.group(bob!, { approval: 0 });
        expect(await alice!.fails('POST /group/apply', { group_id: open, reason: '' })).toBe('tooManyJoined');
        expect(await bob!.does('POST /group/invite', { group_id: open, user_list: [alice!.id], reason: '' })).toEqual([
          { user_id: alice!.id, result: 'fail', reason: 'the user has joined as many groups as allowed' },
        ]);
        await alice!.does('POST /group/leave', { group_id });
        await alice!.does('POST /group/apply', { group_id: open, reason: '' });
      },
      { limits: { groups_joined: 2 } },
    );

    story(
      'an app can have as many groups as allowed (tooManyGroups)',
      async (given) => {
        const alice = await given.user();
        await alice.does('POST /group/create', { name: 'G' });
        const { group_id } = await alice.does('POST /group/create', { name: 'G' });
        expect(await alice.fails('POST /group/create', { name: 'G' })).toBe('tooManyGroups');
        await alice.does('POST /group/destroy', { group_id });
        await alice.does('POST /group/create', { name: 'G' });
      },
      { limits: { groups: 2 } },
    );

    story(
      'a group has at most as many members as its capacity, invited ones included (groupFull)',
      async (given) => {
        const [alice, bob, carol, dave] = await given.users(4);
        const { group_id, capacity, count } = await alice!.does('POST /group/create', {
          name: 'G',
          user_list: [bob!.id, carol!.id, dave!.id],
        });
        expect([capacity, count]).toEqual([3, 3]);
        expect(await alice!.does('POST /group/invite', { group_id, user_list: [dave!.id], reason: '' })).toEqual([
          { user_id: dave!.id, result: 'fail', reason: 'the group is full' },
        ]);
        await alice!.does('POST /group/kick', { group_id, user_list: [bob!.id] });
        expect(
          await alice!.does('POST /group/invite', { group_id, user_list: [carol!.id, dave!.id, bob!.id], reason: '' }),
        ).toEqual([
          { user_id: carol!.id, result: 'fail', reason: 'the user is already a group member' },
          { user_id: dave!.id, result: 'success', reason: '' },
          { user_id: bob!.id, result: 'fail', reason: 'the group is full' },
        ]);
      },
      { limits: { group_capacity: 3 } },
    );
  });

  inBothWorlds('Reading a group', (story) => {
    story('anybody reads the info of a group, and only members read its settings (needsMember)', async (given) => {
      const [alice, bob, carol] = await given.users(3);
      const group_id = await given.group(alice!, { members: [bob!] });
      const info = await carol!.does('GET /group/info', { group_id });
      expect(info).toMatchObject({ group_id, count: 2 });
      expect(await given.admin().does('GET /group/info', { group_id })).toEqual(info);
      expect(await given.admin({ group: group_id }).does('GET /group/info')).toEqual(info);
      expect(await given.admin({ user: carol!.id }).does('GET /group/info', { group_id })).toEqual(info);
      expect(await bob!.does('GET /group/settings', { group_id })).toEqual(info);
      expect(await given.admin().does('GET /group/settings', { group_id })).toEqual(info);
      expect(await carol!.fails('GET /group/settings', { group_id })).toBe('needsMember');
      expect(await given.admin({ user: carol!.id }).fails('GET /group/settings', { group_id })).toBe('needsMember');
      expect(await carol!.fails('GET /group/info', { group_id: 1 })).toBe('groupMissing');
      expect(await carol!.fails('GET /group/settings', { group_id: 1 })).toBe('groupMissing');
      const other = await given.otherApp();
      expect(await (await other.user()).fails('GET /group/info', { group_id })).toBe('groupMissing');
      expect(await other.admin().fails('GET /group/settings', { group_id })).toBe('groupMissing');
    });
  });

  inThisProcess('Fields of a group', (story) => {
    story("info shows the caller's own message modes, and a mute of everybody only while it runs", async (given) => {
      const [alice, bob] = await given.users(2);
      const group_id = await given.group(alice!, { members: [bob!] });
      await given.db.write([
        update(schema.groupMembership.key(given.app, group_id, bob!.id), { set: { mute: 2, push: 3 } }),
      ]);
      expect(await bob!.does('GET /group/info', { group_id })).toMatchObject({ msg_mute_mode: 2, msg_push_mode: 3 });
      expect(await alice!.does('GET /group/info', { group_id })).toMatchObject({ msg_mute_mode: 0, msg_push_mode: 0 });
      const mute = async (silent: number) => {
        await given.db.write([updateGroup(given.app, group_id, { set: { mutedUntil: silent } }, exists)]);
        return (await bob!.does('GET /group/info', { group_id })).ban_expire_time;
      };
      const soon = Date.now() + 60_500;
      expect(await mute(soon)).toBe(Math.floor(soon / 1000));
      expect(await mute(Date.now() - 1)).toBe(0);
      expect(await mute(9_999_999_999_999)).toBe(-1);
    });
  });
});
