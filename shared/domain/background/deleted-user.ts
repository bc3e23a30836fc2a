import { tokenHash } from '../../call/token.ts';
import { type Step, transact } from '../../call/transact.ts';
import { appOf, limitsOf } from '../../data/app-repo.ts';
import * as contacts from '../../data/contact-repo.ts';
import type { Database } from '../../data/database.ts';
import { pushTokenOf, releaseToken } from '../../data/device-repo.ts';
import * as groups from '../../data/group-repo.ts';
import { type Group, groupOf } from '../../data/group-repo.ts';
import { releaseIdentity } from '../../data/identity-repo.ts';
import type { JobOf } from '../../data/job-repo.ts';
import {
  ADMIN_ROLE,
  type GroupMembership,
  groupMembershipOf,
  isMember,
  userMembershipOf,
} from '../../data/membership-repo.ts';
import * as remains from '../../data/remains-repo.ts';
import { isUser, itemsOf, userOf } from '../../data/user-repo.ts';
import { Unavailable } from '../../errors.ts';
import type { AppId, GroupId, UserId } from '../../ids.ts';
import { findSuccessor, successionSteps } from '../group/succession.ts';
import { countWithout } from './directory-counts.ts';
import type { Pace } from './pace.ts';

/** Items of a page. */
const PAGE = 20;

/**
 * Removes what a deleted user left behind: devices, infos, received invitations, applications, memberships, contacts. A
 * group that the user owned passes to a successor or is dissolved. Each item has a transaction of its own, so the work
 * can stop anywhere and be begun again, even twice at once.
 * @returns whether all is done
 */
export async function forgetUser(
  db: Database,
  { app, user }: JobOf<'deleted user'>,
  now: number,
  pace: Pace,
): Promise<boolean> {
  /** The app's groups are counted. */
  let counted = false;
  const items = async () => {
    const found = await db.read({ app: appOf(app), items: itemsOf(app, user, PAGE) });
    counted = found.app !== undefined && limitsOf(found.app).groups > 0;
    return found.items;
  };
  return (
    (await pace.each([user], () => countWithout(db.beside(), app, user))) &&
    (await pace.workOff(items, (item) => {
      const group = remains.groupJoined(item);
      if (group !== undefined) return depart(db, app, user, group, now, counted);
      const contact = contacts.contactIn(item);
      if (contact !== undefined) return part(db, app, user, contact, now);
      return transact(db, remains.remainsOf(app, user, item), (found) => ({
        steps: found ? forgetItem(db, app, user, found) : [],
        answer: () => undefined,
      }));
    })) &&
    // Sets the user's counts, which no departure counts down: ten at once would contend for this one item.
    (await pace.each([remains.forgotten(app, user)], (step) => db.write([step])))
  );
}

/** Ends friendship and requests between the user and another, on both sides. A block by the other outlives the user. */
async function part(db: Database, app: AppId, user: UserId, other: UserId, now: number): Promise<void> {
  const reads = contacts.pairOf(app, user, other);
  await db.load([reads]);
  await transact(db, reads, (sides) => {
    const { mine, theirs, theirCounts } = sides;
    const counted = {
      friends: theirs?.friendAt === undefined ? 0 : -1,
      ...contacts.withoutRequest(theirs, theirCounts),
    };
    const pair = { app, user, other, ...sides };
    const steps = [...contacts.part(pair, now), ...contacts.count(app, other, theirCounts, counted)];
    return { steps: mine ? steps : [contacts.removeTombstone(pair)], answer: () => undefined };
  });
}

/** A device takes the record of its push token along, an identity the way to the user, an invitation its mark where that is all a membership holds. */
function forgetItem(db: Database, app: AppId, user: UserId, item: remains.Remains): Step[] {
  const own = remains.removeRemains(app, user, item);
  const group = remains.groupInvitedTo(item);
  if (group !== undefined) {
    const { state, bannedUntil } = db.cached(groupMembershipOf(app, group, user))?.record ?? {};
    const more = state !== undefined || bannedUntil !== undefined;
    return more ? [own] : [own, remains.removeMark(app, group, user)];
  }
  const identity = remains.identityIn(item);
  if (identity) return [own, releaseIdentity(app, user, identity)];
  if (item.device_token === undefined || item.sn === undefined) return [own];
  const hash = tokenHash(item.device_token);
  const holder = db.cached(pushTokenOf(app, hash));
  const another = holder && (holder.record?.user !== user || holder.record.sn !== item.sn);
  return another ? [own] : [own, releaseToken(app, hash, { user, sn: item.sn })];
}

/** How often a successor is searched, where the one before leaves or is deleted meanwhile. */
const MAX_SUCCESSORS = 10;

/** Takes the user out of one group. @throws Unavailable where each successor leaves meanwhile */
async function depart(db: Database, app: AppId, user: UserId, id: GroupId, now: number, counted: boolean) {
  const reads = {
    group: groupOf(app, id),
    membership: groupMembershipOf(app, id, user),
    userMembership: userMembershipOf(app, user, id),
  };
  for (let round = 1; round <= MAX_SUCCESSORS; round++) {
    const found = await db.read(reads);
    const owns = found.group?.owner === user && isMember(found.membership);
    const successor = owns ? await findSuccessor(db, app, id, user) : undefined;
    // Read as a whole: an index may hold less of the successor's membership.
    const inherited =
      successor === undefined
        ? []
        : [{ membership: groupMembershipOf(app, id, successor), person: userOf(app, successor) } as const];
    await db.load([inherited]);
    const done = await transact(
      db,
      { ...reads, inherited },
      ({ group, membership, userMembership, inherited: [next] }) => {
        const again = { steps: [], answer: () => false };
        if (!userMembership) return { steps: [], answer: () => true };
        if (group?.status === 'normal' && group.owner === user && isMember(membership)) {
          const existing = isUser(next?.person);
          // Without a successor only while the members are those among whom it was searched.
          if (next ? !existing || !isMember(next.membership) : group.count !== found.group?.count) return again;
        }
        const successor = next?.membership;
        return {
          steps: departureSteps(app, user, id, { group, membership, successor, now, counted }),
          answer: () => true,
        };
      },
    );
    if (done) return;
  }
  throw new Unavailable('the successors of a group keep leaving');
}

function departureSteps(
  app: AppId,
  user: UserId,
  id: GroupId,
  known: {
    group: Group | undefined;
    membership: GroupMembership | undefined;
    successor: GroupMembership | undefined;
    now: number;
    counted: boolean;
  },
): Step[] {
  const { group, membership, successor, now, counted } = known;
  const own = [remains.removeUserMembership(app, id, user), remains.removeApplication(app, id, user)];
  if (!membership) return own;
  const gone = remains.removeMembership(app, id, user, membership);
  // A block outlives the user, as the group's count of blocks does; a ban or a mark does not.
  if (membership.state === 'blocked') return own;
  if (!isMember(membership))
    return [membership.bannedUntil === undefined ? gone : remains.endBan(app, id, user, membership, now), ...own];
  // The group's own clean-up would bring the user membership back, and nothing is counted any more.
  if (!group || group.status === 'dissolved') return [gone, ...own];
  const left = remains.endMembership(app, id, user, membership, now);
  if (group.owner !== user) {
    const leaving = { count: -1, ...(membership.role === ADMIN_ROLE && { admins: -1 }) };
    return [groups.count(app, id, leaving), left, ...own];
  }
  const passed = successionSteps(app, group, successor, now, counted);
  // A dissolution removes both sides of the owner's membership itself.
  return successor ? [...passed, left, ...own] : [...passed, remains.removeApplication(app, id, user)];
}
