import { expect } from 'vitest';
import { announcementsOf } from '../../../shared/data/announcement-repo.ts';
import * as schema from '../../../shared/data/schema.ts';
import { update } from '../../../shared/data/step.ts';
import type { GroupId } from '../../../shared/ids.ts';
import { type Given, inBothWorlds, inThisProcess, type Person } from '../../support/story.ts';

inBothWorlds('The fields of a group', (story) => {
  story('each field of a group is changed on its own, and the whole record is answered', async (given) => {
    const [alice, bob] = (await given.users(2)) as [Person, Person];
    const group_id = await given.group(alice, { members: [bob], name: 'Old' });
    const change = (field: string, value: unknown, method: 'POST' | 'PUT' = 'POST') =>
      alice.does(`${method} /group/info/${field}`, { group_id, value });
    expect(await change('name', '  New ')).toMatchObject({ group_id, name: 'New', owner_id: alice.id, count: 2 });
    expect(await change('avatar', 'https://example.org/a.png', 'PUT')).toMatchObject({ name: 'New' });
    expect(await change('description', 'About', 'PUT')).toMatchObject({ avatar: 'https://example.org/a.png' });
    const full = await change('ext', '{"a":"ü"}', 'PUT');
    expect(full).toMatchObject({
      name: 'New',
      avatar: 'https://example.org/a.png',
      description: 'About',
      ext: '{"a":"ü"}',
      msg_mute_mode: 0,
    });
    expect(await bob.does('GET /group/info', { group_id })).toEqual(full);
    for (const field of ['avatar', 'description', 'ext']) expect((await change(field, ''))[field]).toBe('');
    expect(await alice.fails('POST /group/info/name', { group_id, value: ' ' })).toBe('badParameter');
    expect(await alice.fails('POST /group/info/name', { group_id, value: 'x'.repeat(129) })).toBe('badParameter');
    await change('name', '👍'.repeat(128));
    expect(await alice.fails('POST /group/info/description', { group_id, value: 'x'.repeat(1025) })).toBe(
      'badParameter',
    );
    expect(await alice.fails('POST /group/info/ext', { group_id, value: 'ü'.repeat(8193) })).toBe('badParameter');
    await change('ext', 'ü'.repeat(8192));
  });

  story('each setting of a group is changed on its own', async (given) => {
    const [alice, bob] = (await given.users(2)) as [Person, Person];
    const group_id = await given.group(alice, { members: [bob] });
    const settings = () => bob.does('GET /group/settings', { group_id });
    expect(await settings()).toMatchObject({
      apply_approval: 1,
      member_invite: true,
      member_modify: false,
      history_visible: false,
      read_ack: false,
      hide_member_info: false,
      ban_expire_time: 0,
      msg_mute_mode: 0,
      msg_push_mode: 0,
    });
    const set = (name: string, parameters: object, method: 'POST' | 'PUT' = 'POST') =>
      alice.does(`${method} /group/settings/${name}`, { group_id, ...parameters });
    expect(await set('require_admin_approval', { apply_approval: '2' })).toBe(true);
    expect(await set('allow_member_invitation', { value: false })).toBe(true);
    expect(await set('allow_member_modify', { value: 'true' }, 'PUT')).toBe(true);
    expect(await set('history_visible', { value: 1 }, 'PUT')).toBe(true);
    expect(await set('enable_read_ack', { value: '1' }, 'PUT')).toBe(true);
    expect(await set('hide_member_info', { value: true })).toBe(true);
    expect(await set('unban_all', {})).toBe(true);
    expect(await settings()).toMatchObject({
      apply_approval: 2,
      member_invite: false,
      member_modify: true,
      history_visible: true,
      read_ack: true,
      hide_member_info: true,
    });
    for (const apply_approval of [3, -1, 'x', undefined])
      expect(await alice.fails('POST /group/settings/require_admin_approval', { group_id, apply_approval })).toBe(
        'badParameter',
      );
    expect(await alice.fails('PUT /group/settings/history_visible', { group_id, value: 2 })).toBe('badParameter');
    for (const duration of [0, -2, 1.5, 'x', undefined])
      expect(await alice.fails('POST /group/settings/ban_all', { group_id, duration })).toBe('badParameter');
    // A group that takes no applications says so.
    const eve = await given.user();
    expect(await eve.does('POST /group/apply', { group_id })).toMatchObject({ user_id: eve.id, result: 'fail' });
  });

  story('each member has a display name and message modes, which end with the membership', async (given) => {
    const [alice, bob, carol] = (await given.users(3)) as [Person, Person, Person];
    const group_id = await given.group(alice, { members: [bob] });
    expect(await bob.does('POST /group/display_name', { group_id, value: ' Bobby ' })).toBe(true);
    expect(await bob.does('PUT /group/msg/mute_mode', { group_id, msg_mute_mode: 2 })).toEqual({});
    expect(await bob.does('POST /group/msg/push_mode', { group_id, msg_push_mode: '4' })).toEqual({});
    expect(await bob.does('GET /group/info', { group_id })).toMatchObject({ msg_mute_mode: 2, msg_push_mode: 4 });
    expect(await bob.does('POST /group/info/batch', { group_list: [group_id] })).toMatchObject([
      { msg_mute_mode: 2, msg_push_mode: 4 },
    ]);
    expect(await alice.does('GET /group/info', { group_id })).toMatchObject({ msg_mute_mode: 0, msg_push_mode: 0 });
    expect(await alice.does('GET /group/member_list', { group_id })).toMatchObject([
      { user_id: alice.id, display_name: '' },
      { user_id: bob.id, display_name: 'Bobby' },
    ]);
    const names = (user_list: number[]) => alice.does('POST /group/members/display_name', { group_id, user_list });
    expect(await names([bob.id, carol.id, alice.id, bob.id, 1])).toMatchObject([
      { user_id: bob.id, display_name: 'Bobby' },
      { user_id: alice.id, display_name: '' },
    ]);
    await bob.does('PUT /group/display_name', { group_id, value: '' });
    expect(await names([bob.id])).toMatchObject([{ display_name: '' }]);
    for (const msg_mute_mode of [3, -1, 'x'])
      expect(await bob.fails('POST /group/msg/mute_mode', { group_id, msg_mute_mode })).toBe('badParameter');
    for (const msg_push_mode of [5, -1])
      expect(await bob.fails('PUT /group/msg/push_mode', { group_id, msg_push_mode })).toBe('badPushMode');
    expect(await bob.fails('POST /group/display_name', { group_id, value: 'x'.repeat(129) })).toBe('badParameter');
    for (const call of ['POST /group/display_name', 'PUT /group/msg/mute_mode', 'PUT /group/msg/push_mode'] as const)
      expect(await carol.fails(call, { group_id, value: 'x', msg_mute_mode: 1, msg_push_mode: 1 })).toBe('needsMember');
    // They end with the membership.
    await bob.does('POST /group/display_name', { group_id, value: 'Bobby' });
    await bob.does('DELETE /group/leave', { group_id });
    await alice.does('POST /group/invite', { group_id, user_list: [bob.id] });
    expect(await names([bob.id])).toMatchObject([{ display_name: '' }]);
    expect(await bob.does('GET /group/info', { group_id })).toMatchObject({ msg_mute_mode: 0, msg_push_mode: 0 });
  });
});

