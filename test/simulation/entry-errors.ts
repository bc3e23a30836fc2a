import { ApiError, type ErrorName } from '../../shared/errors.ts';

const NAMES: ErrorName[] = [
  'userMissing',
  'groupMissing',
  'notMember',
  'tooManyJoined',
  'groupFull',
  'needsMember',
  'needsAdmin',
  'needsOwner',
  'alreadyMember',
  'blocked',
  'fileMissing',
  'fileRight',
  'alreadyFriend',
  'blockedByActor',
  'friendRefused',
  'wrongAnswer',
  'tooManyFriends',
  'tooManyFriendRequests',
];
const MESSAGES = new Map(NAMES.map((name) => [new ApiError(name).message, name]));

/** The error that an entry's reason stands for; undefined for a text that stands for none. */
export function errorOf(reason: string): ErrorName | undefined {
  if (/^(user_id: )?not allowed on/.test(reason)) return 'noPermission';
  if (reason.startsWith('user_list: a group has at most')) return 'badParameter';
  return MESSAGES.get(reason);
}
