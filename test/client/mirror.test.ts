import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Change, Mirror, type MirrorOptions, type MirrorStore } from '../../client/mirror.ts';
import { ApiError, rosterClient } from '../../client/roster.ts';
import type { EventData, EventType } from '../../shared/events/catalogue.ts';

const [ANN, BOB, EVE, TOM] = [11, 12, 13, 14];
const G = { group_id: 77 };
const numbered = (sequence: number) => String(sequence).padStart(16, '0');

interface FakeGroup {
  owner: number;
  members: number[];
  admins: number[];
  bans: { [user: number]: number };
  /** Seconds. */
  silence: number;
}

/** What the server answers from: lists, disabled users, and the feed, which may be behind the lists. */
let groups: { [id: number]: FakeGroup };
let disabled: number[];
let events: { type: EventType; data: object; sequence: string; time: string }[];
let oldest: number;
let refusal: { code: number; message: string } | undefined;
let asked: string[];
/** Runs before the answer of that path, once. */
let before: { path: string; run: (signal: AbortSignal | null | undefined) => Promise<void> } | undefined;

const PAGES: { [path: string]: (query: Record<string, string>, body: { items: { user_id: number }[] }) => object } = {
  '/event/list': ({ after = numbered(oldest - 1), limit = '100' }) =>
    Number(after) < oldest - 1
      ? { code: 20030, message: 'gone', oldest: numbered(oldest) }
      : page(events.filter(({ sequence }) => sequence > after).slice(0, Number(limit)), after),
  '/group/info': ({ group_id }) => {
    const group = groups[Number(group_id)];
    return group
      ? { data: { owner_id: group.owner, status: 0, ban_expire_time: group.silence } }
      : { code: 20001, message: 'no such group' };
  },
  '/group/member_list': ({ group_id, cursor = '0' }) => {
    const { members } = groups[Number(group_id)]!;
    const next = Number(cursor) + 2;
    const data = members.slice(Number(cursor), next).map((user_id) => ({ user_id }));
    return { data, ...(next < members.length && { cursor: String(next) }) };
  },
  '/group/admin_list': ({ group_id }) => ({ data: groups[Number(group_id)]!.admins.map((user_id) => ({ user_id })) }),
  '/group/banned_list': ({ group_id }) => {
    const { bans, members } = groups[Number(group_id)]!;
    const list = Object.entries(bans).map(([id, expired_time]) => ({ user_id: Number(id), expired_time }));
    return { data: list.filter(({ user_id }) => members.includes(user_id)) };
  },
  '/access/check': (_, { items }) => ({ data: items.map(({ user_id }) => ({ allow: !disabled.includes(user_id) })) }),
};
const page = (data: typeof events, after: string) => ({
  data,
  next: data.at(-1)?.sequence ?? after,
  head: numbered(events.length),
});