inThisProcess('updated_at', (story) => {
  const setBack = async (given: Given, group_id: GroupId) => {
    const set = { set: { updatedAt: 1_000_000_000_000 } };
    const keys = [schema.group.key, schema.groupInfo.key, schema.groupText.key].map((key) => key(given.app, group_id));
    await given.db.write(keys.map((key) => update(key, set)));
  };

  story('updated_at moves with names, texts, settings and owner, and not with memberships', async (given) => {
    const [alice, bob] = (await given.users(2)) as [Person, Person];
    const group_id = await given.group(alice, { members: [bob] });
    const moves = async (change: () => Promise<unknown>) => {
      await setBack(given, group_id);
      await change();
      return (await alice.does('GET /group/info', { group_id })).updated_at > 1_000_000_000;
    };
    const settings: [string, object][] = [
      ['info/name', { value: 'x' }],
      ['info/avatar', { value: 'x' }],
      ['info/description', { value: 'x' }],
      ['info/ext', { value: 'x' }],
      ['settings/require_admin_approval', { apply_approval: 0 }],
      ['settings/allow_member_invitation', { value: true }],
      ['settings/allow_member_modify', { value: true }],
      ['settings/enable_read_ack', { value: true }],
      ['settings/hide_member_info', { value: true }],
      ['settings/history_visible', { value: true }],
      ['settings/ban_all', { duration: 1 }],
      ['settings/unban_all', {}],
    ];
    for (const [name, parameters] of settings)
      expect([name, await moves(() => alice.does(`POST /group/${name}`, { group_id, ...parameters }))]).toEqual([
        name,
        true,
      ]);
    const still: [string, object, Person][] = [
      ['leave', {}, bob],
      ['apply', {}, bob],
      ['display_name', { value: 'x' }, bob],
      ['admin/add', { user_list: [bob.id] }, alice],
      ['ban', { user_list: [bob.id], duration: 1 }, alice],
      ['announcement/edit', { title: 'x', content: 'x' }, alice],
      ['kick', { user_list: [bob.id] }, alice],
      ['block', { user_list: [bob.id] }, alice],
      ['unblock', { user_list: [bob.id] }, alice],
      ['invite', { user_list: [bob.id] }, alice],
    ];
    for (const [name, parameters, who] of still)
      expect([name, await moves(() => who.does(`POST /group/${name}`, { group_id, ...parameters }))]).toEqual([
        name,
        false,
      ]);
    expect(await moves(() => alice.does('POST /group/transfer', { group_id, new_owner: bob.id }))).toBe(true);
  });
});

