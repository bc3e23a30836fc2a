import type { Call } from '../../call/call.ts';
import { settingsKey, userKey } from '../../data/keys.ts';
import { check, type Step, update } from '../../data/step.ts';
import { NOT_DELETED, settingsOf, type User, userOf } from '../../data/user-repo.ts';
import { ApiError } from '../../errors.ts';
import { existingUser } from './existing.ts';

/** What a user has set, as section 1.35 documents it; false, 0 and "" until set. */
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
 * Fields that a call may change; `group_confirm` lies with the user, where the admission gate reads it. Alias and badge
 * are kept for the push service and not part of the record.
 */
type Changeable = Settings & { group_confirm: boolean; alias: string; badge: number };
export type SettingsChange = { [field in keyof Changeable]?: Changeable[field] | undefined };

/** The settings record as clients see it. */
export const settingsRecord = (user: Pick<User, 'user' | 'confirm'>, stored: Partial<Settings> | undefined) => {
  const known = Object.keys(DEFAULTS) as (keyof Settings)[];
  const set = Object.fromEntries(
    known.map((field) => [field, stored?.[field] ?? DEFAULTS[field]]),
  ) as unknown as Settings;
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
 * Section 1.36: changes the fields that came. A user token changes its own only.
 * @throws ApiError noPermission for another's settings, userMissing where there is no such user
 */
export function changeSettings(call: Call, target: number, change: SettingsChange): Promise<true> {
  return call.change({ user: userOf(call.app, target) }, ({ user }) => {
    if (call.actor.kind === 'user' && call.actor.user !== target)
      throw new ApiError('noPermission', "user_id: not the token's user");
    return { steps: settingsSteps(call.app, target, user, change), answer: () => true };
  });
}

/** Sections 1.1, 1.10, 1.22–1.27, 1.37, 1.41: the actor's own settings, the fields that came. */
export const changeOwnSettings = (call: Call, change: SettingsChange): Promise<true> =>
  changeSettings(call, call.person, change);

function settingsSteps(app: string, target: number, user: User | undefined, change: SettingsChange): Step[] {
  const there = existingUser(user);
  const { group_confirm: confirm, ...rest } = change;
  const set = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
  const fields = Object.keys(set).length > 0 ? [update(settingsKey(app, target), { set })] : [];
  if (confirm !== undefined && confirm !== there.confirm)
    return [...fields, update(userKey(app, target), { set: { confirm } }, NOT_DELETED)];
  return fields.length > 0 ? [...fields, check(userKey(app, target), NOT_DELETED)] : [];
}