const client = rosterClient({
  endpoint: 'http://roster.test',
  app: 'demo',
  token: 'admin',
  fetch: async (input, init) => {
    const { pathname, searchParams } = new URL(String(input));
    const query = Object.fromEntries(searchParams);
    if (before?.path === pathname) {
      const { run } = before;
      before = undefined;
      await run(init?.signal);
    }
    const answer = () => PAGES[pathname]!(query, init?.body ? JSON.parse(String(init.body)) : {});
    asked.push(pathname);
    // A long poll.
    if (query.wait) {
      const { signal } = init!;
      for (let turn = 0; turn < 100 && 'next' in answer() && (answer() as { data: [] }).data.length === 0; turn++) {
        signal?.throwIfAborted();
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    } else await null;
    return Response.json({ code: 200, message: null, ...(refusal ?? answer()) });
  },
});

/** Appends an event to the feed. */
const tell = <T extends EventType>(type: T, data: EventData[T]) =>
  events.push({ type, data, sequence: numbered(events.length + 1), time: new Date().toISOString() });
const added = (user_id: number) => tell('group.member.added', { ...G, user_id, via: 'invited' });
const removed = (user_id: number) => tell('group.member.removed', { ...G, user_id, reason: 'kicked' });

/** A kick as it is: first the list changes, then the feed. */
const kick = (user_id: number) => {
  groups[77]!.members = groups[77]!.members.filter((id) => id !== user_id);
  removed(user_id);
};

function memory(): MirrorStore & { kept: Map<string, string> } {
  const kept = new Map<string, string>();
  return {
    kept,
    load: () => kept,
    save(changed) {
      for (const [key, text] of changed)
        if (text === undefined) kept.delete(key);
        else kept.set(key, text);
    },
  };
}

let mirrors: Mirror[];
let told: string[];
const tellOne = ({ event, type, ...fields }: Change) =>
  told.push([type, fields.user_id ?? fields.group_id, event ? '' : 'from lists'].join(' ').trim());

async function mirrorOf(options: Partial<MirrorOptions> = {}): Promise<Mirror> {
  const mirror = new Mirror({ client, groups: [77], onChange: tellOne, patience: 30, ...options });
  mirrors.push(mirror);
  await mirror.start();
  return mirror;
}

beforeEach(() => {
  groups = { 77: { owner: ANN, members: [ANN, BOB, EVE], admins: [BOB], bans: {}, silence: 0 } };
  disabled = [];
  events = [];
  [oldest, refusal, before] = [1, undefined, undefined];
  [asked, told, mirrors] = [[], [], []];
});
afterEach(async () => {
  vi.useRealTimers();
  await Promise.all(mirrors.map((mirror) => mirror.close().catch(() => {})));
});

const readers = (mirror: Mirror) => [ANN, BOB, EVE, TOM].filter((id) => mirror.mayRead(id, 77));
const speakers = (mirror: Mirror, at?: number) => [ANN, BOB, EVE, TOM].filter((id) => mirror.maySpeak(id, 77, at));

describe('a mirror of rights', () => {
  test('begins with the lists of its groups, and follows the feed from there', async () => {
    groups[77]!.bans = { [BOB]: -1 };
    disabled = [EVE];
    added(TOM);
    removed(TOM);
    const mirror = await mirrorOf();
    expect(readers(mirror)).toEqual([ANN, BOB]);
    expect(speakers(mirror)).toEqual([ANN]);
    expect(told).toEqual([]);
    tell('user.enabled', { user_id: EVE });
    tell('group.member.unbanned', { ...G, user_id: BOB, until: 0 });
    added(TOM);
    await mirror.caughtUp();
    expect(readers(mirror)).toEqual([ANN, BOB, EVE, TOM]);
    expect(speakers(mirror)).toEqual([ANN, BOB, EVE, TOM]);
    removed(BOB);
    tell('user.disabled', { user_id: TOM });
    tell('session.revoked', { user_id: EVE, device_sn: 5, reason: 'kicked' });
    tell('group.member.added', { group_id: 78, user_id: EVE, via: 'invited' });
    await mirror.caughtUp();
    expect(readers(mirror)).toEqual([ANN, EVE]);
    expect(mirror.mayRead(EVE, 78)).toBe(false);
    tell('group.dissolved', G);
    await mirror.caughtUp();
    expect(readers(mirror)).toEqual([]);
    expect(told).toEqual([
      'user.enabled 13',
      'group.member.unbanned 12',
      'group.member.added 14',
      'group.member.removed 12',
      'user.disabled 14',
      'session.revoked 13',
      'group.dissolved 77',
    ]);
  });

  test('lets bans and silences end by themselves, and admins speak through a silence', async () => {
    const mirror = await mirrorOf();
    const now = Date.now();
    tell('group.silenced', { ...G, until: now + 20_000 });
    tell('group.member.banned', { ...G, user_id: BOB, until: now + 10_000 });
    tell('group.member.banned', { ...G, user_id: EVE, until: -1 });
    await mirror.caughtUp();
    expect(speakers(mirror)).toEqual([ANN]);
    expect(speakers(mirror, now + 9_999)).toEqual([ANN]);
    expect(speakers(mirror, now + 10_000)).toEqual([ANN, BOB]);
    tell('group.member.unbanned', { ...G, user_id: EVE, until: 0 });
    await mirror.caughtUp();
    expect(speakers(mirror, now + 19_999)).toEqual([ANN, BOB]);
    expect(speakers(mirror, now + 20_000)).toEqual([ANN, BOB, EVE]);
    expect(readers(mirror)).toEqual([ANN, BOB, EVE]);
  });

  test('goes on after a restart where it stopped, without lists, and tells what happened meanwhile', async () => {
    const store = memory();
    const first = await mirrorOf({ store });
    added(TOM);
    await first.caughtUp();
    await first.close();
    expect([...store.kept.keys()]).toEqual(['group/77', 'sequence']);
    expect(store.kept.get('sequence')).toBe('1');
    removed(BOB);
    tell('user.disabled', { user_id: EVE });
    [asked, told] = [[], []];
    const second = await mirrorOf({ store });
    expect(readers(second)).toEqual([ANN, TOM]);
    expect(told).toEqual(['group.member.removed 12', 'user.disabled 13']);
    expect(new Set(asked)).toEqual(new Set(['/event/list']));
    await second.close();
    expect(store.kept.get('user/13')).toBe('disabled');
  });

  test('tells a change again whose handling failed, after the restart', async () => {
    const store = memory();
    const fails = () => {
      throw new Error('full');
    };
    const first = await mirrorOf({ store, onChange: fails });
    removed(BOB);
    await expect(first.ended).rejects.toThrow('full');
    const second = await mirrorOf({ store });
    expect(told).toEqual(['group.member.removed 12']);
    expect(readers(second)).toEqual([ANN, EVE]);
  });

  test('lists its groups again where events are no longer kept, and tells what differs', async () => {
    const store = memory();
    await (await mirrorOf({ store })).close();
    for (let count = 0; count < 10; count++) added(TOM);
    Object.assign(groups[77]!, { owner: BOB, members: [BOB, EVE, TOM], admins: [], bans: { [EVE]: -1 }, silence: -1 });
    disabled = [TOM];
    oldest = 9;
    const onGap = vi.fn();
    const mirror = await mirrorOf({ store, onGap });
    expect(onGap).toHaveBeenCalledTimes(1);
    expect(told.sort()).toEqual([
      'group.member.added 14 from lists',
      'group.member.banned 13 from lists',
      'group.member.removed 11 from lists',
      'group.member.updated 12 from lists',
      'group.owner_changed 77 from lists',
      'group.silenced 77 from lists',
      'user.disabled 14 from lists',
    ]);
    expect(readers(mirror)).toEqual([BOB, EVE]);
    expect(speakers(mirror)).toEqual([BOB]);
    expect(mirror.lag).toMatchObject({ sequence: 10, head: 10, events: 0 });
    removed(EVE);
    await mirror.caughtUp();
    expect(readers(mirror)).toEqual([BOB]);
  });

  test('loses no event that comes while lists are read', async () => {
    const mirror = await mirrorOf({ groups: [] });
    // The members are read already, and the feed has told it before the answer.
    before = {
      path: '/access/check',
      run: async () => {
        kick(EVE);
        await mirror.caughtUp();
      },
    };
    await mirror.add(77);
    expect(readers(mirror)).toEqual([ANN, BOB]);
    // Nor the other way round: what lists have and the feed tells later.
    groups[77]!.members.push(TOM);
    const second = await mirrorOf();
    expect(readers(second)).toEqual([ANN, BOB, TOM]);
    added(TOM);
    await second.caughtUp();
    expect(readers(second)).toEqual([ANN, BOB, TOM]);
  });

  test('finds what an event failed to tell, mends it and tells it', async () => {
    const mirror = await mirrorOf();
    expect(await mirror.compare()).toEqual([]);
    groups[77]!.members = [ANN, BOB];
    groups[77]!.bans = { [BOB]: -1 };
    expect(await mirror.compare()).toEqual([
      { group_id: 77, field: 'role', user_id: EVE, mirror: 0, server: undefined },
      { group_id: 77, field: 'ban', user_id: BOB, mirror: undefined, server: -1 },
    ]);
    expect(told).toEqual(['group.member.removed 13 from lists', 'group.member.banned 12 from lists']);
    expect(speakers(mirror)).toEqual([ANN]);
    expect(await mirror.compare()).toEqual([]);
    delete groups[77];
    expect(await mirror.compare()).toEqual([{ group_id: 77, field: 'dissolved', mirror: undefined, server: 1 }]);
    expect(readers(mirror)).toEqual([]);
  });

  test('takes no change for a difference whose event is on its way', async () => {
    const mirror = await mirrorOf();
    groups[77]!.members = [ANN, BOB];
    const comparing = mirror.compare();
    setTimeout(() => {
      removed(EVE);
      groups[77]!.members = [ANN];
    }, 10);
    expect(await comparing).toEqual([]);
    expect(told).toEqual(['group.member.removed 13']);
    expect(readers(mirror)).toEqual([ANN, BOB]);
  });

  test('says how far it is behind', async () => {
    let release = () => {};
    const mirror = await mirrorOf({ onChange: () => new Promise<void>((resolve) => (release = resolve)) });
    expect(mirror.lag).toMatchObject({ sequence: 0, head: 0, events: 0, age: undefined });
    for (let count = 0; count < 3; count++) added(TOM);
    await vi.waitFor(() => expect(mirror.lag).toMatchObject({ sequence: 0, head: 3, events: 3 }));
    expect(mirror.lag.heard).toBeLessThan(1000);
    const caughtUp = mirror.caughtUp();
    const end = setInterval(() => release(), 1);
    await caughtUp;
    clearInterval(end);
    expect(mirror.lag).toMatchObject({ sequence: 3, events: 0 });
    expect(mirror.lag.age).toBeLessThan(1000);
  });

  test('of all groups reads the whole feed, and lists those that are older than it', async () => {
    tell('group.created', { group_id: 78, owner_id: ANN, type: 0, name: 'New', capacity: 9 });
    tell('group.member.added', { group_id: 78, user_id: ANN, via: 'created' });
    tell('group.member.added', { group_id: 78, user_id: BOB, via: 'invited' });
    const mirror = await mirrorOf({ groups: 'all' });
    expect([mirror.mayRead(BOB, 78), mirror.has(77)]).toEqual([true, false]);
    expect([asked.includes('/group/info'), told]).toEqual([false, []]);
    kick(EVE);
    await mirror.caughtUp();
    expect(readers(mirror)).toEqual([ANN, BOB]);
    expect(told).toEqual(['group.member.removed 13']);
  });

  test('shows no older state than its lists while it reads what they have already', async () => {
    const seen: number[][] = [];
    const mirror = await mirrorOf({ groups: 'all', onChange: () => seen.push(readers(mirror)) });
    removed(EVE);
    added(EVE);
    kick(BOB);
    await mirror.caughtUp();
    expect(seen).toEqual([
      [ANN, EVE],
      [ANN, EVE],
      [ANN, EVE],
    ]);
  });

  test('goes on when a list fails in between', async () => {
    const onFault = vi.fn();
    const mirror = await mirrorOf({ groups: 'all', onFault });
    const fails = async () => {
      throw new TypeError('fetch failed');
    };
    before = { path: '/group/admin_list', run: fails };
    kick(EVE);
    await mirror.caughtUp();
    expect(onFault).toHaveBeenCalledTimes(1);
    expect(told).toEqual(['group.member.removed 13']);
    expect(readers(mirror)).toEqual([ANN, BOB]);
  });

  test('closes while a list never answers', async () => {
    const mirror = await mirrorOf({ groups: 'all' });
    const asking = new Promise<void>((resolve) => {
      before = {
        path: '/group/admin_list',
        run: async (signal) => {
          resolve();
          await new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
        },
      };
    });
    kick(EVE);
    await asking;
    await mirror.close();
  });

  test('closes while lists fail that it reads because events are no longer kept', async () => {
    const store = memory();
    await (await mirrorOf({ store })).close();
    for (let count = 0; count < 10; count++) added(TOM);
    oldest = 9;
    const onFault = vi.fn();
    const fails = async () => {
      before = { path: '/group/info', run: fails };
      throw new TypeError('fetch failed');
    };
    before = { path: '/group/info', run: fails };
    const mirror = new Mirror({ client, groups: [77], store, onFault });
    const starting = mirror.start();
    await vi.waitFor(() => expect(onFault).toHaveBeenCalled());
    await mirror.close();
    await starting;
  });

  test('ends with an error that no repetition changes', async () => {
    const mirror = await mirrorOf();
    refusal = { code: 10006, message: 'log in again' };
    await expect(mirror.ended).rejects.toBeInstanceOf(ApiError);
  });

  test('agrees with the service in the end, whenever it reads lists and however late events are', async () => {
    const user = fc.constantFrom(BOB, EVE, TOM);
    const step = fc.oneof(
      fc.record({ kind: fc.constantFrom('join', 'leave', 'ban', 'unban', 'appoint', 'disable', 'enable'), user }),
      fc.record({ kind: fc.constantFrom('tell', 'look', 'restart', 'forget', 'wait'), user: fc.constant(0) }),
    );
    /** What changed, and is not told yet. */
    let untold: (() => void)[];
    const acts: { [kind: string]: (group: FakeGroup, user: number) => (() => void) | undefined } = {
      join(group, id) {
        if (group.members.includes(id)) return undefined;
        group.members.push(id);
        return () => added(id);
      },
      leave(group, id) {
        if (!group.members.includes(id)) return undefined;
        group.members = group.members.filter((one) => one !== id);
        group.admins = group.admins.filter((one) => one !== id);
        return () => removed(id);
      },
      ban(group, id) {
        if (!group.members.includes(id)) return undefined;
        group.bans[id] = -1;
        return () => tell('group.member.banned', { ...G, user_id: id, until: -1 });
      },
      unban(group, id) {
        if (!(id in group.bans)) return undefined;
        delete group.bans[id];
        return () => tell('group.member.unbanned', { ...G, user_id: id, until: 0 });
      },
      appoint(group, id) {
        if (!group.members.includes(id) || group.admins.includes(id)) return undefined;
        group.admins.push(id);
        return () => tell('group.member.updated', { ...G, user_id: id, changed: ['role'], role: 1 });
      },
      disable(_, id) {
        if (disabled.includes(id)) return undefined;
        disabled.push(id);
        return () => tell('user.disabled', { user_id: id });
      },
      enable(_, id) {
        if (!disabled.includes(id)) return undefined;
        disabled = disabled.filter((one) => one !== id);
        return () => tell('user.enabled', { user_id: id });
      },
    };
    const run = fc.asyncProperty(fc.array(step, { maxLength: 25 }), fc.boolean(), async (steps, all) => {
      groups = { 77: { owner: ANN, members: [ANN, BOB, EVE], admins: [BOB], bans: {}, silence: 0 } };
      [disabled, events, oldest, untold] = [[], [], 1, []];
      const store = memory();
      let looking: Promise<unknown> = Promise.resolve();
      let mirror = await mirrorOf({ store, groups: all ? 'all' : [] });
      for (const { kind, user } of steps) {
        if (kind === 'tell') untold.shift()?.();
        else if (kind === 'look') looking = Promise.all([looking, mirror.add(77)]);
        else if (kind === 'wait') await new Promise((resolve) => setTimeout(resolve, 6));
        else if (kind === 'forget') oldest = events.length + 1;
        else if (kind === 'restart') {
          await looking;
          await mirror.close();
          mirror = await mirrorOf({ store, groups: all ? 'all' : [] });
        } else {
          const said = acts[kind]!(groups[77]!, user);
          // A user who comes back brings the ban along.
          if (said) untold.push(said);
          const isBack = kind === 'join' && said && groups[77]!.bans[user];
          if (isBack) untold.push(() => tell('group.member.banned', { ...G, user_id: user, until: -1 }));
        }
      }
      await looking;
      await mirror.add(77);
      for (const say of untold) say();
      await mirror.caughtUp();
      const { members, bans } = groups[77]!;
      const mayRead = members.filter((id) => !disabled.includes(id)).sort();
      const maySpeak = mayRead.filter((id) => !(id in bans));
      expect(readers(mirror)).toEqual(mayRead);
      expect(speakers(mirror)).toEqual(maySpeak);
      expect(await mirror.compare()).toEqual([]);
      await mirror.close();
    });
    await fc.assert(run, { numRuns: 60 });
  });
});