inBothWorlds('Announcements', (story) => {
  story('announcements have ascending ids, and are shown and deleted', async (given) => {
    const [alice, bob] = (await given.users(2)) as [Person, Person];
    const group_id = await given.group(alice, { members: [bob] });
    const edit = (title: string) =>
      alice.does('POST /group/announcement/edit', { group_id, title, content: `of ${title}` });
    expect(await bob.does('GET /group/announcement/list', { group_id })).toEqual([]);
    expect(await bob.fails('GET /group/announcement/last', { group_id })).toBe('announcementMissing');
    expect(await bob.fails('GET /group/announcement', { group_id, announcement_id: 1 })).toBe('announcementMissing');
    const one = await edit('one');
    expect(one).toMatchObject({ id: 1, group_id, title: 'one', content: 'of one', author: alice.id });
    expect(Math.abs(one.created_at - Date.now() / 1000)).toBeLessThan(5);
    const two = await given
      .admin({ group: group_id })
      .does('POST /group/announcement/edit', { title: 'two', content: 'c' });
    expect(two).toMatchObject({ id: 2, author: alice.id });
    expect(await bob.does('GET /group/announcement/list', { group_id })).toEqual([one, two]);
    expect(await bob.does('GET /group/announcement/last', { group_id })).toEqual(two);
    expect(await bob.does('GET /group/announcement', { group_id, announcement_id: 1 })).toEqual(one);
    const remove = (announcement_id: number, method: 'POST' | 'DELETE') =>
      alice.asks(`${method} /group/announcement/delete`, { group_id, announcement_id });
    expect((await remove(2, 'POST')).body).toMatchObject({ code: 200, data: {} });
    expect((await remove(2, 'DELETE')).outcome).toBe('announcementMissing');
    expect(await bob.does('GET /group/announcement/last', { group_id })).toEqual(one);
    // An id is not used twice.
    expect(await edit('three')).toMatchObject({ id: 3 });
    for (const parameters of [
      { title: ' ', content: 'x' },
      { title: 'x' },
      { title: 'x', content: 'x'.repeat(10_001) },
    ])
      expect(await alice.fails('POST /group/announcement/edit', { group_id, ...parameters })).toBe('badParameter');
  });
});

