import { appOf, limitsOf } from '../../data/app-repo.ts';
import type { Database } from '../../data/database.ts';
import { absent, all, equal, unchanged } from '../../data/expression.ts';
import { type Group, groupOf, updateGroup } from '../../data/group-repo.ts';
import { partiesOf } from '../../data/invitation-repo.ts';
import type { JobOf } from '../../data/job-repo.ts';
import {
  applicationKey,
  edgeKey,
  INVITATION,
  pushTokenKey,
  relationKey,
  userKey,
  userPartition,
} from '../../data/keys.ts';
import {
  ADMIN_ROLE,
  becomeOwnerSteps,
  edgeOf,
  heirsOf,
  isMember,
  type Relation,
  relationOf,
  userOfRelation,
} from '../../data/membership-repo.ts';
import { record } from '../../data/read.ts';
import { measured, remove, type Step, update } from '../../data/step.ts';
import { type Device, freeHolder, itemsOf, pushTokenOf, userOf } from '../../data/user-repo.ts';
import { Unavailable } from '../../errors.ts';
import { after } from '../cursor.ts';
import { settle } from '../decision.ts';
import { dissolutionSteps } from '../group/dissolution.ts';
import { tokenHash } from '../token.ts';
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
      return settle(db, record<Device>({ pk: userPartition(app, user), sk }), (item) => ({
        steps: item ? forgetItem(db, app, user, item) : [],
        answer: () => undefined,
      }));
    })) && (await pace.each([forgotten], (step) => db.write([step])))
  );
}

/**
 * An item of the user's own partition; with a device goes the note of who holds its push token, with an invitation its
 * mark on a relation that is nothing else any more.
 */
function forgetItem(db: Database, app: string, user: number, item: Device): Step[] {
  const own = remove({ pk: userPartition(app, user), sk: item.sk }, unchanged(item, 'device_token'));
  if (item.sk.startsWith(INVITATION)) {
    const { group } = partiesOf(item);
    const more = db.known(relationOf(app, group, user))?.record?.state !== undefined;
    return more ? [own] : [own, remove(relationKey(app, group, user), absent('state'))];
  }
  if (item.device_token === undefined) return [own];
  const hash = tokenHash(item.device_token);
  const known = db.known(pushTokenOf(app, hash));
  const another = known && (known.record?.user !== user || known.record.sn !== item.sn);
  return another ? [own] : [own, remove(pushTokenKey(app, hash), freeHolder(user, item.sn))];
}

/** An heir who leaves or is deleted while inheriting is looked for again, this often. */
const MAX_HEIRS = 10;

/** Takes the user out of one group. @throws Unavailable where one heir after the other goes meanwhile */
async function depart(db: Database, app: string, user: number, id: number, now: number, counted: boolean) {
  const reads = { group: groupOf(app, id), relation: relationOf(app, id, user), edge: edgeOf(app, user, id) };
  for (let round = 1; round <= MAX_HEIRS; round++) {
    const found = await db.read(reads);
    const owns = found.group?.owner === user && isMember(found.relation);
    const heir = owns ? await findHeir(db, app, id, user) : undefined;
    // The heir's relation is read whole: an index may hold less of it.
    const inherited =
      heir === undefined ? [] : [{ relation: relationOf(app, id, heir), person: userOf(app, heir) } as const];
    await db.load([inherited]);
    const done = await settle(db, { ...reads, inherited }, ({ group, relation, edge, inherited: [next] }) => {
      const again = { steps: [], answer: () => false };
      if (!edge) return { steps: [], answer: () => true };
      if (group?.status === 'normal' && group.owner === user && isMember(relation)) {
        const living = next?.person !== undefined && next.person.status !== 'deleted';
        // Looked for among others than those who are members now.
        if (next ? !living || !isMember(next.relation) : group.count !== found.group?.count) return again;
      }
      return {
        steps: departure(app, user, id, { group, relation, heir: next?.relation, now, counted }),
        answer: () => true,
      };
    });
    if (done) return;
  }
  throw new Unavailable('the heirs of a group keep leaving');
}

const HEIRS = 50;

/** Who inherits: the admin longest in office, else the member longest there, who is not deleted too. */
async function findHeir(db: Database, app: string, group: number, user: number): Promise<number | undefined> {
  for (const which of ['admins', 'members'] as const) {
    let from: string | undefined;
    for (;;) {
      const read = heirsOf(app, group, which, from, HEIRS);
      const { heirs, more } = await db.read(read);
      const others = heirs.map(userOfRelation).filter((heir) => heir !== user);
      const people = await db.read(others.map((heir) => userOf(app, heir)));
      const heir = people.find((person) => person && person.status !== 'deleted');
      if (heir) return heir.user;
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
    relation: Relation | undefined;
    heir: Relation | undefined;
    now: number;
    counted: boolean;
  },
): Step[] {
  const { group, relation, heir, now, counted } = known;
  const own = [remove(edgeKey(app, user, id)), remove(applicationKey(app, id, user))];
  const gone = remove(relationKey(app, id, user), unchanged(relation, 'state', 'role'));
  // A block outlives the user, as its count does; of a ban and of an application's mark nothing is needed any more.
  if (!isMember(relation)) return relation && relation.state === undefined ? [gone, ...own] : own;
  // A dissolved group has forgotten its count, and its own clean-up would bring the edge back.
  if (!group || group.status === 'dissolved') return [gone, ...own];
  const left = measured('leaves', gone);
  const leaving = { count: -1, ...(relation.role === ADMIN_ROLE && { admins: -1 }) };
  if (group.owner !== user) return [updateGroup(app, id, { add: leaving }, equal('status', 'normal')), left, ...own];
  // Nobody is left, or left to inherit it: the owner's side goes with the group.
  if (!heir)
    return [
      ...dissolutionSteps(app, group, now, counted, equal('count', group.count)),
      remove(applicationKey(app, id, user)),
    ];
  return [
    updateGroup(
      app,
      id,
      {
        set: { owner: userOfRelation(heir), changed: now },
        add: { count: -1, ...(heir.role === ADMIN_ROLE && { admins: -1 }) },
      },
      all(equal('status', 'normal'), equal('owner', user)),
    ),
    ...becomeOwnerSteps(app, id, heir, now),
    left,
    ...own,
  ];
}
