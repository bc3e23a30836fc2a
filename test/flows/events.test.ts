import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, vi } from 'vitest';
import * as schema from '../../shared/data/schema.ts';
import { update } from '../../shared/data/step.ts';
import { EVENTS, type EventType, type RosterEvent } from '../../shared/events/catalogue.ts';
import { LONGEST } from '../../shared/http/parameters.ts';
import { eventsAreTold, type Feed, relayed, tellFiles, tellOfGroup } from '../support/events.ts';
import { type Actor, type Given, inBothWorlds, inThisProcess } from '../support/story.ts';

/** One answer of the feed. */
const read = async (given: Given, parameters: Record<string, unknown> = {}): Promise<Feed> => {
  const { body } = await given.admin().asks('GET /event/list', parameters);
  expect(body.code, body.message ?? '').toBe(200);
  return body as unknown as Feed;
};

/** The whole feed, followed by `next`. */
async function feed(given: Given, parameters: Record<string, unknown> = {}): Promise<RosterEvent[]> {
  const events: RosterEvent[] = [];
  for (let after = '0'; ; ) {
    const { data, next, head } = await read(given, { ...parameters, after });
    events.push(...data);
    if (next === head) return events;
    expect(Number(next)).toBeGreaterThan(Number(after));
    after = next;
  }
}

const typesOf = (events: { type: string }[]) => events.map(({ type }) => type);

