import { expect } from 'vitest';
import { viewOf } from '../../shared/data/operator-queries.ts';
import { importLines } from '../../shared/domain/app/import.ts';
import type { Line } from '../../shared/domain/app/lines/kinds.ts';
import { newId } from '../../shared/ids.ts';
import { eventsOf, inOrder, type Told, told } from '../support/events.ts';
import { share } from '../support/files.ts';
import { doJobs } from '../support/jobs.ts';
import { meanwhile } from '../support/meanwhile.ts';
import { type Given, inRaces, inThisProcess, type Person } from '../support/story.ts';

/** The group's events that the run tells, in any order. Those of users are looked at elsewhere. */
async function tells(given: Given, run: () => Promise<unknown>, expected: Told[]): Promise<void> {
  const facts = await eventsOf(given, run);
  expect(told(facts.filter(({ type }) => type.startsWith('group.')))).toEqual(inOrder(expected));
}

const people = async (given: Given, count: number) => (await given.users(count)) as [Person, Person, Person, Person];

inThisProcess('Events of groups', (story) => {
  story('a creation tells of the group, then of its members and invitations', async (given) => {
    const [owner, bob, eve] = await people(given, 3);
    const shy = await given.user('shy', { confirm: true });
    let group_id = 0;
    const create = async () => {
      const user_list = [bob.id, eve.id, shy.id];
      ({ group_id } = await owner.does('POST /group/create', {
        name: 'Friends',
        description: 'd',
        type: 1,
        user_list,
      }));
    };
    const facts = await eventsOf(given, create);
    const capacity = facts.find(({ type }) => type === 'group.created')!.data as { capacity: number };
    expect(told(facts)).toEqual(
      inOrder([
        ['group.created', { group_id, owner_id: owner.id, type: 1, name: 'Friends', ...capacity }],
        ['group.member.added', { group_id, user_id: owner.id, via: 'created' }],
        ['group.member.added', { group_id, user_id: bob.id, via: 'created', by: owner.id }],
        ['group.member.added', { group_id, user_id: eve.id, via: 'created', by: owner.id }],
        ['group.invitation.created', { group_id, user_id: shy.id, inviter_id: owner.id }],
      ]),
    );
    const stamps = facts.map(({ stamp }) => stamp);
    for (const { type, id, cause } of stamps)
      expect({ type, id, cause }).toEqual({
        ...stamps[0],
        ...{ at: undefined, why: undefined },
        type: 'user',
        id: String(owner.id),
      });
  });

  story('every way in tells how, and who let the user in', async (given) => {
    const [owner, bob, eve, dan] = await people(given, 4);
    const shy = await given.user('shy', { confirm: true });
    const group_id = await given.group(owner);
    const added = (user: Person, via: string, by?: Person): Told => [
      'group.member.added',
      { group_id, user_id: user.id, via, ...(by && { by: by.id }) },
    ];
    const invitation = { group_id, user_id: shy.id, inviter_id: owner.id };

    await tells(given, () => owner.does('POST /group/invite', { group_id, user_list: [bob.id] }), [
      added(bob, 'invited', owner),
    ]);
    await tells(given, () => owner.does('POST /group/invite', { group_id, user_list: [bob.id] }), []);
    await tells(given, () => owner.does('POST /group/invite', { group_id, user_list: [shy.id] }), [
      ['group.invitation.created', invitation],
    ]);
    const handle = (approval: boolean) =>
      shy.does('POST /group/invite/handle', { group_id, user_id: owner.id, approval });
    await tells(given, () => handle(false), [['group.invitation.declined', invitation]]);
    await owner.does('POST /group/invite', { group_id, user_list: [shy.id] });
    await tells(given, () => handle(true), [
      ['group.invitation.accepted', invitation],
      added(shy, 'invitation', owner),
    ]);

    const of = { group_id, user_id: eve.id };
    await tells(given, () => eve.does('POST /group/apply', { group_id }), [['group.application.created', of]]);
    await tells(given, () => eve.does('POST /group/apply', { group_id }), [['group.application.created', of]]);
    const decide = (approval: boolean) => owner.does('POST /group/apply/handle', { ...of, approval });
    await tells(given, () => decide(false), [['group.application.rejected', of]]);
    await eve.does('POST /group/apply', { group_id });
    await tells(given, () => decide(true), [['group.application.approved', of], added(eve, 'application', owner)]);

    const { qr_info } = await bob.does('GET /group/qrcode/sign', { group_id });
    await tells(given, () => dan.does('POST /group/qrcode/invite', { qr_info }), [added(dan, 'qrcode', bob)]);
    await dan.does('POST /group/leave', { group_id });
    await given.admin().does('POST /group/settings/require_admin_approval', { group_id, apply_approval: 0 });
    await tells(given, () => dan.does('POST /group/apply', { group_id }), [added(dan, 'applied')]);
  });

  story('an application that another way in settles is approved', async (given) => {
    const [owner, bob] = await people(given, 2);
    const group_id = await given.group(owner);
    await bob.does('POST /group/apply', { group_id });
    await tells(given, () => owner.does('POST /group/invite', { group_id, user_list: [bob.id] }), [
      ['group.application.approved', { group_id, user_id: bob.id }],
      ['group.member.added', { group_id, user_id: bob.id, via: 'invited', by: owner.id }],
    ]);
  });

  story('every way out tells why, one event for each of a batch', async (given) => {
    const members = await given.users(40);
    const [owner, stranger] = await people(given, 2);
    const group_id = await given.group(owner, { members });
    const removed = ({ id }: Person, reason: string): Told => [
      'group.member.removed',
      { group_id, user_id: id, reason },
    ];
    const [one, two, three, ...rest] = members as [Person, Person, Person, ...Person[]];
    await tells(given, () => one.does('POST /group/leave', { group_id }), [removed(one, 'left')]);
    await tells(given, () => one.asks('POST /group/leave', { group_id }), []);
    const kicked = [...rest, one].map(({ id }) => id);
    await tells(
      given,
      () => owner.does('POST /group/kick', { group_id, user_list: kicked }),
      rest.map((member) => removed(member, 'kicked')),
    );
    const blocked = ({ id }: Person): Told => ['group.user.blocked', { group_id, user_id: id }];
    const block = () => owner.does('POST /group/block', { group_id, user_list: [two.id, stranger.id] });
    await tells(given, block, [removed(two, 'blocked'), blocked(two), blocked(stranger)]);
    await tells(given, block, []);
    await tells(given, () => owner.does('POST /group/unblock', { group_id, user_list: [two.id, three.id] }), [
      ['group.user.unblocked', { group_id, user_id: two.id }],
    ]);
    await tells(given, () => owner.does('POST /group/invite', { group_id, user_list: [two.id] }), [
      ['group.member.added', { group_id, user_id: two.id, via: 'invited', by: owner.id }],
    ]);
  });

  story('a member who is blocked is removed first', async (given) => {
    const [owner, bob] = await people(given, 2);
    const group_id = await given.group(owner, { members: [bob] });
    const facts = await eventsOf(given, () => owner.does('POST /group/block', { group_id, user_list: [bob.id] }));
    expect(facts.map(({ type }) => type)).toEqual(['group.member.removed', 'group.user.blocked']);
  });

  story('roles, bans and own settings of members are told', async (given) => {
    const [owner, bob, eve] = await people(given, 3);
    const group_id = await given.group(owner, { members: [bob, eve] });
    const of = { group_id, user_id: bob.id };
    const list = { group_id, user_list: [bob.id] };
    const role = (role: number): Told => ['group.member.updated', { ...of, changed: ['role'], role }];
    await tells(given, () => owner.does('POST /group/admin/add', list), [role(1)]);
    await tells(given, () => owner.does('POST /group/admin/add', list), []);
    await tells(given, () => owner.does('POST /group/admin/remove', list), [role(0)]);

    const ban = (duration: number) => () => owner.does('POST /group/ban', { ...list, duration });
    const [first] = await eventsOf(given, ban(5));
    expect(first).toMatchObject({ type: 'group.member.banned', data: of });
    expect((first!.data as { until: number }).until).toBeGreaterThan(Date.now() + 200_000);
    const forever: Told = ['group.member.banned', { ...of, until: -1 }];
    await tells(given, ban(-1), [forever]);
    await tells(given, () => bob.does('POST /group/leave', { group_id }), [
      ['group.member.removed', { ...of, reason: 'left' }],
    ]);
    await tells(given, () => owner.does('POST /group/invite', list), [
      ['group.member.added', { ...of, via: 'invited', by: owner.id }],
      forever,
    ]);
    await tells(given, () => owner.does('POST /group/unban', list), [['group.member.unbanned', { ...of, until: 0 }]]);
    await tells(given, () => owner.does('POST /group/unban', list), []);

    const changed = (...names: string[]): Told => ['group.member.updated', { ...of, changed: names }];
    const name = () => bob.does('POST /group/display_name', { group_id, value: 'Bobby' });
    await tells(given, name, [changed('display_name')]);
    await tells(given, name, []);
    await tells(given, () => bob.does('POST /group/msg/mute_mode', { group_id, msg_mute_mode: 1 }), [
      changed('mute_mode'),
    ]);
    await tells(given, () => bob.does('POST /group/msg/push_mode', { group_id, msg_push_mode: 2 }), [
      changed('push_mode'),
    ]);
  });

  story('texts, settings, silence and owner of a group are told', async (given) => {
    const [owner, bob] = await people(given, 2);
    const group_id = await given.group(owner, { admins: [bob] });
    const g = { group_id };
    const updated = (changed: string[], values = {}): Told => ['group.updated', { ...g, changed, ...values }];
    const sets = (path: string, value: unknown) => () => owner.does(`POST /group/${path}`, { ...g, value });
    await tells(given, sets('info/name', 'Old friends'), [updated(['name'], { name: 'Old friends' })]);
    await tells(given, sets('info/name', 'Old friends'), []);
    await tells(given, sets('info/avatar', 'https://a.example/b.png'), [
      updated(['avatar'], { avatar: 'https://a.example/b.png' }),
    ]);
    await tells(given, sets('info/description', 'secret'), [updated(['description'])]);
    await tells(given, sets('info/ext', 'secret'), [updated(['ext'])]);
    await tells(given, sets('settings/hide_member_info', true), [
      updated(['hide_member_info'], { hide_member_info: true }),
    ]);
    await tells(given, sets('settings/allow_member_modify', true), [
      updated(['member_modify'], { member_modify: true }),
    ]);
    await tells(given, () => owner.does('POST /group/settings/ban_all', { ...g, duration: -1 }), [
      ['group.silenced', { ...g, until: -1 }],
    ]);
    const unsilence = () => owner.does('POST /group/settings/unban_all', g);
    await tells(given, unsilence, [['group.unsilenced', { ...g, until: 0 }]]);
    await tells(given, unsilence, []);
    await tells(given, () => owner.does('POST /group/transfer', { ...g, new_owner: bob.id }), [
      ['group.owner_changed', { ...g, owner_id: bob.id, previous_owner_id: owner.id, reason: 'transferred' }],
      ['group.member.updated', { ...g, user_id: owner.id, changed: ['role'], role: 0 }],
    ]);
  });

  story('a dissolution is one event, and its clean-up none', async (given) => {
    const members = await given.users(5);
    const [owner, stranger] = await people(given, 2);
    const group_id = await given.group(owner, { members });
    await owner.does('POST /group/block', { group_id, user_list: [stranger.id] });
    await owner.does('POST /group/announcement/edit', { group_id, title: 't', content: 'c' });
    await share(given, owner, group_id);
    await share(given, owner, group_id);
    await owner.does('POST /group/file/delete', { group_id, file_list: [1] });
    await members[0]!.does('POST /group/leave', { group_id });
    await tells(given, () => owner.does('POST /group/destroy', { group_id }), [['group.dissolved', { group_id }]]);
    await tells(given, () => doJobs(given), []);
  });

  story('a deleted user leaves groups by the job, which passes on or dissolves what it owned', async (given) => {
    const [gone, bob, eve] = await people(given, 3);
    const other = await given.group(bob, { members: [gone] });
    const passed = await given.group(gone, { members: [eve], admins: [bob] });
    const dissolved = await given.group(gone);
    const removed = (group_id: number): Told => [
      'group.member.removed',
      { group_id, user_id: gone.id, reason: 'deleted' },
    ];
    await tells(given, () => given.admin({ user: gone.id }).does('POST /user/delete'), []);
    const facts = await eventsOf(given, () => doJobs(given));
    expect(told(facts.filter(({ type }) => type.startsWith('group.')))).toEqual(
      inOrder([
        removed(other),
        removed(passed),
        [
          'group.owner_changed',
          { group_id: passed, owner_id: bob.id, previous_owner_id: gone.id, reason: 'succeeded' },
        ],
        ['group.dissolved', { group_id: dissolved }],
      ]),
    );
    for (const { stamp } of facts) expect(stamp).toMatchObject({ type: 'system', cause: facts[0]!.stamp.cause });
  });

  story('a ban that outlived its membership ends with its user, and is told', async (given) => {
    const [owner, gone] = await people(given, 2);
    const group_id = await given.group(owner, { members: [gone] });
    await owner.does('POST /group/ban', { group_id, user_list: [gone.id], duration: -1 });
    await gone.does('POST /group/leave', { group_id });
    await given.admin({ user: gone.id }).does('POST /user/delete');
    const ended = { group_id, user_id: gone.id, until: 0 } as const;
    await tells(given, () => doJobs(given), [['group.member.unbanned', ended]]);
  });

  story(
    'announcements are told, those too that go for a new one',
    async (given) => {
      const owner = await given.user();
      const group_id = await given.group(owner);
      const edit = () => owner.does('POST /group/announcement/edit', { group_id, title: 'secret', content: 'c' });
      const of = (announcement_id: number) => ({ group_id, announcement_id, author: owner.id });
      await tells(given, edit, [['group.announcement.published', of(1)]]);
      await tells(given, edit, [['group.announcement.published', of(2)]]);
      await tells(given, edit, [
        ['group.announcement.published', of(3)],
        ['group.announcement.deleted', of(1)],
      ]);
      await tells(given, () => owner.does('POST /group/announcement/delete', { group_id, announcement_id: 2 }), [
        ['group.announcement.deleted', of(2)],
      ]);
      await tells(given, edit, [['group.announcement.published', of(4)]]);
    },
    { limits: { announcements: 2 } },
  );

  story('files are told once they are published, and by name when they go', async (given) => {
    const [owner, bob] = await people(given, 2);
    const group_id = await given.group(owner, { members: [bob] });
    const of = (file_id: number, more = {}) => ({
      group_id,
      file_id,
      uploader: bob.id,
      name: 'notes.txt',
      size: 7,
      type: 'text/plain',
      ...more,
    });
    const facts = await eventsOf(given, () => share(given, bob, group_id));
    expect(told(facts)).toEqual([['group.file.published', of(1)]]);
    expect(facts[0]!.stamp.type).toBe('system');
    const link = { group_id, name: 'link', size: 3, type: 'text/html', url: 'https://example.com/x' };
    await tells(given, () => bob.does('POST /group/file/upload', link), [
      ['group.file.published', of(2, { name: 'link', size: 3, type: 'text/html' })],
    ]);
    await tells(given, () => bob.does('POST /group/file/upload', { group_id, name: 'later', size: 1 }), []);
    await tells(given, () => owner.does('POST /group/file/update_name', { group_id, file_id: 1, name: 'b.txt' }), [
      ['group.file.renamed', of(1, { name: 'b.txt' })],
    ]);
    const remove = () => bob.does('POST /group/file/delete', { group_id, file_list: [1, 2, 3] });
    await tells(given, remove, [
      ['group.file.deleted', of(1, { name: 'b.txt' })],
      ['group.file.deleted', of(2, { name: 'link', size: 3, type: 'text/html' })],
    ]);
    await tells(given, remove, []);
    expect(await owner.fails('GET /group/file', { group_id, file_id: 1 })).toBe('fileMissing');
    expect(await owner.does('GET /group/file/list', { group_id })).toEqual([]);
  });

  story('an import tells of everything that it writes', async (given) => {
    const [owner, bob, eve] = await people(given, 3);
    const group_id = newId();
    const g = { group_id } as { group_id: never };
    const now = Date.now();
    const imports = async (...lines: object[]) => {
      const numbered = lines.map((line, number) => ({ line: line as Line, number }));
      const outcomes = await importLines(() => viewOf(given.world.table), given.record, numbered);
      expect(outcomes).toEqual(lines.map(() => 'written'));
    };
    const group = { kind: 'group', ...g, owner_id: owner.id, name: 'Moved', capacity: 9, ban_expire_time: -1 };
    await tells(given, () => imports(group), [
      ['group.created', { ...g, owner_id: owner.id, type: 0, name: 'Moved', capacity: 9 }],
      ['group.silenced', { ...g, until: -1 }],
      ['group.member.added', { ...g, user_id: owner.id, via: 'imported' }],
    ]);
    const members = [
      { kind: 'member', ...g, user_id: owner.id, role: 'owner', display_name: 'Boss' },
      { kind: 'member', ...g, user_id: bob.id, role: 'admin' },
    ];
    await tells(given, () => imports(...members), [
      ['group.member.updated', { ...g, user_id: owner.id, changed: ['display_name'] }],
      ['group.member.added', { ...g, user_id: bob.id, via: 'imported' }],
      ['group.member.updated', { ...g, user_id: bob.id, changed: ['role'], role: 1 }],
    ]);
    await tells(given, () => imports({ kind: 'ban', ...g, user_id: bob.id, expired_time: now + 1e6 }), [
      ['group.member.banned', { ...g, user_id: bob.id, until: now + 1e6 }],
    ]);
    await tells(given, () => imports({ kind: 'block', ...g, user_id: eve.id }), [
      ['group.user.blocked', { ...g, user_id: eve.id }],
    ]);
    const announcement = { kind: 'announcement', ...g, id: 5, title: 't', content: 'c', author: bob.id };
    await tells(given, () => imports(announcement), [
      ['group.announcement.published', { ...g, announcement_id: 5, author: bob.id }],
    ]);
  });

  story('callers are named: the app, and the app as a user', async (given) => {
    const [owner, bob] = await people(given, 2);
    const group_id = await given.group(owner, { members: [bob] });
    const rename = (who: ReturnType<Given['admin']>, value: string) =>
      eventsOf(given, () => who.does('POST /group/info/name', { group_id, value }));
    expect(await rename(given.admin(), 'a')).toMatchObject([{ stamp: { type: 'app' } }]);
    expect(await rename(given.admin({ user: owner.id }), 'b')).toMatchObject([
      { stamp: { type: 'app_as_user', id: String(owner.id) } },
    ]);
  });

  story('a decision that is made again tells of what it wrote in the end', async (given) => {
    const [owner, bob] = await people(given, 2);
    const group_id = await given.group(owner, { members: [bob] });
    const list = { group_id, user_list: [bob.id] };
    // The kick finds the member gone: it tells nothing.
    const kick = () =>
      meanwhile(
        () => owner.does('POST /group/kick', list),
        () => bob.does('POST /group/leave', { group_id }),
      );
    await tells(given, kick, [['group.member.removed', { group_id, user_id: bob.id, reason: 'left' }]]);
    await owner.does('POST /group/invite', list);
    // The kick is decided again for an admin, whose ban stays.
    const raced = () =>
      meanwhile(
        () => owner.does('POST /group/kick', list),
        () => owner.does('POST /group/ban', { ...list, duration: -1 }),
      );
    await tells(given, raced, [
      ['group.member.banned', { group_id, user_id: bob.id, until: -1 }],
      ['group.member.removed', { group_id, user_id: bob.id, reason: 'kicked' }],
    ]);
  });
});

inRaces('Events of races', (story) => {
  story('fifty users who join at once, some of them by the queue, are fifty events', async (given) => {
    const [owner] = await people(given, 1);
    const joiners = await given.users(50);
    const group_id = await given.group(owner, { approval: 0 });
    const join = (person: Person) => () => person.insists('POST /group/apply', { group_id });
    await tells(
      given,
      () => given.race(...joiners.map(join)),
      joiners.map(({ id }) => ['group.member.added', { group_id, user_id: id, via: 'applied' }]),
    );
  });

  story('of two admins who kick a member at once, one tells it', async (given) => {
    const [owner, admin, bob] = await people(given, 3);
    const group_id = await given.group(owner, { admins: [admin], members: [bob] });
    const kick = (person: Person) => () => person.insists('POST /group/kick', { group_id, user_list: [bob.id] });
    await tells(given, () => given.race(kick(owner), kick(admin)), [
      ['group.member.removed', { group_id, user_id: bob.id, reason: 'kicked' }],
    ]);
  });
});