inBothWorlds('Long announcements', (story) => {
  story(
    'a long announcement is published, shown, repeated and deleted as a short one is',
    async (given) => {
      const [alice, bob] = (await given.users(2)) as [Person, Person];
      const group_id = await given.group(alice, { members: [bob] });
      const published = [];
      // 1,800 bytes are short.
      for (const content of ['short', 'é'.repeat(899), 'é'.repeat(900), '😀'.repeat(10_000)]) {
        const request = { ...alice.headers, headers: { 'idempotency-key': String(content.length) } };
        const body = { group_id, title: 't', content };
        const first = await given.api.call('POST', '/group/announcement/edit', { ...request, body });
        expect(first.body.data).toMatchObject({ content, author: alice.id });
        const again = await given.api.call('POST', '/group/announcement/edit', { ...request, body });
        expect(JSON.stringify(again.body)).toBe(JSON.stringify(first.body));
        published.push(first.body.data);
        expect(await bob.does('GET /group/announcement/last', { group_id })).toEqual(first.body.data);
        const { id: announcement_id } = first.body.data;
        expect(await bob.does('GET /group/announcement', { group_id, announcement_id })).toEqual(first.body.data);
      }
      expect(await bob.does('GET /group/announcement/list', { group_id })).toEqual(published);
      await alice.does('POST /group/announcement/delete', { group_id, announcement_id: published[3].id });
      expect(await bob.fails('GET /group/announcement', { group_id, announcement_id: published[3].id })).toBe(
        'announcementMissing',
      );
      expect(await bob.does('GET /group/announcement/last', { group_id })).toEqual(published[2]);
      for (const title of ['a', 'b', 'c', 'd'])
        await alice.does('POST /group/announcement/edit', { group_id, title, content: title.repeat(3000) });
      const titles = (await bob.does('GET /group/announcement/list', { group_id })).map(
        ({ title }: { title: string }) => title,
      );
      expect(titles).toEqual(['a', 'b', 'c', 'd']);
    },
    { limits: { announcements: 4 } },
  );
});

inThisProcess('Limits of announcements', (story) => {
  story('a group keeps its newest hundred announcements', async (given) => {
    const alice = await given.user();
    const group_id = await given.group(alice);
    for (let nth = 1; nth <= 103; nth++)
      await alice.does('POST /group/announcement/edit', { group_id, title: `${nth}`, content: 'x' });
    const ids = (await alice.does('GET /group/announcement/list', { group_id })).map(({ id }: { id: number }) => id);
    expect(ids).toEqual(Array.from({ length: 100 }, (_, index) => index + 4));
    expect(await alice.fails('GET /group/announcement', { group_id, announcement_id: 3 })).toBe('announcementMissing');
    await alice.does('POST /group/announcement/delete', { group_id, announcement_id: 50 });
    await alice.does('POST /group/announcement/edit', { group_id, title: 'room', content: 'x' });
    expect(await alice.does('GET /group/announcement/list', { group_id })).toHaveLength(100);
    expect(await alice.does('GET /group/announcement', { group_id, announcement_id: 4 })).toMatchObject({ id: 4 });
  });

  story(
    'announcements of one moment are all published, and the oldest are removed by later calls',
    async (given) => {
      given.conflicts = true;
      const alice = await given.user();
      const group_id = await given.group(alice);
      const edit = () => alice.does('POST /group/announcement/edit', { group_id, title: 'x', content: 'x' });
      const published = await given.race(...Array.from({ length: 10 }, () => edit));
      const ids = published.map(({ id }: { id: number }) => id).sort((one, other) => one - other);
      expect(ids).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
      const kept = async () =>
        (await alice.does('GET /group/announcement/list', { group_id })).map(({ id }: { id: number }) => id);
      expect(await kept()).toEqual([6, 7, 8, 9, 10]);
      // Later calls remove what simultaneous calls left over, five at a time.
      await edit();
      expect(await kept()).toEqual([7, 8, 9, 10, 11]);
      await edit();
      expect(await kept()).toEqual([8, 9, 10, 11, 12]);
      expect(await given.db.read(announcementsOf(given.app, group_id))).toHaveLength(5);
    },
    { limits: { announcements: 5 } },
  );
});