describe('Events', () => {
  inBothWorlds('The feed', (story) => {
    story('who kicked whom, by which call: the event says it, in its order and with its number', async (given) => {
      await eventsAreTold(given);
      const [alice, bob] = await given.users(2);
      const { group_id } = await alice!.does('POST /group/create', { name: 'Friends', user_list: [bob!.id] });
      const { headers } = await alice!.asks('POST /group/kick', { group_id, user_list: [bob!.id] });
      await relayed(given);
      const events = await feed(given);
      for (const { type, data } of events) expect(EVENTS[type].data().safeParse(data).error, type).toBeUndefined();
      expect(events.map(({ sequence }) => Number(sequence))).toEqual(events.map((_, index) => index + 1));
      const kick = events.at(-1)!;
      expect(kick).toEqual({
        specversion: '1.0',
        id: expect.stringMatching(/^[\w-]{22}$/),
        source: `/apps/${given.app}`,
        type: 'group.member.removed',
        subject: `group/${group_id}/member/${bob!.id}`,
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        datacontenttype: 'application/json',
        sequence: expect.stringMatching(/^\d{16}$/),
        authtype: 'user',
        authid: String(alice!.id),
        cause: headers['apigw-requestid'] ?? expect.any(String),
        data: { group_id, user_id: bob!.id, reason: 'kicked', count: 1 },
      });
      expect(Math.abs(Date.parse(kick.time) - Date.now())).toBeLessThan(60_000);
      const group = events.filter(({ subject }) => subject.startsWith('group/'));
      expect(typesOf(group)).toEqual([
        'group.created',
        'group.member.added',
        'group.member.added',
        'group.member.removed',
      ]);
    });

    story('a reader that follows `next` gets every event once, whatever its limit and filters', async (given) => {
      await eventsAreTold(given);
      const [alice, ...people] = await given.users(12);
      const group_id = await given.group(alice!);
      for (const { id } of people) await alice!.does('POST /group/invite', { group_id, user_list: [id] });
      for (const person of people.slice(0, 5)) await person.does('POST /group/leave', { group_id });
      await relayed(given);
      const all = await feed(given);
      expect(all.filter(({ type }) => type === 'group.member.added')).toHaveLength(12);
      expect(all.filter(({ type }) => type === 'group.member.removed')).toHaveLength(5);
      for (const limit of [1, 3, 7, 1000]) expect(await feed(given, { limit })).toEqual(all);
      const filters: [parameters: object, wanted: (event: RosterEvent) => boolean][] = [
        [{ types: 'group.member.removed' }, ({ type }) => type === 'group.member.removed'],
        [{ types: 'user.created, group.member.*' }, ({ type }) => /^(user\.created|group\.member\.)/.test(type)],
        [{ group_id }, ({ data }) => 'group_id' in data],
        [{ user_id: people[0]!.id, limit: 1 }, ({ data }) => 'user_id' in data && data.user_id === people[0]!.id],
      ];
      for (const [parameters, wanted] of filters) {
        const expected = all.filter(wanted);
        expect(expected.length).toBeGreaterThan(0);
        expect(await feed(given, { ...parameters })).toEqual(expected);
      }
      // Nothing matched, and still the reader gets on.
      expect(await read(given, { types: 'friend.*', limit: 5 })).toMatchObject({
        data: [],
        next: (await read(given)).head,
      });
    });

    story('`wait` answers with the first event that comes, or with none at its end', async (given) => {
      await eventsAreTold(given);
      await relayed(given);
      const { head: after } = await read(given);
      const began = Date.now();
      expect((await read(given, { after, wait: 1, types: 'user.updated' })).data).toEqual([]);
      expect(Date.now() - began).toBeGreaterThanOrEqual(900);
      const [alice] = await given.users(1);
      const waiting = read(given, { after, wait: 10, types: 'user.updated' });
      await sleep(300);
      await alice!.does('PUT /user/nickname', { nick_name: 'Al' });
      await relayed(given);
      const { data } = await waiting;
      expect(data).toMatchObject([{ type: 'user.updated', data: { user_id: alice!.id, changed: ['nick_name'] } }]);
    });

    story('wrong parameters are refused by name (badParameter), users altogether (noPermission)', async (given) => {
      const [alice] = await given.users(1);
      expect(await alice!.fails('GET /event/list')).toBe('noPermission');
      for (const wrong of [
        { after: 'x' },
        { after: '1'.repeat(17) },
        { wait: 21 },
        { limit: 0 },
        { types: 'group.x' },
      ]) {
        const { body, outcome } = await given.admin().asks('GET /event/list', wrong);
        expect(outcome).toBe('badParameter');
        expect(body.message).toContain(Object.keys(wrong)[0]);
      }
      expect(await given.admin().fails('GET /event/list', { after: '999999' })).toBe('badParameter');
    });
  });

  inThisProcess('The feed over time', (story) => {
    story(
      'events older than the app keeps them are gone (eventsGone), and the oldest kept one is named',
      async (given) => {
        await tellFiles(given, await given.group((await given.users(1))[0]!), 90);
        expect((await read(given, { after: '0', limit: 1 })).next).toBe('0000000000000001');
        const { body } = await given.admin().asks('GET /event/list', { after: '0', limit: 1000 });
        // The database may remove a page late: what counts is its time.
        await given.db.write([
          update(schema.eventPage.key(given.app, 0, 40), { set: { ttl: Math.floor(Date.now() / 1000) - 1 } }),
        ]);
        const gone = await given.admin().asks('GET /event/list', { after: '0' });
        expect(gone).toMatchObject({ outcome: 'eventsGone', body: { data: null, oldest: '0000000000000041' } });
        expect((await read(given, { after: '40', limit: 1000 })).data).toEqual(body.data.slice(40));
        // From the beginning means from the oldest that there is.
        expect((await read(given, { limit: 1000 })).data).toEqual(body.data.slice(40));
        expect(await given.admin().fails('GET /event/list', { after: '39' })).toBe('eventsGone');
        // Where none is left, the reader goes on with what comes.
        const ttl = Math.floor(Date.now() / 1000) - 1;
        await given.db.write(
          [80, 90].map((last) => update(schema.eventPage.key(given.app, 0, last), { set: { ttl } })),
        );
        expect(await read(given)).toMatchObject({ data: [], next: '0000000000000090', head: '0000000000000090' });
        expect((await given.admin().asks('GET /event/list', { after: '89' })).body).not.toHaveProperty('oldest');
      },
    );

    story(
      'an app without events has none to read (eventsGone), and lists answer version 0',
      async (given) => {
        await eventsAreTold(given);
        const [alice] = await given.users(1);
        const group_id = await given.group(alice!);
        await relayed(given);
        expect(await given.admin().fails('GET /event/list')).toBe('eventsGone');
        expect(await alice!.fails('GET /group/changes', { group_id })).toBe('eventsGone');
        expect((await alice!.asks('GET /group/member_list', { group_id })).body).toMatchObject({ version: 0 });
      },
      { limits: { event_days: 0 } },
    );
  });
});

/** Ids of members by a list, with its version. */
async function members(who: Actor, group_id: number): Promise<{ ids: Set<number>; version: number }> {
  const { body } = await who.asks('GET /group/member_list', { group_id });
  return { ids: new Set(body.data.map(({ user_id }: { user_id: number }) => user_id)), version: body.version ?? 0 };
}

/** All changes after a version, and the version that they lead to. */
async function changesAfter(who: Actor, group_id: number, from: number, limit = 2) {
  const events: RosterEvent[] = [];
  for (let version = from; ; ) {
    const { body } = await who.asks('GET /group/changes', { group_id, version, limit });
    expect(body.code, body.message ?? '').toBe(200);
    events.push(...body.data);
    version = body.version!;
    if (version === (body as unknown as { head: number }).head) return { events, version };
  }
}

