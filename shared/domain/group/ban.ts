import type { Call } from '../../call/call.ts';
import { Cursor } from '../../call/cursor.ts';
import { newestOf, type Source } from '../../call/newest.ts';
import { Page } from '../../call/page.ts';
import * as bans from '../../data/ban-repo.ts';
import { FOR_EVER, type GroupMembership, isMember, runningBanEnd } from '../../data/membership-repo.ts';
import { ApiError } from '../../errors.ts';
import type { GroupId, UserId } from '../../ids.ts';
import { groupCommandEach, groupRead, membershipsOf } from './command.ts';
import { memberEntry } from './lists.ts';
import { mayActOn } from './permissions.ts';
import { changesOf, versionOf } from './version.ts';

/** When a ban of so many minutes ends (ms); −1 never does. */
export const endOf = (now: number, minutes: number) => (minutes === -1 ? FOR_EVER : now + minutes * 60_000);

/**
 * Section 7.15: members may not speak for so many minutes; a second ban replaces the first. The group's own record is
 * not written, so bans do not wait for joins.
 */
export const ban = (call: Call, id: GroupId, minutes: number, users: UserId[]) =>
  groupCommandEach(call, id, 'ban', users, membershipsOf(call, id, users), {
    user: ({ group, actor }, targets, { entry, index }) => {
      const target = targets[index];
      if (!isMember(target)) throw new ApiError('notMember');
      mayActOn(actor, group, entry, target);
      return [bans.set(call.app, id, entry, target, { banned: call.now, bannedUntil: endOf(call.now, minutes) })];
    },
  });

/** Section 7.73: lifts bans, also of users who have left and would come back with one. */
export const unban = (call: Call, id: GroupId, users: UserId[]) =>
  groupCommandEach(call, id, 'ban', users, membershipsOf(call, id, users), {
    user: ({ group, actor }, targets, { entry, index }) => {
      const target = targets[index];
      if (runningBanEnd(target, call.now) === undefined) {
        if (!isMember(target)) throw new ApiError('notMember');
        return [];
      }
      mayActOn(actor, group, entry, target);
      return [bans.lift(call.app, id, entry, target, call.now)];
    },
  });

/** Bans that the first page reads to make itself and `total` from them. Where more run, slots are merged and counted. */
const READ_AT_ONCE = 500;
/** Place of a ban, total, and slots. */
const POSITION = /^\d{13}#\d{1,16}#\d{1,6}#[\da-z]+(\.[\da-z]+)*$/;

/** A page of bans; `slots`: those that may hold the bans after it. */
interface Part {
  entries: GroupMembership[];
  goesOn: boolean;
  slots: number[];
  total: number;
}

/**
 * Section 7.16: members who are banned now, the newest ban first. Bans are stored in slots (see `banSlot`); a page merges
 * those that have bans left. `total` is counted with the first page and travels in the cursor, as the slots do.
 * @throws ApiError badParameter (cursor), groupMissing, needsMember
 */
export async function bannedList(call: Call, id: GroupId, given: { cursor?: string | undefined; limit: number }) {
  const { app, now } = call;
  const cursor = new Cursor(call, `banned_list ${id}`, POSITION, given.cursor);
  const { position } = cursor;
  const running = position === undefined ? [bans.runningOf(app, id, now, READ_AT_ONCE)] : [];
  const { records } = await groupRead(call, id, 'banned_list', { running, changes: changesOf(call, id) });
  const [found] = records.running;
  const part =
    found && !found.more ? firstPage(call, found.entries, given.limit) : await merge(call, id, given.limit, position);
  const { entries, goesOn, slots, total } = part;
  const last = goesOn ? entries.at(-1) : undefined;
  return new Page(
    entries.map((membership) => ({
      ...memberEntry(membership),
      expired_time: membership.bannedUntil === FOR_EVER ? -1 : (membership.bannedUntil ?? 0),
    })),
    last && cursor.next([bans.placeOf(last), total, slots.map(slotText).join('.')].join('#')),
    total,
    versionOf(call, records.changes),
  );
}

const newestFirst = (one: GroupMembership, other: GroupMembership) =>
  bans.placeOf(one) < bans.placeOf(other) ? 1 : -1;
/** Slots end at whole minutes, except the last. */
const slotText = (slot: number) => (slot === FOR_EVER ? 'ever' : (slot / 60_000).toString(36));
const slotNamed = (text: string) => (text === 'ever' ? FOR_EVER : Number.parseInt(text, 36) * 60_000);

/** The first page, from all bans that may run. */
function firstPage({ now }: Call, found: GroupMembership[], limit: number): Part {
  const all = found.filter((membership) => runningBanEnd(membership, now) !== undefined).sort(newestFirst);
  const rest = all.slice(limit);
  return {
    entries: all.slice(0, limit),
    goesOn: rest.length > 0,
    slots: [...new Set(rest.map(bans.slotOf))],
    total: all.length,
  };
}

/** A page of the slots that the cursor names, or of all that may have bans. */
async function merge({ app, now, db }: Call, id: GroupId, limit: number, position: string | undefined): Promise<Part> {
  const [banned = '', user = '', counted = '', named = ''] = position?.split('#') ?? [];
  const start = position === undefined ? undefined : `${banned}#${user}`;
  const slots = position === undefined ? bans.banSlots(now) : named.split('.').map(slotNamed);
  const sources = slots.map((slot): Source<GroupMembership> & { slot: number } => ({
    slot,
    read: (most, last) => bans.bansInSlotOf(app, id, slot, last ? bans.placeOf(last) : start, most),
    count: () => bans.runningInSlotOf(app, id, slot, now),
  }));
  const runs = (membership: GroupMembership) => runningBanEnd(membership, now) !== undefined;
  const { entries, goesOn, unfinished, total } = await newestOf(db, sources, limit, newestFirst, runs);
  return {
    entries,
    goesOn,
    slots: unfinished.map(({ slot }) => slot),
    total: position === undefined ? await total() : Number(counted),
  };
}
