import { setTimeout as sleep } from 'node:timers/promises';
import { transact } from '../../call/transact.ts';
import { appOf, limitsOf } from '../../data/app-repo.ts';
import * as blocks from '../../data/block-repo.ts';
import * as contacts from '../../data/contact-repo.ts';
import * as counters from '../../data/counter-repo.ts';
import { devicesOf } from '../../data/device-repo.ts';
import * as groups from '../../data/group-repo.ts';
import { groupOf } from '../../data/group-repo.ts';
import { finishJob, putJob } from '../../data/job-repo.ts';
import { appLog, openEventsOf } from '../../data/log-repo.ts';
import { groupMembershipOf } from '../../data/membership-repo.ts';
import { type OperatorTable, scanned, viewOf } from '../../data/operator-queries.ts';
import { profileOf } from '../../data/profile-repo.ts';
import * as remains from '../../data/remains-repo.ts';
import {
  checkKnown,
  eventsIn,
  locate,
  mentions,
  type Name,
  namesIn,
  type Person,
  partitionOf,
  type Stored,
  traceOf,
} from '../../data/trace-repo.ts';
import { bury, isErased, isUser, type User, userOf } from '../../data/user-repo.ts';
import { ApiError, Unavailable } from '../../errors.ts';
import { withoutUser } from '../../events/erased.ts';
import type { AppId, GroupId, UserId } from '../../ids.ts';
import {
  avatarKeys,
  type OperatorBucket,
  objectsBelow,
  prefixesOf,
  remove as removeObject,
  rewriteArchived,
  writtenAt,
} from '../../storage/operator-object-repo.ts';
import { forgetUser } from '../background/deleted-user.ts';
import { Pace } from '../background/pace.ts';
import { readLog } from '../event/log-pages.ts';
import { parseAvatarAddress } from '../file/address.ts';
import { appNamed } from './apps.ts';
import { type Erased, type EraseOptions, type EraseProgress, ErasureRun, SEARCHES } from './erasure.ts';
import { objectsAfter } from './event-history.ts';
import { settled } from './forget-events.ts';
import { subjectHash } from './receipts.ts';

/** Changes that are made before they are counted: so many more may be made where a command was killed. */
const COUNTED = 20;
/** The relay tells a deletion within this time, or something is wrong (ms). */
const RELAY = 120_000;
const LOOK_AGAIN = 1000;
/** The stream keeps no record for longer (ms). */
const STREAM = 25 * 3_600_000;

/** What one search has found. */
interface Search {
  items: number;
  units: number;
  archiveObjects: number;
  objects: number;
  /** Traces that were removed, and those that cannot be yet. */
  found: number;
  waiting: number;
  /** Changes of which events tell. */
  told: number;
  mentions: Map<string, number>;
  /** Until when the position in the stream stays (s). */
  position: number | undefined;
  /** Objects of the user that others show, too. */
  shared: Set<string>;
}

/**
 * Erases a user: deletes it where it still exists, then searches the whole table, the archive and the bucket until a
 * search finds nothing that names it. Every step can be done again, so a command that was stopped is run again.
 * @throws ApiError appMissing, userMissing; Unavailable where something still works with the user
 */