inBothWorlds('Lists of groups', (story) => {
  story('info/batch shows groups in the order asked, dissolved ones too, missing ones not', async (given) => {
    const [alice, bob] = (await given.users(2)) as [Person, Person];
    const [one, two, three] = [
      await given.group(alice, { members: [bob], name: 'One' }),
      await given.group(alice),
      await given.group(bob),
    ];
    await alice.does('POST /group/destroy', { group_id: two });
    const infos = await bob.does('POST /group/info/batch', { group_list: [three, 1, two, one, three] });
    expect(infos).toMatchObject([
      { group_id: three, status: 0, owner: bob.id, count: 1, capacity: 2000 },
      { group_id: two, status: 1, count: 0 },
      { group_id: one, name: 'One', owner: alice.id, count: 2 },
    ]);
    expect(infos).toHaveLength(3);
    expect(await bob.fails('POST /group/info/batch', { group_list: [] })).toBe('badParameter');
    const many = Array.from({ length: 1001 }, (_, index) => index + 1);
    expect(await bob.fails('POST /group/info/batch', { group_list: many })).toBe('badParameter');
    expect(await bob.does('POST /group/info/batch', { group_list: [...many.slice(0, 999), one] })).toHaveLength(1);
  });

  story('groups of type 1 are listed as public, newest first', async (given) => {
    const [alice, bob] = (await given.users(2)) as [Person, Person];
    const made: number[] = [];
    for (const type of [1, 0, 1, 2, 1, 1] as const) {
      const group = await given.group(alice, { type });
      if (type === 1) made.unshift(group);
    }
    expect(await bob.does('GET /group/public_list')).toEqual(made);
    expect(await bob.lists('GET /group/public_list', { limit: 3 })).toEqual(made);
    expect(await given.admin().does('GET /group/public_list')).toEqual(made);
    const { cursor } = (await bob.asks('GET /group/public_list', { limit: 1 })).body;
    expect(await alice.fails('GET /group/public_list', { cursor })).toBe('badParameter');
    await alice.does('POST /group/destroy', { group_id: made[1] });
    expect(await bob.does('GET /group/public_list')).toEqual(made.filter((_, place) => place !== 1));
  });
});

inThisProcess('Applications to several groups', (story) => {
  story('applications to several groups come newest first, with one cursor for all', async (given) => {
    const [alice, bob] = (await given.users(2)) as [Person, Person];
    const groups: number[] = [];
    for (let nth = 0; nth < 4; nth++) groups.push(await given.group(nth === 3 ? bob : alice));
    const people = await given.users(3);
    const made: [number, number][] = [];
    for (const person of people)
      for (const group_id of groups) {
        await person.does('POST /group/apply', { group_id, reason: `to ${group_id}` });
        if (group_id !== groups[3]) made.unshift([group_id, person.id]);
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
    const pairs = (entries: { group_id: number; applicant_id: number }[]) =>
      entries.map(({ group_id, applicant_id }) => [group_id, applicant_id]);
    // Groups that alice does not administer, and groups that do not exist, are left out.
    const group_list = [...groups, 1];
    expect(pairs(await alice.does('POST /group/application_list', { group_list }))).toEqual(made);
    for (const limit of [1, 2, 4, 9])
      expect(pairs(await alice.lists('POST /group/application_list', { group_list, limit }))).toEqual(made);
    expect(pairs(await alice.does('POST /group/application_list'))).toEqual(made);
    const first = (await alice.asks('POST /group/application_list', { group_list, limit: 2 })).body;
    expect(first.total).toBe(9);
    // Further pages show the total of the first page.
    await people[0]!.does('POST /group/apply', { group_id: groups[0], reason: 'again' });
    const second = (await alice.asks('POST /group/application_list', { group_list, limit: 2, cursor: first.cursor }))
      .body;
    expect(second.total).toBe(9);
    expect(await alice.fails('POST /group/application_list', { group_list: groups, cursor: first.cursor })).toBe(
      'badParameter',
    );
    expect(await bob.fails('POST /group/application_list', { group_list, cursor: first.cursor })).toBe('badParameter');
    expect(await people[0]!.does('POST /group/application_list', { group_list })).toEqual([]);
    expect(await people[0]!.does('POST /group/application_list')).toEqual([]);
    expect(await given.admin().does('POST /group/application_list')).toEqual([]);
    expect(await given.admin({ group: groups[3]! }).does('POST /group/application_list')).toHaveLength(3);
  });
});
