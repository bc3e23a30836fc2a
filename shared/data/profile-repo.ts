import type { AppId, UserId } from '../ids.ts';
import { unchanged } from './expression.ts';
import { type Get, getItem } from './read.ts';
import type { ItemOf } from './schema.ts';
import * as schema from './schema.ts';
import { because, check, put, type Step, update } from './step.ts';

/** Long texts of a user, apart from what every call reads. */
export type Profile = ItemOf<typeof schema.profileFields>;

/** How a user verifies friends: part of the settings. */
export type Verification = Pick<ItemOf<typeof schema.settingsFields>, 'auth_mode' | 'auth_question' | 'auth_answer'>;

/** Set of tags in the order of binding. */
export type Tags = ItemOf<typeof schema.tagsFields>;

export const profileOf = (app: AppId, user: UserId): Get<Profile | undefined> =>
  getItem(schema.profile.key(app, user), schema.profile.bytes);
export const settingsOf = <T>(app: AppId, user: UserId): Get<T | undefined> =>
  getItem(schema.settings.key(app, user), schema.settings.bytes);
export const tagsOf = (app: AppId, user: UserId): Get<Tags | undefined> =>
  getItem(schema.tags.key(app, user), schema.tags.bytes);

export const changeProfile = (app: AppId, user: UserId, set: object): Step =>
  update(schema.profile.key(app, user), { set: { ...set } });
export const changeSettings = (app: AppId, user: UserId, set: object): Step =>
  update(schema.settings.key(app, user), { set: { ...set } });
/** Proves in a transaction that the user verifies friends as it was read. */
export const checkVerification = (app: AppId, user: UserId, read: Verification | undefined): Step =>
  check(schema.settings.key(app, user), unchanged(read, 'auth_mode', 'auth_answer'));
/** The settings of a new user. */
export const putSettings = (app: AppId, user: UserId, settings: object): Step =>
  ofNewUser(put(schema.settings.key(app, user), settings));
/** A record that a new user comes with, which is no change of the user. */
export const ofNewUser = (step: Step): Step => because(step, { new: true });
/** Replaces the tags that were read. */
export const putTags = (app: AppId, user: UserId, tags: string[], read: Tags | undefined): Step =>
  put(schema.tags.key(app, user), { tags }, unchanged(read, 'tags'));
