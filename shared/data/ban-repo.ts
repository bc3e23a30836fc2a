import type { AppId, GroupId, UserId } from '../ids.ts';
import { above, unchanged } from './expression.ts';
import { banOrder, banSlot, bansInSlot, time } from './keys.ts';
import { type GroupMembership, groupMembershipTtl, isMember, memberIn, userMembershipTtl } from './membership-repo.ts';
import { asRecord, before, prefix, type Query } from './read.ts';
import * as schema from './schema.ts';
import { measured, type Step, update } from './step.ts';

export { banSlots } from './keys.ts';

/** Start and end of a ban (ms; the end may be FOR_EVER). */
interface Ban {
  banned: number;
  bannedUntil: number;
}

/** Bans a member from speaking. */
export const set = (
  app: AppId,
  group: GroupId,
  user: UserId,
  was: GroupMembership,
  { banned, bannedUntil }: Ban,
): Step =>
  measured(
    'bans',
    update(
      schema.groupMembership.key(app, group, user),
      { set: { banned, bannedUntil, lsi2sk: banOrder(banned, bannedUntil, user) } },
      unchanged(was, 'state', 'role', 'bannedUntil'),
    ),
  );

/** Lifts a ban. The item of a user who has left may go then, even where the ban had no end. */
export const lift = (app: AppId, group: GroupId, user: UserId, was: GroupMembership | undefined, now: number): Step =>
  update(
    schema.groupMembership.key(app, group, user),
    {
      set: {
        banned: undefined,
        bannedUntil: undefined,
        lsi2sk: undefined,
        ...(was?.state === undefined && { ttl: userMembershipTtl(now) }),
      },
    },
    unchanged(was, 'state', 'role', 'bannedUntil'),
  );

/** An imported ban, of a member or of a user who may join later. */
export const setImported = (
  app: AppId,
  group: GroupId,
  user: UserId,
  was: GroupMembership | undefined,
  { banned, bannedUntil }: Ban,
): Step =>
  update(
    schema.groupMembership.key(app, group, user),
    {
      set: {
        banned,
        bannedUntil,
        ...(isMember(was) && { lsi2sk: banOrder(banned, bannedUntil, user) }),
        ...(was?.state === undefined && { ttl: groupMembershipTtl(bannedUntil, was?.ttl ?? 0) }),
      },
    },
    unchanged(was, 'state', 'role', 'bannedUntil', 'ttl'),
  );

/** Banned members in the order of the index key, the last first. The bans of some may have ended. */
const bansOf = (
  app: AppId,
  group: GroupId,
  between: readonly [string, string],
  limit: number,
): Query<{ entries: GroupMembership[]; more: boolean }> => ({
  query: {
    partition: schema.groupMembership.partition(app, group),
    index: 'lsi2',
    between,
    entryBytes: schema.groupMembership.bytes,
    descending: true,
    limit,
    all: true,
  },
  parse: ({ items, last }) => ({ entries: items.map(asRecord<GroupMembership>), more: last !== undefined }),
});

/** The bans of all slots that have not ended. */
export const runningOf = (app: AppId, group: GroupId, now: number, limit: number) =>
  bansOf(
    app,
    group,
    prefix(
      schema.groupMembership.orders.banned.prefix,
      `${schema.groupMembership.orders.banned.prefix}${time(now + 1)}`,
    ),
    limit,
  );

/** The slot in which a ban is stored. */
export const slotOf = ({ banned = 0, bannedUntil = 0 }: GroupMembership) => banSlot(banned, bannedUntil);

/** Where a ban stands within its slot: later bans sort after earlier ones. */
export const placeOf = (membership: GroupMembership) => `${time(membership.banned ?? 0)}#${memberIn(membership)}`;

/** The bans of one slot, the newest first. @param place only bans before this place */
export const bansInSlotOf = (app: AppId, group: GroupId, slot: number, place: string | undefined, limit: number) => {
  const start = bansInSlot(slot);
  return bansOf(app, group, [start, place === undefined ? `${start}~` : `${start}${before(place)}`], limit);
};

/** How many bans of a slot run. */
export const runningInSlotOf = (app: AppId, group: GroupId, slot: number, now: number): Query<number> => ({
  query: {
    partition: schema.groupMembership.partition(app, group),
    index: 'lsi2',
    between: prefix(bansInSlot(slot)),
    filter: above('bannedUntil', now),
    count: true,
    all: true,
  },
  parse: ({ count }) => count,
});
