/**
 * The closed table of API errors: name, code and default message. A client sees no other error: all others are logged and
 * answered as a fault of the service (20000). shared/openapi/errors.ts, which no function bundles, says what each means.
 */
export const errors = {
  loginAgain: [402, 'the access-token is expired, replaced or revoked: log in again'],
  userMissing: [10000, 'user does not exist'],
  badParameter: [10002, 'parameter missing or wrong'],
  noToken: [10003, 'access-token: missing header'],
  usernameTaken: [10004, 'username: already exists'],
  badToken: [10008, 'access-token: invalid'],
  noPermission: [10010, 'no permission'],
  mobileTaken: [10011, 'mobile: bound to another user'],
  externalTokenRefused: [10020, 'subject_token: not a valid token of an issuer of this app, or its user is unknown'],
  scopeMissing: [10021, 'access-token: this admin token lacks a scope'],
  tooManyCalls: [10429, 'too many calls: try again later'],
  groupMissing: [20001, 'group does not exist'],
  notMember: [20002, 'the user is not a group member'],
  badPushMode: [20003, 'msg_push_mode: illegal value'],
  ownerCannotLeave: [20004, 'the owner cannot leave the group'],
  newOwnerNotMember: [20005, 'new_owner: not a group member'],
  tooManyGroups: [20007, 'the app has reached its limit of groups'],
  tooManyOwned: [20008, 'the user owns as many groups as allowed'],
  tooManyJoined: [20009, 'the user has joined as many groups as allowed'],
  groupFull: [20010, 'the group is full'],
  needsMember: [20011, 'only group members may do this'],
  needsAdmin: [20012, 'only group admins may do this'],
  needsOwner: [20013, 'only the group owner may do this'],
  applicationGone: [20014, 'the application was never made, has expired or is handled'],
  invitationGone: [20015, 'the invitation was never made, has expired or is handled'],
  alreadyMember: [20017, 'the user is already a group member'],
  blocked: [20018, "the user is on the group's blacklist"],
  announcementMissing: [20020, 'announcement does not exist'],
  fileMissing: [20022, 'shared file does not exist'],
  fileRight: [20023, 'no right to this shared file'],
  qrIllegal: [20024, 'qr_info: illegal'],
  qrExpired: [20025, 'qr_info: expired'],
  bannedInGroup: [20026, 'the user is banned from speaking in the group'],
  groupSilenced: [20027, 'the group is silenced: only admins may speak'],
  eventsGone: [20030, 'these events are not kept any more'],
  endpointMissing: [20031, 'endpoint_id: no such endpoint'],
  alreadyFriend: [30001, 'the user is already a friend'],
  friendRefused: [30002, 'the user accepts no friend requests'],
  wrongAnswer: [30003, 'auth_answer: not the right answer'],
  friendRequestGone: [30004, 'the friend request was never made, has expired or is handled'],
  notFriend: [30005, 'the user is not a friend'],
  blockedByActor: [30006, 'the actor has blocked this user: unblock it first'],
  tooManyFriends: [30007, 'one of the two users has as many friends as allowed'],
  tooManyBlocked: [30008, 'the blacklist is full'],
  tooManyFriendRequests: [30009, 'the user has as many open friend requests as allowed'],
  appMissing: [40000, 'app_id: app does not exist'],
  registrationClosed: [40001, 'registration is closed in this app'],
  tooManyUsers: [40002, 'the app has reached its limit of users'],
  appDisabled: [40003, 'the app is disabled'],
} as const satisfies Record<string, readonly [code: number, message: string]>;

export type ErrorName = keyof typeof errors;

/** A documented error, which ends the call or one entry of its list. */
export class ApiError extends Error {
  declare readonly name: ErrorName;
  readonly code: number;
  /** Beside `data` in the answer. */
  declare readonly fields?: object;
  constructor(name: ErrorName, message?: string) {
    super(message ?? errors[name][1]);
    this.name = name;
    this.code = errors[name][0];
  }
}

/** Events before `oldest` are not kept any more. */
export class EventsGone extends ApiError {
  override readonly fields: { oldest?: string };
  /** @param oldest number of the oldest event that is kept, if there is one */
  constructor(oldest?: number, message?: string) {
    super('eventsGone', message);
    this.fields = oldest === undefined ? {} : { oldest: String(oldest).padStart(16, '0') };
  }
}

/** The caller has used up one of its limits. Answered with `retry-after`. */
export class TooManyCalls extends ApiError {
  /** Seconds. */
  readonly retryAfter: number;
  constructor(limit: string, retryAfter: number) {
    super('tooManyCalls', `too many calls: try again in ${retryAfter} seconds (${limit})`);
    this.retryAfter = retryAfter;
  }
}

/** `badParameter` with a message that names the field. */
export const badParameter = (field: string, wrong: string) => new ApiError('badParameter', `${field}: ${wrong}`);

/** The body is larger than the operation accepts. Answered 413, as the gateway does above 6 MB, without parsing it. */
export class TooLarge extends ApiError {
  constructor(most: number, instead = '') {
    super('badParameter', `body: must have at most ${most} bytes${instead}`);
  }
}

/**
 * The service cannot finish now: the database throttles or does not answer, a record stays contended, or no time is left.
 * Answered 503 with Retry-After. The call did all or nothing; a call with a list did so per entry. A repeated call does
 * the rest.
 */
export class Unavailable extends Error {}
