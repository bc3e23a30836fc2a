import { afterEach, beforeEach, describe, expect, vi } from 'vitest';
import * as schema from '../../shared/data/schema.ts';
import { update } from '../../shared/data/step.ts';
import { checkVersion } from '../support/events.ts';
import { inBothWorlds, inThisProcess, type Person } from '../support/story.ts';

const idsOf = (people: Person[]) => people.map(({ id }) => id);
/** A text of as many characters as the cursor, and more bytes. */
const foreign = (cursor: string) => `${cursor.slice(0, -1)}é`;
const tampered = (cursor: string) => `${cursor.slice(0, -1)}${cursor.endsWith('A') ? 'B' : 'A'}`;

describe('Lists', () => {
  inBothWorlds('The list of members', (story) => {
    story('members are listed page by page in the order of joining, with total and version', async (given) => {
      const [alice, ...people] = await given.users(7);
      const group_id = await given.group(alice!, { members: people });
      const { body } = await alice!.asks('GET /group/member_list', { group_id });
      expect(body.data.map(({ user_id }: { user_id: number }) => user_id)).toEqual(idsOf([alice!, ...people]));
      expect(body.total).toBe(7);
      await checkVersion(given, alice!, group_id, body.version);
      expect(body).not.toHaveProperty('cursor');
      for (const { display_name, join_time } of body.data) {
        expect(display_name).toBe('');
        expect(Math.abs(join_time - Date.now() / 1000)).toBeLessThan(60);
      }
      for (const limit of [1, 2, 3, 6, 7, '8', 1000, 5000]) {
        const listed = await alice!.lists('GET /group/member_list', { group_id, limit, version: 3 });
        expect(listed).toEqual(body.data);
        const first = await alice!.asks('GET /group/member_list', { group_id, limit });
        expect(first.body.data).toHaveLength(Math.min(7, Number(limit)));
        expect(first.body.total).toBe(7);
        await checkVersion(given, alice!, group_id, first.body.version);
        expect('cursor' in first.body).toBe(Number(limit) < 7);
      }
      for (const limit of [0, -1, 'x', 1.5])
        expect(await alice!.fails('GET /group/member_list', { group_id, limit })).toBe('badParameter');
    });

    story('only members and the app may list members (needsMember)', async (given) => {
      const [alice, bob] = await given.users(2);
      const group_id = await given.group(alice!);
      expect(await bob!.fails('GET /group/member_list', { group_id })).toBe('needsMember');
      expect(await bob!.fails('GET /group/member_list', { group_id: 1 })).toBe('groupMissing');
      expect(await given.admin({ group: group_id }).does('GET /group/member_list')).toHaveLength(1);
      expect(await given.admin({ group: group_id }).fails('GET /group/member_list', { group_id: 1 })).toBe(
        'badParameter',
      );
      expect(await given.admin({ group: String(group_id) }).does('GET /group/member_list', { group_id })).toHaveLength(
        1,
      );
    });

    story('the list of members takes only a cursor of its own to its caller (badParameter)', async (given) => {
      const [alice, ...people] = await given.users(4);
      const bob = people[0]!;
      const group_id = await given.group(alice!, { members: people });
      const other = await given.group(alice!, { members: people });
      const { cursor } = (await alice!.asks('GET /group/member_list', { group_id, limit: 2 })).body;
      const list = (who: { fails: Person['fails'] }, group: number, text: unknown) =>
        who.fails('GET /group/member_list', { group_id: group, cursor: text });
      expect(await list(alice!, other, cursor)).toBe('badParameter');
      expect(await list(bob, group_id, cursor)).toBe('badParameter');
      expect(await list(given.admin(), group_id, cursor)).toBe('badParameter');
      expect(await list(alice!, group_id, tampered(cursor!))).toBe('badParameter');
      expect(await list(alice!, group_id, foreign(cursor!))).toBe('badParameter');
      for (const text of [
        'x',
        '.',
        'a.b',
        Buffer.from('M#~').toString('base64url'),
        'x'.repeat(1024),
        'x'.repeat(1025),
      ])
        expect(await list(alice!, group_id, text)).toBe('badParameter');
      // A valid position with the signature of another.
      const forged = Buffer.from('M#0000000000000#0000#1').toString('base64url');
      expect(await list(alice!, group_id, `${forged}.${cursor!.split('.')[1]}`)).toBe('badParameter');
      // An empty cursor starts the list.
      expect(await alice!.does('GET /group/member_list', { group_id, cursor: '' })).toHaveLength(4);
      // The member at the position may be gone meanwhile.
      await alice!.does('POST /group/kick', { group_id, user_list: [bob.id] });
      const { body } = await alice!.asks('GET /group/member_list', { group_id, cursor });
      expect(body.data.map(({ user_id }: { user_id: number }) => user_id)).toEqual(idsOf(people.slice(1)));
      expect(body.total).toBe(3);
    });
  });

  inBothWorlds('The list of joined groups', (story) => {
    story('joined groups are listed in the order of joining, without dissolved ones', async (given) => {
      const [alice, bob] = await given.users(2);
      const groups = [];
      for (let n = 0; n < 4; n++) groups.push(await given.group(alice!, { members: [bob!] }));
      expect(await bob!.does('GET /group/user_joined')).toEqual(groups);
      expect(await given.admin({ user: bob!.id }).does('GET /group/user_joined')).toEqual(groups);
      expect(await given.admin().fails('GET /group/user_joined')).toBe('badParameter');
      await bob!.does('POST /group/leave', { group_id: groups[0] });
      await alice!.does('POST /group/invite', { group_id: groups[0], user_list: [bob!.id], reason: '' });
      await alice!.does('POST /group/destroy', { group_id: groups[2] });
      expect(await bob!.does('GET /group/user_joined')).toEqual([groups[1], groups[3], groups[0]]);
    });
  });

  inBothWorlds('The list of applications', (story) => {
    story('applications to all groups of an admin are listed newest first, page by page', async (given) => {
      const [alice, ...people] = await given.users(6);
      const groups = [await given.group(alice!), await given.group(alice!), await given.group(alice!)];
      const made: { group_id: number; applicant_id: number }[] = [];
      for (const [n, person] of people.entries())
        for (const group_id of n % 2 ? groups : groups.toReversed()) {
          await person.does('POST /group/apply', { group_id, reason: `${n}` });
          made.unshift({ group_id, applicant_id: person.id });
        }
      const { body } = await alice!.asks('POST /group/application_list', {});
      // Several groups have no version together.
      expect(body).toMatchObject({ total: 15, version: 0 });
      expect(body).not.toHaveProperty('cursor');
      expect(body.data.map(({ group_id, applicant_id }: (typeof made)[0]) => ({ group_id, applicant_id }))).toEqual(
        made,
      );
      for (const entry of body.data) {
        expect(entry).toMatchObject({ status: 0 });
        expect(Math.abs(entry.expired_time - Date.now() - 604_800_000)).toBeLessThan(60_000);
      }
      for (const limit of [1, 4, 14, 15]) {
        const listed = await alice!.lists('POST /group/application_list', { limit, group_list: groups });
        expect(listed).toEqual(body.data);
      }
      const first = await alice!.asks('POST /group/application_list', { limit: 4 });
      const second = await alice!.asks('POST /group/application_list', { limit: 4, cursor: first.body.cursor });
      expect([first.body.total, second.body.total]).toEqual([15, 15]);
      expect(second.body.data).toEqual(body.data.slice(4, 8));
      // Limit and cursor may come in the query or in the body.
      const byQuery = await given.api.call('POST', '/group/application_list', {
        ...alice!.headers,
        query: { limit: 4, cursor: first.body.cursor },
        body: { group_list: [], limit: 1 },
      });
      expect(byQuery.body.data).toEqual(second.body.data);
    });

    story('only applications to groups that the actor administers are listed', async (given) => {
      const [alice, bob, carol, dave] = await given.users(4);
      const own = await given.group(alice!);
      const bobs = await given.group(bob!, { admins: [alice!] });
      const carols = await given.group(carol!, { members: [alice!] });
      const gone = await given.group(alice!);
      for (const group_id of [own, bobs, carols, gone]) await dave!.does('POST /group/apply', { group_id, reason: '' });
      await alice!.does('POST /group/destroy', { group_id: gone });
      const groupsOf = async (who: { does: Person['does'] }, group_list?: unknown) =>
        (await who.does('POST /group/application_list', { group_list })).map(
          ({ group_id }: { group_id: number }) => group_id,
        );
      const all = [bobs, own];
      expect(await groupsOf(alice!)).toEqual(all);
      expect(await groupsOf(alice!, [])).toEqual(all);
      expect(await groupsOf(alice!, null)).toEqual(all);
      expect(await groupsOf(alice!, [carols, bobs, gone, 1, own, own])).toEqual(all);
      expect(await groupsOf(given.admin({ user: alice!.id }), [carols, own])).toEqual([own]);
      for (const group_list of [[carols], [gone], [1], [carols, 1]])
        expect((await alice!.asks('POST /group/application_list', { group_list })).body).toMatchObject({
          code: 200,
          data: [],
          total: 0,
        });
      expect(await dave!.does('POST /group/application_list')).toEqual([]);
      expect(await alice!.fails('POST /group/application_list', { group_list: ['x'] })).toBe('badParameter');
      expect(
        await alice!.fails('POST /group/application_list', {
          group_list: Array.from({ length: 1001 }, (_, n) => n + 1),
        }),
      ).toBe('badParameter');
      // The app gets nothing without a list and a header, and else every group that it names.
      expect(await groupsOf(given.admin())).toEqual([]);
      expect(await groupsOf(given.admin(), [own, carols, 1])).toEqual([carols, own]);
      expect(await groupsOf(given.admin({ group: carols }))).toEqual([carols]);
      expect(await given.admin({ group: 1 }).fails('POST /group/application_list')).toBe('groupMissing');
      expect(await given.admin({ group: gone }).fails('POST /group/application_list')).toBe('groupMissing');
    });

    story('the list of applications takes only a cursor of its own to its caller (badParameter)', async (given) => {
      const [alice, bob, carol] = await given.users(3);
      const groups = [await given.group(alice!), await given.group(alice!)];
      for (const group_id of groups)
        for (const who of [bob!, carol!]) await who.does('POST /group/apply', { group_id, reason: '' });
      const { cursor } = (await alice!.asks('POST /group/application_list', { limit: 1 })).body;
      const list = (who: Pick<Person, 'fails'>, given: object) =>
        who.fails('POST /group/application_list', { cursor, ...given });
      expect(await list(alice!, { group_list: groups })).toBe('badParameter');
      expect(await list(bob!, {})).toBe('badParameter');
      expect(await list(given.admin(), {})).toBe('badParameter');
      expect(await list(alice!, { cursor: tampered(cursor!) })).toBe('badParameter');
      expect(await list(alice!, { cursor: foreign(cursor!) })).toBe('badParameter');
      expect(await list(alice!, { cursor: 'x' })).toBe('badParameter');
      const onGroup = await given.admin({ group: groups[0]! }).asks('POST /group/application_list', { limit: 1 });
      expect(await list(given.admin({ group: groups[1]! }), { cursor: onGroup.body.cursor })).toBe('badParameter');
      expect(await list(given.admin(), { cursor: onGroup.body.cursor })).toBe('badParameter');
    });
  });

  inThisProcess('The list of applications over time', (story) => {
    // The clock stands still, so that a slow machine does not age the applications.
    beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }));
    afterEach(() => void vi.useRealTimers());

    story('applications older than thirty days are not listed, and an old cursor is accepted', async (given) => {
      const [alice, bob, carol, dave] = await given.users(4);
      const group_id = await given.group(alice!);
      const DAY = 86_400_000;
      const since = Date.now() - 30 * DAY;
      for (const who of [bob!, carol!, dave!]) await who.does('POST /group/apply', { group_id, reason: '' });
      const age = async (who: Person, made: number) => {
        const order = schema.application.orders.newest(made, who.id);
        const set = { createdAt: made, expiresAt: made + 7 * DAY, status: 2, lsi1sk: order, lsi2sk: order };
        await given.db.write([update(schema.application.key(given.app, group_id, who.id), { set })]);
      };
      for (const who of [carol!, dave!])
        await given.db.write([
          update(schema.groupMembership.key(given.app, group_id, who.id), {
            set: { applied: undefined, applicationExpiresAt: undefined },
          }),
        ]);
      await age(carol!, since + 1500);
      await age(dave!, since - 1000);
      const page = await alice!.asks('POST /group/application_list', { limit: 1 });
      expect(page.body).toMatchObject({ data: [{ applicant_id: bob!.id }], total: 2 });
      const next = await alice!.asks('POST /group/application_list', { limit: 1, cursor: page.body.cursor });
      expect(next.body.data).toMatchObject([{ applicant_id: carol!.id, status: 2 }]);
      expect(next.body).not.toHaveProperty('cursor');
      // The last entry of a page may become too old before the next page is read.
      await age(bob!, since + 1400);
      const last = await alice!.asks('POST /group/application_list', { limit: 1 });
      expect(last.body.cursor).toBeTruthy();
      vi.setSystemTime(since + 1700 + 30 * DAY);
      expect(
        (await alice!.asks('POST /group/application_list', { limit: 1, cursor: last.body.cursor })).body,
      ).toMatchObject({ code: 200, data: [] });
    });
  });
});