describe('Changes of a group', () => {
  inBothWorlds('The changes after a version', (story) => {
    story('applied to a list of that version they give the list of now', async (given) => {
      await eventsAreTold(given);
      const [alice, bob, ...people] = await given.users(8);
      const group_id = await given.group(alice!, { members: [bob!] });
      await alice!.does('POST /group/invite', { group_id, user_list: people.slice(0, 3).map(({ id }) => id) });
      await relayed(given);
      // A number that is a second old stands for a change that the list contains.
      const before = await vi.waitFor(async () => {
        const list = await members(bob!, group_id);
        expect(list.version).toBeGreaterThanOrEqual(5);
        return list;
      }, 5000);
      await people[0]!.does('POST /group/leave', { group_id });
      await alice!.does('POST /group/kick', { group_id, user_list: [people[1]!.id] });
      await alice!.does('POST /group/invite', { group_id, user_list: people.slice(3).map(({ id }) => id) });
      await people[0]!.asks('POST /group/apply', { group_id, reason: 'again' });
      await relayed(given);
      const { events, version } = await changesAfter(bob!, group_id, before.version);
      const ids = new Set(before.ids);
      for (const { type, data } of events) {
        if (type === 'group.member.added') ids.add(data.user_id);
        if (type === 'group.member.removed') ids.delete(data.user_id);
      }
      const after = await members(bob!, group_id);
      expect(ids).toEqual(after.ids);
      expect(version).toBeGreaterThan(before.version);
      expect((await changesAfter(bob!, group_id, version)).events).toEqual([]);
      expect(await changesAfter(bob!, group_id, before.version, 1)).toEqual({ events, version });
    });

    story('a list of applications to one group answers its version, whether body or header names it', async (given) => {
      await eventsAreTold(given);
      const alice = await given.user();
      const group_id = await given.group(alice);
      await relayed(given);
      const version = async (who: Actor, group_list?: number[]) =>
        (await who.asks('POST /group/application_list', { group_list })).body.version;
      // A number that is a second old stands for a change that the list contains.
      await vi.waitFor(async () => expect(await version(alice, [group_id])).toBe(2), 5000);
      expect(await version(given.admin({ group: group_id }))).toBe(2);
      expect(await version(alice)).toBe(0);
    });

    story('only admins see applications and blocks; hidden members are hidden here, too', async (given) => {
      await eventsAreTold(given);
      const [alice, bob, carol, dave] = await given.users(4);
      const group_id = await given.group(alice!, { members: [bob!] });
      await carol!.does('POST /group/apply', { group_id, reason: '' });
      await alice!.does('POST /group/block', { group_id, user_list: [dave!.id] });
      await relayed(given);
      const types = async (who: Actor) =>
        new Set<EventType>(typesOf((await changesAfter(who, group_id, 0)).events) as EventType[]);
      expect(await types(alice!)).toContain('group.application.created');
      expect(await types(alice!)).toContain('group.user.blocked');
      expect([...(await types(bob!))].filter((type) => /application|user/.test(type))).toEqual([]);
      expect(await types(bob!)).toContain('group.member.added');
      await alice!.does('POST /group/settings/hide_member_info', { group_id, value: true });
      await relayed(given);
      const { events } = await changesAfter(bob!, group_id, 0);
      expect(events.flatMap(({ data }) => ('user_id' in data ? [data.user_id] : []))).toEqual([bob!.id]);
      expect(await types(alice!)).toContain('group.member.added');
      expect(await carol!.fails('GET /group/changes', { group_id })).toBe('needsMember');
      expect(await alice!.fails('GET /group/changes', { group_id: 1 })).toBe('groupMissing');
      expect(await alice!.fails('GET /group/changes', { group_id, version: -1 })).toBe('badParameter');
      // A number that this log has never given: the client lists again.
      expect(await alice!.fails('GET /group/changes', { group_id, version: 9999 })).toBe('eventsGone');
    });
  });

  inThisProcess('The changes of a group whose fields are long', (story) => {
    story('are as many as one answer of Lambda holds; the next answer goes on', async (given) => {
      const alice = await given.user();
      const group_id = await given.group(alice);
      // Pages are packed, so that many events of one text lie in few bytes.
      const COUNT = 600;
      const avatar = '\u0001'.repeat(LONGEST.url);
      const changed = { group_id, changed: ['avatar' as const], avatar };
      await tellOfGroup(
        given,
        group_id,
        'group.updated',
        Array.from({ length: COUNT }, () => changed),
      );
      for (const call of ['GET /group/changes', 'GET /event/list'] as const) {
        const numbers: number[] = [];
        let answers = 0;
        for (let [version, after] = [0, '0']; numbers.length < COUNT; answers++) {
          const who = call === 'GET /event/list' ? given.admin() : alice;
          const { body } = await who.asks(call, { group_id, version, after, limit: 1000 });
          expect(body.code, body.message ?? '').toBe(200);
          expect(body.data.length).toBeGreaterThan(0);
          numbers.push(...body.data.map(({ sequence }: RosterEvent) => Number(sequence)));
          version = body.version ?? 0;
          after = (body as unknown as Feed).next;
        }
        expect(numbers, call).toEqual(Array.from({ length: COUNT }, (_, index) => index + 1));
        expect(answers).toBeGreaterThan(1);
      }
    });
  });
});
