import { appOf, limitsOf } from '../../data/app-repo.ts';
import type { Database } from '../../data/database.ts';
import { all, equal, unchanged } from '../../data/expression.ts';
import { type Group, groupOf, updateGroup } from '../../data/group-repo.ts';
import type { JobOf } from '../../data/job-repo.ts';
import { applicationKey, edgeKey, pushTokenKey, relationKey, userPartition } from '../../data/keys.ts';
import {
  ADMIN_ROLE,
  becomeOwnerSteps,
  edgeOf,
  heirsOf,
  isMember,
  OWNER_ROLE,
  type Relation,
  relationOf,
  userOfRelation,
} from '../../data/membership-repo.ts';
import { record } from '../../data/read.ts';
import { remove, type Step } from '../../data/step.ts';
import { type Device, freeHolder, itemsOf, pushTokenOf, userOf } from '../../data/user-repo.ts';
import { after } from '../cursor.ts';
import { settle } from '../decision.ts';
import { dissolutionSteps } from '../group/dissolution.ts';
import { tokenHash } from '../token.ts';

/** Read at once, and worked on side by side. */
const PAGE = 20;

/**
 * What a deleted user left behind: devices, infos, invitations received, applications made, memberships; a group it
 * owned passes on or is dissolved. Each item goes by a transaction of its own, so that the work can stop anywhere and
 * be begun again, even twice at once.
 * @returns whether all is done; false when `expired` said so before
 */
export async function forgetUser(
  db: Database,
  { app, user }: JobOf<'deleted user'>,
  now: number,
  expired: () => boolean,
): Promise<boolean> {
  const limits = limitsOf((await db.read(appOf(app))) ?? { limits: {} });
  for (;;) {
    const items = await db.read(itemsOf(app, user, PAGE));
    if (items.length === 0) return true;
    await Promise.all(
      items.map(({ sk }) => {
        if (sk.startsWith('E#')) return depart(db, app, user, Number(sk.slice(2)), now, limits.groups > 0);
        return settle(db, record<Device>({ pk: userPartition(app, user), sk }), (item) => ({
          steps: item ? forgetItem(db, app, user, item) : [],
          answer: () => undefined,
        }));
      }),
    );
    if (expired()) return false;
  }
}

/** An item of the user's own partition; with a device goes the note of who holds its push token. */
function forgetItem(db: Database, app: string, user: number, item: Device): Step[] {
  const own = remove({ pk: userPartition(app, user), sk: item.sk });
  if (item.device_token === undefined) return [own];
  const hash = tokenHash(item.device_token);
  const known = db.known(pushTokenOf(app, hash));
  const another = known && (known.record?.user !== user || known.record.sn !== item.sn);
  return another ? [own] : [own, remove(pushTokenKey(app, hash), freeHolder(user, item.sn))];
}

/** Takes the user out of one group. */
async function depart(db: Database, app: string, user: number, id: number, now: number, counted: boolean) {
  const reads = { group: groupOf(app, id), relation: relationOf(app, id, user), edge: edgeOf(app, user, id) };
  const { group, relation } = await db.read(reads);
  const owns = group?.owner === user && isMember(relation);
  const heir = owns ? await findHeir(db, app, id, user) : undefined;
  // The heir's relation is read whole: an index may hold less of it.
  const inherited = heir && relationOf(app, id, userOfRelation(heir));
  if (inherited) await db.load([inherited]);
  await settle(db, { ...reads, heir: inherited ?? [] }, ({ group, relation, edge, heir }) => ({
    steps: edge ? departure(app, user, id, { group, relation, heir: heir as Relation | undefined, now, counted }) : [],
    answer: () => undefined,
  }));
}

const HEIRS = 50;

/** Who inherits: the admin longest in office, else the member longest there, who is not deleted too. */
async function findHeir(db: Database, app: string, group: number, user: number): Promise<Relation | undefined> {
  for (const which of ['admins', 'members'] as const) {
    let from: string | undefined;
    for (;;) {
      const read = heirsOf(app, group, which, from, HEIRS);
      const { heirs, more } = await db.read(read);
      const others = heirs.filter((heir) => userOfRelation(heir) !== user);
      const people = await db.read(others.map((heir) => userOf(app, userOfRelation(heir))));
      const heir = others.find((_, index) => people[index] && people[index].status !== 'deleted');
      if (heir) return heir;
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
  // A dissolved group's own clean-up takes what is left of it; a block outlives the user, as its count does.
  if (!group || group.status === 'dissolved' || !isMember(relation)) return own;
  const leaving = { count: -1, ...(relation.role === ADMIN_ROLE && { admins: -1 }) };
  if (group.owner !== user) return [updateGroup(app, id, { add: leaving }, equal('status', 'normal')), gone, ...own];
  // Nobody is left, or left to inherit it: the owner's side goes with the group.
  if (!heir) return [...dissolutionSteps(app, group, now, counted), remove(applicationKey(app, id, user))];
  // Whoever was to inherit is no member any more by now: another is looked for in the next run.
  if (!isMember(heir) || heir.role === OWNER_ROLE) throw new Error('the heir has left meanwhile');
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
    gone,
    ...own,
  ];
}
