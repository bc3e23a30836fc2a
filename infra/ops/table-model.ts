/** The table as a model of users and groups, to be compared with the one that events tell. */
import { emptyModel, type Model } from '../../client/fold.ts';
import { contactsOf, countsOf } from '../../shared/data/contact-repo.ts';
import type { Database } from '../../shared/data/database.ts';
import { groupInfoOf, groupOf } from '../../shared/data/group-repo.ts';
import { FOR_EVER } from '../../shared/data/keys.ts';
import { ADMIN_ROLE, groupMembershipsOf, isMember, memberIn } from '../../shared/data/membership-repo.ts';
import { groupsAdministeredOf } from '../../shared/data/role-repo.ts';
import { isUser, userOf } from '../../shared/data/user-repo.ts';
import { directoryPages } from '../../shared/domain/app/directory-pages.ts';
import type { AppId, GroupId, UserId } from '../../shared/ids.ts';

/** Users who are read together. */
const PAGE = 100;

/** All users and groups that live. It is no snapshot: it may contain what changes meanwhile, or not. */
export async function tableModel(open: () => Database, app: AppId): Promise<Model> {
  const model = emptyModel();
  for await (const { users } of directoryPages(open, app, { limit: PAGE })) {
    const owners = await readUsers(open(), app, users, model);
    for (const owner of owners)
      for (const id of await open().read(groupsAdministeredOf(app, owner)))
        await readGroup(open(), app, id, model, owner);
  }
  return model;
}

/** Users as they are now. @returns those who own groups */
export async function readUsers(db: Database, app: AppId, ids: readonly UserId[], model: Model): Promise<UserId[]> {
  const records = await db.read(ids.map((id) => ({ user: userOf(app, id), counts: countsOf(app, id) })));
  const owners: UserId[] = [];
  for (const [index, { user, counts }] of records.entries()) {
    const id = ids[index]!;
    delete model.users[id];
    if (!isUser(user)) continue;
    const contacts = counts?.blocked ? await db.read(contactsOf(app, id)) : [];
    const blocked = contacts.filter(({ contact }) => contact.blockedAt !== undefined);
    model.users[id] = {
      complete: true,
      status: user.status as 'active' | 'disabled',
      username: user.username,
      blocked: Object.fromEntries(blocked.map(({ other }) => [other, true as const])),
    };
    if (user.owned > 0) owners.push(id);
  }
  return owners;
}

/** A group as it is now. @param owner read it only if this user owns it */
export async function readGroup(db: Database, app: AppId, id: GroupId, model: Model, owner?: UserId): Promise<void> {
  const group = await db.read(groupOf(app, id));
  if (group && owner !== undefined && owner !== group.owner) return;
  delete model.groups[id];
  if (group?.status !== 'normal') return;
  const { info, memberships } = await db.read({ info: groupInfoOf(app, id), memberships: groupMembershipsOf(app, id) });
  const by = <T>(value: (membership: (typeof memberships)[number]) => T | undefined) =>
    Object.fromEntries(
      memberships.flatMap((membership) => {
        const found = value(membership);
        return found === undefined ? [] : [[memberIn(membership), found]];
      }),
    );
  model.groups[id] = {
    complete: true,
    owner: group.owner,
    type: group.type,
    name: info?.name ?? '',
    capacity: group.capacity,
    silence: untilOf(group.mutedUntil),
    members: by((membership) => (isMember(membership) ? (membership.role === ADMIN_ROLE ? 1 : 0) : undefined)),
    bans: by(({ bannedUntil }) => bannedUntil && untilOf(bannedUntil)),
    blocks: by(({ state }) => (state === 'blocked' ? true : undefined)),
  };
}

const untilOf = (end: number) => (end === FOR_EVER ? -1 : end);
