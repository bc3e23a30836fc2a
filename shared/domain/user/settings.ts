import type { Call } from '../../call/call.ts';
import type { Step } from '../../call/transact.ts';
import * as profiles from '../../data/profile-repo.ts';
import { settingsOf } from '../../data/profile-repo.ts';
import * as users from '../../data/user-repo.ts';
import { type User, userOf } from '../../data/user-repo.ts';
import { ApiError } from '../../errors.ts';
import type { AppId, UserId } from '../../ids.ts';
import { existingUser } from './status.ts';

/** A user's settings as section 1.35 documents them; false, 0 and "" until set. */
const DEFAULTS = {
  auth_answer: '',
  auth_mode: 0,
  auth_question: '',
  auto_download: false,
  no_push: false,
  no_push_detail: false,
  no_push_end_hour: 0,
  no_push_start_hour: 0,
  no_sounds: false,
  push_nick_name: '',
  push_token: '',
  silence_end_time: 0,
  silence_start_time: 0,
  vibratory: false,
};

export type Settings = {
  -readonly [field in keyof typeof DEFAULTS]: (typeof DEFAULTS)[field] extends boolean
    ? boolean
    : (typeof DEFAULTS)[field] extends number
      ? number
      : string;
};

/**
 * Fields that a call may change. `group_confirm` is kept in the user's item, where the admission gate reads it. Alias and
 * badge are kept for the push service and are not part of the reply.
 */
type Changeable = Settings & { group_confirm: boolean; alias: string; badge: number };
export type SettingsChange = { [field in keyof Changeable]?: Changeable[field] | undefined };

/** The settings as clients see them. */
export const settingsRecord = (user: Pick<User, 'user' | 'confirm'>, stored: Partial<Settings> | undefined) => {
  const known = Object.keys(DEFAULTS) as (keyof Settings)[];
  const set = Object.fromEntries(known.map((field) => [field, stored?.[field] ?? DEFAULTS[field]])) as Settings;
  return { ...set, group_confirm: user.confirm, id: user.user, user_id: user.user };
};

/** Section 1.35: the actor's own settings. */
export async function getSettings(call: Call) {
  const { user, settings } = await call.open({
    user: userOf(call.app, call.person),
    settings: settingsOf<Settings>(call.app, call.person),
  });
  return settingsRecord(user as User, settings);
}

/**
 * Section 1.36: changes the given fields. A user token changes only the settings of its own user.
 * @throws ApiError noPermission for another's settings, userMissing where there is no such user
 */
export function changeSettings(call: Call, target: UserId, change: SettingsChange): Promise<true> {
  return call.change({ user: userOf(call.app, target) }, ({ user }) => {
    if (call.actor.kind === 'user' && call.actor.user !== target)
      throw new ApiError('noPermission', "user_id: not the token's user");
    return { steps: settingsSteps(call.app, target, user, change), answer: () => true };
  });
}

/** Sections 1.1, 1.10, 1.22–1.27, 1.37, 1.41: changes the given fields of the actor's own settings. */
export const changeOwnSettings = (call: Call, change: SettingsChange): Promise<true> =>
  changeSettings(call, call.person, change);

function settingsSteps(app: AppId, target: UserId, user: User | undefined, change: SettingsChange): Step[] {
  const existing = existingUser(user);
  const { group_confirm: confirm, ...rest } = change;
  const set = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
  const fields = Object.keys(set).length > 0 ? [profiles.changeSettings(app, target, set)] : [];
  if (confirm !== undefined && confirm !== existing.confirm)
    return [...fields, users.requireConsent(app, target, confirm)];
  return fields.length > 0 ? [...fields, users.checkExists(app, target)] : [];
}
