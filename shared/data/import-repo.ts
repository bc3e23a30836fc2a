import type { AppId } from '../ids.ts';
import { missing } from './expression.ts';
import { type Identity, putIdentity } from './identity-repo.ts';
import { ofNewUser, type Profile, putSettings } from './profile-repo.ts';
import * as schema from './schema.ts';
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
    identities = [],
  }: {
    profile: Profile;
    settings?: object | undefined;
    tags?: string[] | undefined;
    identities?: (Identity & { created_at?: number | undefined })[] | undefined;
  },
): Step[] => [
  ...putUser(app, user),
  ...(user.mobile === undefined ? [] : [put(schema.mobile.key(app, user.mobile), { user: user.user }, missing)]),
  ...(Object.values(profile).some(Boolean) ? [ofNewUser(put(schema.profile.key(app, user.user), profile))] : []),
  ...(Object.keys(settings).length > 0 ? [putSettings(app, user.user, settings)] : []),
  ...(tags.length > 0 ? [ofNewUser(put(schema.tags.key(app, user.user), { tags }))] : []),
  ...identities.flatMap(({ created_at, ...identity }) =>
    putIdentity(app, user.user, identity, created_at ?? user.createdAt),
  ),
];