export async function* eraseUser(
  table: OperatorTable,
  bucket: OperatorBucket,
  app: AppId,
  user: UserId,
  { rate, settle }: EraseOptions,
): AsyncGenerator<EraseProgress, Erased> {
  const record = await viewOf(table).read(userOf(app, user));
  await appNamed(viewOf(table), app);
  if (!record) throw new ApiError('userMissing', `app "${app}" has no user ${user}`);
  const run = await ErasureRun.open(table, app, String(user), () => knownOf(table, app, record));
  await deleteNow(table, app, user);
  yield { phase: 'deleting the user', read: 0, done: run.done };
  await endJob(table, app, user);
  if (!run.state.told) {
    yield { phase: 'waiting for the event user.deleted', read: 0, done: run.done };
    await deletionTold(table, app, user, run.state.feed);
    await run.save({ told: true });
  }
  // Also where a command before this one was killed: it may have made changes of which events tell.
  await sleep(settle);
  for (let nth = 1; nth <= SEARCHES; nth++) {
    const began = Date.now();
    let counted = run.done;
    const search: Search = {
      ...{ items: 0, units: 0, archiveObjects: 0, objects: 0, found: 0, waiting: 0, told: 0 },
      mentions: new Map(),
      position: undefined,
      shared: new Set(),
    };
    for await (const { items, units } of scanned(table, rate)) {
      for (const item of items) {
        await examine(table, app, user, run, item, search);
        if (run.done - counted >= COUNTED) {
          await run.save({});
          counted = run.done;
        }
      }
      search.items += items.length;
      search.units += units;
      yield { phase: `search ${nth}`, read: search.items, done: run.done };
    }
    for await (const read of searchBucket(table, bucket, app, user, run, search))
      yield { phase: `search ${nth}, bucket`, read, done: run.done };
    if (search.found + search.waiting === 0) return await prove(table, run, app, user, { search, began });
    await run.save({});
    if (search.waiting > 0) await endJob(table, app, user);
    if (search.told + search.waiting > 0) await sleep(settle);
  }
  throw new Unavailable('something still works with this user: look at jobs list, then run the command again');
}

/** What names a user, as long as its items are there. */
async function knownOf(table: OperatorTable, app: AppId, record: User) {
  const { user } = record;
  const db = viewOf(table);
  const read = await db.read({
    app: appOf(app),
    profile: profileOf(app, user),
    devices: devicesOf(app, user),
    items: partitionOf(app, user),
    log: openEventsOf(app),
  });
  const name = (what: Name['what'], text: string | undefined): Name[] => (text ? [{ what, text }] : []);
  const names = [
    ...name('username', record.username),
    ...name('mobile', record.mobile),
    ...name('email', read.profile?.email),
    ...read.devices.flatMap(({ guid }) => name('device', guid)),
  ];
  const avatar = parseAvatarAddress(URL.parse(read.profile?.avatar ?? '')?.searchParams.get('object_name') ?? '');
  const exists = isUser(record);
  const feedIsOff = !read.app || limitsOf(read.app).event_days === 0;
  // Of a deletion long ago the relay has nothing more to tell.
  const isOld = !exists && (isErased(record) || writtenBefore(record, Date.now() - STREAM));
  // What the deletion and its job remove. The search counts the rest.
  const removed = new Map<string, number>();
  for (const item of read.items) if (item.sk !== '#') count(removed, locate(item)!.kind);
  // The other side of each, by which the user is found.
  if (removed.has('user identity')) count(removed, 'identity', removed.get('user identity'));
  if (exists)
    for (const kind of ['username', 'directory entry', ...(record.mobile ? ['mobile'] : [])]) count(removed, kind);
  return {
    done: Object.fromEntries([...removed].map(([kind, number]) => [`removed ${kind}`, number])),
    names,
    objects: avatar === undefined ? [] : avatarKeys(app, avatar),
    told: feedIsOff || isOld,
    feed: exists ? (read.log?.last ?? 0) : 0,
  };
}

const writtenBefore = (record: User & { stamp?: string }, time: number) =>
  Number.parseInt(record.stamp?.split(' ')[0] ?? '0', 36) < time;

/** Deletes the user as `/user/delete` does, unless it is deleted already. */
async function deleteNow(table: OperatorTable, app: AppId, user: UserId): Promise<void> {
  const db = viewOf(table);
  const reads = { app: appOf(app), record: userOf(app, user) };
  await db.load([reads]);
  await transact(db, reads, ({ app: found, record }) => {
    if (!isUser(record)) return { steps: [], answer: () => undefined };
    const counted = found !== undefined && limitsOf(found).users > 0;
    return {
      steps: [
        ...bury(app, record),
        putJob({ kind: 'deleted user', app, user, createdAt: Date.now() }),
        ...(counted ? [counters.count(app, 'users', -1)] : []),
      ],
      answer: () => undefined,
    };
  });
}

