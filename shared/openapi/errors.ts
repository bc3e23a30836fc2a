import { type ErrorName, errors } from '../errors.ts';

/** The meaning of each error for callers, in docs/behaviour.md and the description of the API. */
export const MEANINGS: Record<ErrorName, string> = {
  loginAgain: 'The token is expired, replaced or revoked.',
  userMissing: 'The user does not exist.',
  badParameter: 'A parameter is missing or invalid, or a limit without its own code is reached.',
  noToken: 'The `access-token` header is missing.',
  usernameTaken: 'The username is already taken.',
  badToken: 'The token is malformed, forged or belongs to another app.',
  noPermission:
    'An admin token is required, name or password is wrong, the user is disabled or locked out, or the action is not allowed on this user.',
  mobileTaken: 'The mobile number or the identity belongs to another user.',
  externalTokenRefused:
    'The token is not one that an issuer of the app has signed for this app and that is valid now, or its user is unknown.',
  scopeMissing: 'The admin token lacks the scope of the operation, which the message names.',
  tooManyCalls:
    'The user, or for logins and registrations the network address, has used up one of its limits per caller. The header `retry-after` says in how many seconds to try again. The call had no effect.',
  groupMissing: 'The group does not exist or is dissolved.',
  notMember: 'The named user is not a member.',
  badPushMode: '`msg_push_mode` has an invalid value.',
  ownerCannotLeave: 'The owner cannot leave the group.',
  newOwnerNotMember: 'The new owner is not a member.',
  tooManyGroups: 'The app has reached its limit of groups.',
  tooManyOwned: 'The user owns as many groups as allowed.',
  tooManyJoined: 'The user has joined as many groups as allowed.',
  groupFull: 'The group is full.',
  needsMember: 'The actor is not a member.',
  needsAdmin: 'The actor is not an admin.',
  needsOwner: 'The actor is not the owner.',
  applicationGone: 'The application never existed, has expired, is void or has been handled.',
  invitationGone: 'The invitation never existed, has expired, is void or has been handled.',
  alreadyMember: 'The user is already a member.',
  blocked: "The user is on the group's blacklist.",
  announcementMissing: 'The announcement does not exist.',
  fileMissing: 'The file does not exist, or its address is wrong.',
  fileRight: 'The actor neither uploaded the file nor administers the group.',
  qrIllegal: 'The QR code is malformed, forged or no longer valid.',
  qrExpired: 'The QR code has expired.',
  bannedInGroup: 'The user is banned from speaking in the group (only in decisions).',
  groupSilenced: 'The group is silenced: only its owner and admins may speak (only in decisions).',
  eventsGone: 'The events are older than the app keeps them, or the app has none: list again.',
  endpointMissing: 'The app has no such webhook endpoint.',
  alreadyFriend: 'The user is already a friend.',
  friendRefused: 'The user accepts no friend requests (`auth_mode` 3).',
  wrongAnswer: 'The answer to the verification question is wrong.',
  friendRequestGone: 'The friend request never existed, has expired, is void or has been handled.',
  notFriend: 'The user is not a friend of the actor.',
  blockedByActor: 'The actor has blocked the user, and must unblock it first.',
  tooManyFriends: 'The actor or the other user has as many friends as allowed.',
  tooManyBlocked: 'The actor has blocked as many users as allowed.',
  tooManyFriendRequests: 'The user has received as many open friend requests as allowed.',
  appMissing: 'The app does not exist.',
  registrationClosed: 'Registration is closed in this app.',
  tooManyUsers: 'The app has reached its limit of users.',
  appDisabled: 'The app is disabled.',
};

const NAMES = new Map<number, ErrorName>(Object.entries(errors).map(([name, [code]]) => [code, name as ErrorName]));

/** The name of a code; undefined for codes that are not in the table, such as 200 and 20000. */
export const errorName = (code: number): ErrorName | undefined => NAMES.get(code);
