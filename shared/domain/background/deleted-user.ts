import { after } from '../../call/cursor.ts';
import { tokenHash } from '../../call/token.ts';
import { transact } from '../../call/transact.ts';
import { appOf, limitsOf } from '../../data/app-repo.ts';
import type { Database } from '../../data/database.ts';
import { absent, all, equal, unchanged } from '../../data/expression.ts';
import { type Group, groupOf, updateGroup } from '../../data/group-repo.ts';
import { partiesOf } from '../../data/invitation-repo.ts';
import type { JobOf } from '../../data/job-repo.ts';
import {
  applicationKey,
  groupMembershipKey,
  INVITATION,
  pushTokenKey,
  userKey,
  userMembershipKey,
  userPartition,
} from '../../data/keys.ts';
import {
  ADMIN_ROLE,
  becomeOwnerSteps,
  type GroupMembership,
  groupMembershipOf,
  isMember,
  memberIn,
  successorsOf,
  userMembershipOf,
} from '../../data/membership-repo.ts';
import { getItem } from '../../data/read.ts';
import { measured, remove, type Step, update } from '../../data/step.ts';
import { type Device, freeHolder, itemsOf, pushTokenOf, userOf } from '../../data/user-repo.ts';
import { Unavailable } from '../../errors.ts';
import { dissolutionSteps } from '../group/dissolution.ts';
import type { Pace } from './pace.ts';

/** Read at once. */
const PAGE = 20;

/**
 * What a deleted user left behind: devices, infos, invitations received, applications made, memberships; a group it
 * owned passes on or is dissolved. Each item goes by a transaction of its own, so that the work can stop anywhere and
 * be begun again, even twice at once.
 * @returns whether all is done
 */
export async function forgetUser(
  db: Database,
  { app, user }: JobOf<'deleted user'>,
  now: number,
  pace: Pace,
): Promise<boolean> {
  let limits = limitsOf({ limits: {} });
  const items = async () => {
    const found = await db.read({ app: appOf(app), items: itemsOf(app, user, PAGE) });
    limits = limitsOf(found.app ?? { limits: {} });
    return found.items;
  };
  // Counted down by no departure: ten at once would contend for this one item.
  const counted = { set: { joined: 0, owned: 0 } };
  const forgotten = measured('users_forgotten', update(userKey(app, user), counted, equal('status', 'deleted')));
  return (
    (await pace.workOff(items, ({ sk }) => {
      if (sk.startsWith('E#')) return depart(db, app, user, Number(sk.slice(2)), now, limits.groups > 0);
      return transact(db, getItem<Device>({ pk: userPartition(app, user), sk }), (item) => ({
        steps: item ? forgetItem(db, app, user, item) : [],
        answer: () => undefined,
      }));
    })) && (await pace.each([forgotten], (step) => db.write([step])))
  );
}

/**
 * An item of the user's own partition; with a device goes the note of who holds its push token, with an invitation its
 * mark on a group membership that is nothing else any more.
 */
function forgetItem(db: Database, app: string, user: number, item: Device): Step[] {
  const own = remove({ pk: userPartition(app, user), sk: item.sk }, unchanged(item, 'device_token'));
  if (item.sk.startsWith(INVITATION)) {
    const { group } = partiesOf(item);
    const more = db.cached(groupMembershipOf(app, group, user))?.record?.state !== undefined;
    return more ? [own] : [own, remove(groupMembershipKey(app, group, user), absent('state'))];
  }
  if (item.device_token === undefined) return [own];
  const hash = tokenHash(item.device_token);
  const known = db.cached(pushTokenOf(app, hash));
  const another = known && (known.record?.user !== user || known.record.sn !== item.sn);
  return another ? [own] : [own, remove(pushTokenKey(app, hash), freeHolder(user, item.sn))];
}

/** An heir who leaves or is deleted while inheriting is looked for again, this often. */
const MAX_HEIRS = 10;

/** Takes the user out of one group. @throws Unavailable where one heir after the other goes meanwhile */
async function depart(db: Database, app: string, user: number, id: number, now: number, counted: boolean) {
  const reads = {
    group: groupOf(app, id),
    membership: groupMembershipOf(app, id, user),
    userMembership: userMembershipOf(app, user, id),
  };
  for (let round = 1; round <= MAX_HEIRS; round++) {
    const found = await db.read(reads);
    const owns = found.group?.owner === user && isMember(found.membership);
    const successor = owns ? await findSuccessor(db, app, id, user) : undefined;
    // The heir's group membership is read whole: an index may hold less of it.
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
          const living = next?.person !== undefined && next.person.status !== 'deleted';
          // Looked for among others than those who are members now.
          if (next ? !living || !isMember(next.membership) : group.count !== found.group?.count) return again;
        }
        return {
          steps: departure(app, user, id, { group, membership, successor: next?.membership, now, counted }),
          answer: () => true,
        };
      },
    );
    if (done) return;
  }
  throw new Unavailable('the successors of a group keep leaving');
}

const HEIRS = 50;

/** Who inherits: the admin longest in office, else the member longest there, who is not deleted too. */
async function findSuccessor(db: Database, app: string, group: number, user: number): Promise<number | undefined> {
  for (const which of ['admins', 'members'] as const) {
    let from: string | undefined;
    for (;;) {
      const read = successorsOf(app, group, which, from, HEIRS);
      const { successors, more } = await db.read(read);
      const others = successors.map(memberIn).filter((successor) => successor !== user);
      const people = await db.read(others.map((successor) => userOf(app, successor)));
      const successor = people.find((person) => person && person.status !== 'deleted');
      if (successor) return successor.user;
      if (more === undefined) break;
      from = after(more);
    }
  }
  return undefined;
}

function departure(
  app: string,
  user: number,
  id: number,
  known: {
    group: Group | undefined;
    membership: GroupMembership | undefined;
    successor: GroupMembership | undefined;
    now: number;
    counted: boolean;
  },
): Step[] {
  const { group, membership, successor, now, counted } = known;
  const own = [remove(userMembershipKey(app, user, id)), remove(applicationKey(app, id, user))];
  const gone = remove(groupMembershipKey(app, id, user), unchanged(membership, 'state', 'role'));
  // A block outlives the user, as its count does; of a ban and of an application's mark nothing is needed any more.
  if (!isMember(membership)) return membership && membership.state === undefined ? [gone, ...own] : own;
  // A dissolved group has forgotten its count, and its own clean-up would bring the user membership back.
  if (!group || group.status === 'dissolved') return [gone, ...own];
  const left = measured('leaves', gone);
  const leaving = { count: -1, ...(membership.role === ADMIN_ROLE && { admins: -1 }) };
  if (group.owner !== user) return [updateGroup(app, id, { add: leaving }, equal('status', 'normal')), left, ...own];
  // Nobody is left, or left to inherit it: the owner's side goes with the group.
  if (!successor)
    return [
      ...dissolutionSteps(app, group, now, counted, equal('count', group.count)),
      remove(applicationKey(app, id, user)),
    ];
  return [
    updateGroup(
      app,
      id,
      {
        set: { owner: memberIn(successor), updatedAt: now },
        add: { count: -1, ...(successor.role === ADMIN_ROLE && { admins: -1 }) },
      },
      all(equal('status', 'normal'), equal('owner', user)),
    ),
    ...becomeOwnerSteps(app, id, successor, now),
    left,
    ...own,
  ];
}