/** Does the job of the deletion, which may also run in the background. */
const endJob = (table: OperatorTable, app: AppId, user: UserId) =>
  forgetUser(viewOf(table), { kind: 'deleted user', app, user, createdAt: 0 }, Date.now(), new Pace(() => false));

/** Waits until the feed tells the deletion: then webhooks and the bus get it. @throws Unavailable where it does not */
async function deletionTold(table: OperatorTable, app: AppId, user: UserId, from: number): Promise<void> {
  const end = Date.now() + RELAY;
  for (let last = from; ; ) {
    for await (const { page, entries } of readLog(viewOf(table), appLog(app), last)) {
      if (entries.some(({ type, data }) => type === 'user.deleted' && 'user_id' in data && data.user_id === user))
        return;
      last = page.last;
    }
    if (Date.now() > end)
      throw new Unavailable(
        'the feed does not tell the deletion: see the alarm of the relay, then run the command again',
      );
    await sleep(LOOK_AGAIN);
  }
}

/** Looks at one item, and does what is to be done about it. */
async function examine(
  table: OperatorTable,
  app: AppId,
  user: UserId,
  run: ErasureRun,
  item: Stored,
  search: Search,
): Promise<void> {
  checkKnown(item, app);
  for (const event of eventsIn(item, app))
    if ('username' in event.data && 'user_id' in event.data && event.data.user_id === user)
      await learn(run, String(event.data.username));
  const person: Person = { app, user, names: run.state.names };
  const trace = traceOf(item, person, Date.now());
  if (!trace) {
    if (mentions(item, person)) count(search.mentions, locate(item)!.kind);
    for (const key of run.state.objects) if (shows(item, app, key)) search.shared.add(key);
    return;
  }
  if (trace.does === 'keep') {
    if (trace.until !== undefined) search.position = trace.until;
    return;
  }
  if (trace.does === 'wait') {
    search.waiting++;
    return;
  }
  search.found++;
  if (trace.does === 'end') {
    if (trace.what === 'job') {
      await endJob(table, app, user);
      await viewOf(table).write([finishJob(trace.key)]);
    } else {
      search.told++;
      await (trace.what === 'contact'
        ? endContact(table, app, trace.other, user)
        : endBlock(table, app, trace.group, user));
    }
    run.count('removed', trace.kind);
  } else if (await viewOf(table).write(trace.steps)) {
    // From now on, the relay leaves the user out of events that come late: those before must be told.
    if (trace.kind === 'user') search.told++;
    run.count(trace.does === 'remove' ? 'removed' : 'changed', trace.kind);
  }
  // Refused where it has changed meanwhile: the next search finds what it is then.
}

const count = (counts: Map<string, number>, kind: string, by = 1) => counts.set(kind, (counts.get(kind) ?? 0) + by);

/** A name that only events have kept. */
async function learn(run: ErasureRun, text: string): Promise<void> {
  const { names } = run.state;
  if (text !== '' && !names.some((name) => name.text === text))
    await run.save({ names: [...names, { what: 'username', text }] });
}

/** Whether an item of the app shows this object as its avatar. */
const shows = (item: Stored, app: AppId, key: string): boolean =>
  item.pk.split('#')[1] === app &&
  typeof item.avatar === 'string' &&
  item.avatar.includes(key.slice(key.lastIndexOf('/') + 1));

