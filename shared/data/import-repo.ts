import type { AppId } from '../ids.ts';
import { missing } from './expression.ts';
import { mobileKey, profileKey, settingsKey, tagsKey } from './keys.ts';
import type { Profile } from './profile-repo.ts';
import { put, type Step } from './step.ts';
import { putUser, type User } from './user-repo.ts';

/** All records of an imported user, whose id, username and mobile number must be free. */
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
