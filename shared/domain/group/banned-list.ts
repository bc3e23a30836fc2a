import type { Call } from '../../call/call.ts';
import { before, Cursor } from '../../call/cursor.ts';
import { newestOf, type Source } from '../../call/newest.ts';
import { Page } from '../../call/page.ts';
import { groupOf } from '../../data/group-repo.ts';
import { banSlot, banSlots, FOR_EVER, time } from '../../data/keys.ts';
import {
  bansInSlotOf,
  type GroupMembership,
  memberIn,
  runningBanEnd,
  runningBansOf,
  runningInSlotOf,
} from '../../data/membership-repo.ts';
import { memberEntry } from './lists.ts';
import { actorMembership, permit } from './permissions.ts';

/** Bans that the first page reads, to cut itself and `total` from them. Where more run, slots are merged and counted. */
const READ_AT_ONCE = 500;
const FORM = /^\d{13}#\d{1,16}#\d{1,6}#[\da-z]+(\.[\da-z]+)*$/;

/** A page of bans; `slots`: those that may hold the bans after it. */
interface Part {
  entries: GroupMembership[];
  goesOn: boolean;
  slots: number[];
  total: number;
}

/**
 * Section 7.16: members that are banned at this moment, the newest ban first. Bans stand in slots (see `banSlot`), and
 * a page merges those that have bans left. `total` is counted with the first page; it travels in the cursor, and the
 * slots with it.
 * @throws ApiError badParameter (cursor), groupMissing, needsMember
 */
export async function bannedList(call: Call, id: number, given: { cursor?: string | undefined; limit: number }) {
  const { app, now } = call;
  const cursor = new Cursor(call, `banned_list ${id}`, FORM, given.cursor);
  const { position } = cursor;
  const reads = {
    group: groupOf(app, id),
    me: actorMembership(call, id),
    running: position === undefined ? [runningBansOf(app, id, now, READ_AT_ONCE)] : [],
  };
  const { running } = await call.open(reads, ({ group, me }) => void permit(call, 'banned_list', group, me));
  const [found] = running;
  const part =
    found && !found.more ? cut(call, found.entries, given.limit) : await merge(call, id, given.limit, position);
  const { entries, goesOn, slots, total } = part;
  const last = goesOn ? entries.at(-1) : undefined;
  return new Page(
    entries.map((membership) => ({
      ...memberEntry(membership),
      expired_time: membership.bannedUntil === FOR_EVER ? -1 : (membership.bannedUntil ?? 0),
    })),
    last && cursor.next([place(last), total, slots.map(slotText).join('.')].join('#')),
    total,
  );
}

/** Where a ban stands within its slot, and in the list. */
const place = (membership: GroupMembership) => `${time(membership.banned ?? 0)}#${memberIn(membership)}`;
const newestFirst = (one: GroupMembership, other: GroupMembership) => (place(one) < place(other) ? 1 : -1);
/** Slots end at whole minutes, but for the last. */
const slotText = (slot: number) => (slot === FOR_EVER ? 'ever' : (slot / 60_000).toString(36));
const slotOf = (text: string) => (text === 'ever' ? FOR_EVER : Number.parseInt(text, 36) * 60_000);

/** The first page, of all bans that may run. */
function cut({ now }: Call, found: GroupMembership[], limit: number): Part {
  const all = found.filter((membership) => runningBanEnd(membership, now) !== undefined).sort(newestFirst);
  const rest = all.slice(limit);
  const slots = [...new Set(rest.map(({ banned = 0, bannedUntil = 0 }) => banSlot(banned, bannedUntil)))];
  return { entries: all.slice(0, limit), goesOn: rest.length > 0, slots, total: all.length };
}

/** A page of the slots that the cursor names, or of all that there can be. */
async function merge({ app, now, db }: Call, id: number, limit: number, position: string | undefined): Promise<Part> {
  const [banned = '', user = '', counted = '', named = ''] = position?.split('#') ?? [];
  const start = position === undefined ? '~' : before(`${banned}#${user}`);
  const slots = position === undefined ? banSlots(now) : named.split('.').map(slotOf);
  const sources = slots.map((slot): Source<GroupMembership> & { slot: number } => ({
    slot,
    read: (most, last) => bansInSlotOf(app, id, slot, last ? before(place(last)) : start, most),
    count: () => runningInSlotOf(app, id, slot, now),
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
