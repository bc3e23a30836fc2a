import type { AppId, GroupId, UserId } from '../ids.ts';
import type { Device } from './device-repo.ts';
import { absent, all, equal, unchanged } from './expression.ts';
import type { Identity } from './identity-repo.ts';
import type { Key } from './keys.ts';
import {
  endedGroupMembership,
  endedUserMembership,
  type GroupMembership,
  groupOfUserMembership,
  isMember,
  memberIn,
} from './membership-repo.ts';
import { asRecord, type Get, getItem, type Query } from './read.ts';
import * as schema from './schema.ts';
import { because, measured, put, remove, type Step, update } from './step.ts';

/** What a dissolved group or a deleted user leaves behind, as the background removes it. Each step may be done twice. */

// ——— a dissolved group ———

/** A page of the group memberships and applications of a group. */
export const peopleOf = (app: AppId, group: GroupId, limit: number): Query<GroupMembership[]> => ({
  query: { partition: schema.groupMembership.partition(app, group), between: ['!', '~'], limit },
  parse: ({ items }) => items.map(asRecord<GroupMembership>),
});

export const personOf = (app: AppId, group: GroupId, { sk }: GroupMembership): Get<GroupMembership | undefined> =>
  getItem({ pk: schema.groupMembership.partition(app, group), sk });

/** Removes one of these items. A membership ends with it: the user membership and the user's count follow. */
export function removePerson(app: AppId, group: GroupId, item: GroupMembership, now: number): Step[] {
  const key = { pk: schema.groupMembership.partition(app, group), sk: item.sk };
  if (!isMember(item)) return [remove(key)];
  const user = memberIn(item);
  return [
    remove(key, unchanged(item, 'state')),
    update(schema.userMembership.key(app, user, group), { set: endedUserMembership(now) }),
    update(schema.user.key(app, user), { add: { joined: -1 } }),
  ];
}

/** Removes an item on which nothing else depends. */
export const removeItem = (key: Key): Step => remove(key);

// ——— a deleted user ———

/** An item below the user: a device and an identity have attributes, of the others only the key counts. */
export type Remains = Pick<Device, 'sk'> & Partial<Device> & Partial<Identity>;

export const remainsOf = (app: AppId, user: UserId, { sk }: Remains): Get<Remains | undefined> =>
  getItem({ pk: schema.user.partition(app, user), sk });

/** The group that the user membership or invitation is of; undefined for other items. */
export const groupJoined = ({ sk }: Remains): GroupId | undefined =>
  sk.startsWith('E#') ? groupOfUserMembership(sk) : undefined;
export const groupInvitedTo = ({ sk }: Remains): GroupId | undefined =>
  sk.startsWith(schema.invitation.sk.prefix) ? (Number(sk.split('#')[1]) as GroupId) : undefined;

/** The identity whose user's side the item is. */
export const identityIn = ({ sk, issuer, subject }: Remains): Identity | undefined =>
  sk.startsWith(schema.userIdentity.sk.prefix) && issuer !== undefined && subject !== undefined
    ? { issuer, subject }
    : undefined;

/** Removes the item, unless it is a device whose push token has changed. */
export const removeRemains = (app: AppId, user: UserId, item: Remains): Step =>
  remove({ pk: schema.user.partition(app, user), sk: item.sk }, unchanged(item, 'device_token'));

/** Removes a group membership that only marks an invitation. */
export const removeMark = (app: AppId, group: GroupId, user: UserId): Step =>
  remove(schema.groupMembership.key(app, group, user), all(absent('state'), absent('bannedUntil')));

/** Ends a ban that has outlived the membership. The item stays for a while, since its stamp tells of the end. */
export const endBan = (app: AppId, group: GroupId, user: UserId, was: GroupMembership, now: number): Step =>
  put(
    schema.groupMembership.key(app, group, user),
    endedGroupMembership(was, undefined, now),
    unchanged(was, 'state', 'role'),
  );

/** Removes a group membership as it was read. */
export const removeMembership = (app: AppId, group: GroupId, user: UserId, was: GroupMembership): Step =>
  remove(schema.groupMembership.key(app, group, user), unchanged(was, 'state', 'role'));

/** Ends a membership as it was read: a departure. A ban goes too. */
export const endMembership = (app: AppId, group: GroupId, user: UserId, was: GroupMembership, now: number): Step =>
  measured('leaves', because(endBan(app, group, user, was, now), { reason: 'deleted' }));

export const removeUserMembership = (app: AppId, group: GroupId, user: UserId): Step =>
  remove(schema.userMembership.key(app, user, group));
export const removeApplication = (app: AppId, group: GroupId, user: UserId): Step =>
  remove(schema.application.key(app, group, user));

/** Nothing is left of the user but its id. */
export const forgotten = (app: AppId, user: UserId): Step =>
  measured(
    'users_forgotten',
    update(schema.user.key(app, user), { set: { joined: 0, owned: 0 } }, equal('status', 'deleted')),
  );
