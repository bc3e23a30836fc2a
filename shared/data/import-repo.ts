import type { AppId, GroupId } from '../ids.ts';
import { all, atMost, equal, missing } from './expression.ts';
import type { Group } from './group-repo.ts';
import { groupInfoKey, groupKey, groupTextKey, mobileKey, profileKey, settingsKey, tagsKey } from './keys.ts';
import { put, type Step, update } from './step.ts';
import { type Profile, putUser, type User } from './user-repo.ts';

/** Steps that only an import takes: it writes whole records. */

/** All records of a user whose id, username and mobile number are free. */
export const addUser = (
  app: AppId,
  user: User,
  {
    profile,
    settings = {},
    tags = [],
  }: { profile: Profile; settings?: object | undefined; tags?: string[] | undefined },
): Step[] => [
  ...putUser(app, user),
  ...(user.mobile === undefined ? [] : [put(mobileKey(app, user.mobile), { user: user.user }, missing)]),
  ...(Object.values(profile).some(Boolean) ? [put(profileKey(app, user.user), profile)] : []),
  ...(Object.keys(settings).length > 0 ? [put(settingsKey(app, user.user), settings)] : []),
  ...(tags.length > 0 ? [put(tagsKey(app, user.user), { tags })] : []),
];

/** The records of a group whose id is free, without its owner. */
export const addGroup = (
  app: AppId,
  group: Group,
  {
    name,
    avatar,
    description,
    ext,
  }: { name: string; avatar: string; description?: string | undefined; ext?: string | undefined },
): Step[] => {
  const { updatedAt } = group;
  return [
    put(groupKey(app, group.group), group, missing),
    put(groupInfoKey(app, group.group), { name, avatar, updatedAt }),
    ...(description || ext ? [put(groupTextKey(app, group.group), { description, ext, updatedAt })] : []),
  ];
};

/** Adds to the counters of a group that is there and has room, without its write queue. @param most per counter */
export const countInGroup = (
  app: AppId,
  group: GroupId,
  add: { count?: number; admins?: number; blocks?: number },
  most: { count?: number; admins?: number } = {},
): Step =>
  update(
    groupKey(app, group),
    { add },
    all(
      equal('status', 'normal'),
      ...Object.entries(most).map(([name, value]) => atMost(name, value - (add[name as keyof typeof most] ?? 0))),
    ),
  );