/** Removes what another user keeps about the erased one, and counts it. */
async function endContact(table: OperatorTable, app: AppId, other: UserId, user: UserId): Promise<void> {
  const db = viewOf(table);
  const reads = contacts.pairOf(app, other, user);
  await db.load([reads]);
  await transact(db, reads, (sides) => {
    const { mine, myCounts } = sides;
    const pair = { app, user: other, other: user, ...sides };
    if (!mine) return { steps: [contacts.removeTombstone(pair)], answer: () => undefined };
    const counted = {
      friends: mine.friendAt === undefined ? 0 : -1,
      blocked: mine.blockedAt === undefined ? 0 : -1,
      ...contacts.withoutRequest(mine, myCounts),
    };
    return {
      steps: [...contacts.forget(pair, Date.now()), ...contacts.count(app, other, myCounts, counted)],
      answer: () => undefined,
    };
  });
}

/** Lifts the block or the ban of the user in a group. */
async function endBlock(table: OperatorTable, app: AppId, id: GroupId, user: UserId): Promise<void> {
  const db = viewOf(table);
  const reads = { group: groupOf(app, id), membership: groupMembershipOf(app, id, user) };
  await db.load([reads]);
  await transact(db, reads, ({ group, membership }) => {
    const now = Date.now();
    const nothing = { steps: [], answer: () => undefined };
    if (!membership || membership.state === 'member') return nothing;
    if (group?.status !== 'normal') return { ...nothing, steps: [remains.removeMembership(app, id, user, membership)] };
    if (membership.state === undefined) return { ...nothing, steps: [remains.endBan(app, id, user, membership, now)] };
    return { ...nothing, steps: [blocks.lift(app, id, user, membership, now), groups.count(app, id, { blocks: -1 })] };
  });
}

/** The archive, and the objects of the user. @returns how many objects were read so far */
async function* searchBucket(
  table: OperatorTable,
  bucket: OperatorBucket,
  app: AppId,
  user: UserId,
  run: ErasureRun,
  search: Search,
): AsyncGenerator<number> {
  // No run of the archive may write what it has read before the feed was changed.
  if (search.found > 0) await settled(table, app);
  for await (const { key } of objectsAfter(bucket, app, 0)) {
    let mentioned = 0;
    const usernames = new Set<string>();
    const lines = await rewriteArchived(bucket, key, (line) => {
      const event = JSON.parse(line);
      const next = withoutUser(event, user);
      if (event.data.user_id === user && event.data.username) usernames.add(event.data.username);
      if (next !== event) return JSON.stringify(next);
      if (namesIn(line, run.state.names)) mentioned++;
      return line;
    });
    for (const name of usernames) await learn(run, name);
    search.archiveObjects++;
    if (mentioned > 0) count(search.mentions, 'archived event', mentioned);
    if (lines > 0) {
      search.found++;
      run.count('changed', 'archived event', lines);
    }
    yield search.archiveObjects;
  }
  for (const key of run.state.objects)
    if (!search.shared.has(key) && (await writtenAt(bucket, key)) !== undefined) {
      await removeObject(bucket, key);
      search.found++;
      run.count('objects', 'avatar');
    }
  // Their keys hold numbers of apps and groups, and random parts.
  for (const prefix of prefixesOf(app).slice(0, 2))
    for await (const _ of objectsBelow(bucket, prefix)) search.objects++;
}

async function prove(
  table: OperatorTable,
  run: ErasureRun,
  app: AppId,
  user: UserId,
  { search, began }: { search: Search; began: number },
): Promise<Erased> {
  // From here on, not even the erasure knows who it was.
  await run.save({ names: [], objects: [] });
  const { position } = search;
  return await run.prove(
    {
      what: 'user erased',
      subject: await subjectHash(viewOf(table), app, user),
      mentions: Object.fromEntries([...search.mentions].sort()),
      remains: [
        { what: 'the number of the user, in one item: it is never given again', until: 'for ever' },
        { what: 'avatars that the user replaced: pictures under random names', until: 'for ever, of nobody' },
        ...(position === undefined
          ? []
          : [
              {
                what: 'the number of the user, with a position in the stream of the table',
                until: new Date(position * 1000).toISOString(),
              },
            ]),
      ],
    },
    { ...search, began },
  );
}
