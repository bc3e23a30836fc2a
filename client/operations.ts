/** Written by `npm run docs` from docs/openapi.json. */
import type { RosterEvent } from './event-types.ts';

export interface CallOptions {
    /** Where the operation takes one: the same key and request within 24 hours give the first answer again. */
    idempotencyKey?: string;
    signal?: AbortSignal;
}

/** One page of a list; `entries` goes through all of them. */
export interface Page<T> {
    data: T[];
    /** Absent on the last page. */
    cursor?: string;
    total?: number;
    /** Of a list of a group: the number of the last change that it contains. */
    version: number;
}

/** The code of each documented error, by its name. */
export const ERRORS = {
  /** The token is expired, replaced or revoked. */
  loginAgain: 402,
  /** The user does not exist. */
  userMissing: 10000,
  /** A parameter is missing or invalid, or a limit without its own code is reached. */
  badParameter: 10002,
  /** The `access-token` header is missing. */
  noToken: 10003,
  /** The username is already taken. */
  usernameTaken: 10004,
  /** The token is malformed, forged or belongs to another app. */
  badToken: 10008,
  /** An admin token is required, name or password is wrong, the user is disabled or locked out, or the action is not allowed on this user. */
  noPermission: 10010,
  /** The mobile number or the identity belongs to another user. */
  mobileTaken: 10011,
  /** The token is not one that an issuer of the app has signed for this app and that is valid now, or its user is unknown. */
  externalTokenRefused: 10020,
  /** The admin token lacks the scope of the operation, which the message names. */
  scopeMissing: 10021,
  /** The user, or for logins and registrations the network address, has used up one of its limits per caller. The header `retry-after` says in how many seconds to try again. The call had no effect. */
  tooManyCalls: 10429,
  /** The group does not exist or is dissolved. */
  groupMissing: 20001,
  /** The named user is not a member. */
  notMember: 20002,
  /** `msg_push_mode` has an invalid value. */
  badPushMode: 20003,
  /** The owner cannot leave the group. */
  ownerCannotLeave: 20004,
  /** The new owner is not a member. */
  newOwnerNotMember: 20005,
  /** The app has reached its limit of groups. */
  tooManyGroups: 20007,
  /** The user owns as many groups as allowed. */
  tooManyOwned: 20008,
  /** The user has joined as many groups as allowed. */
  tooManyJoined: 20009,
  /** The group is full. */
  groupFull: 20010,
  /** The actor is not a member. */
  needsMember: 20011,
  /** The actor is not an admin. */
  needsAdmin: 20012,
  /** The actor is not the owner. */
  needsOwner: 20013,
  /** The application never existed, has expired, is void or has been handled. */
  applicationGone: 20014,
  /** The invitation never existed, has expired, is void or has been handled. */
  invitationGone: 20015,
  /** The user is already a member. */
  alreadyMember: 20017,
  /** The user is on the group's blacklist. */
  blocked: 20018,
  /** The announcement does not exist. */
  announcementMissing: 20020,
  /** The file does not exist, or its address is wrong. */
  fileMissing: 20022,
  /** The actor neither uploaded the file nor administers the group. */
  fileRight: 20023,
  /** The QR code is malformed, forged or no longer valid. */
  qrIllegal: 20024,
  /** The QR code has expired. */
  qrExpired: 20025,
  /** The user is banned from speaking in the group (only in decisions). */
  bannedInGroup: 20026,
  /** The group is silenced: only its owner and admins may speak (only in decisions). */
  groupSilenced: 20027,
  /** The events are older than the app keeps them, or the app has none: list again. */
  eventsGone: 20030,
  /** The app has no such webhook endpoint. */
  endpointMissing: 20031,
  /** The user is already a friend. */
  alreadyFriend: 30001,
  /** The user accepts no friend requests (`auth_mode` 3). */
  friendRefused: 30002,
  /** The answer to the verification question is wrong. */
  wrongAnswer: 30003,
  /** The friend request never existed, has expired, is void or has been handled. */
  friendRequestGone: 30004,
  /** The user is not a friend of the actor. */
  notFriend: 30005,
  /** The actor has blocked the user, and must unblock it first. */
  blockedByActor: 30006,
  /** The actor or the other user has as many friends as allowed. */
  tooManyFriends: 30007,
  /** The actor has blocked as many users as allowed. */
  tooManyBlocked: 30008,
  /** The user has received as many open friend requests as allowed. */
  tooManyFriendRequests: 30009,
  /** The app does not exist. */
  appMissing: 40000,
  /** Registration is closed in this app. */
  registrationClosed: 40001,
  /** The app has reached its limit of users. */
  tooManyUsers: 40002,
  /** The app is disabled. */
  appDisabled: 40003,
} as const;

export type ErrorName = keyof typeof ERRORS;

export interface Announcement {
  /** Id of the announcement. */
  id: number;
  /** Id of the group. */
  group_id: number;
  /** Title of the announcement. */
  title: string;
  /** Text of the announcement. */
  content: string;
  /** User who published it. */
  author: number;
  /** When it was made, in seconds since 1970. */
  created_at: number;
}

export interface Contact {
  /** Id of the user. */
  user_id: number;
  /** Username. */
  username: string;
  /** Nickname; empty clears it. */
  nick_name: string;
  /** Address of the picture: `http`, `https`, or text without a scheme; empty clears it. */
  avatar: string;
  /** Description; empty clears it. */
  description: string;
  /** Extension information that everybody sees. */
  public_info: string;
  /** How friends are verified: 0 anyone, 1 with consent, 2 by the right answer, 3 nobody. */
  auth_mode: number;
  /** Verification question. */
  auth_question: string;
  /** The actor's name for a friend; empty until set, and for others. */
  alias: string;
  /** The actor's extension information about a friend; empty until set, and for others. */
  ext: string;
  /** Whether messages of a friend arrive without a notification. */
  mute_notification: boolean;
  /** 0 friend, 1 former friend who ended the friendship, 2 stranger, 3 blocked by the actor. */
  relation: number;
}

export interface Endpoint {
  /** Id of the endpoint. */
  endpoint_id: string;
  /** Where events are sent to. */
  url: string;
  /** Types of events that are sent; an empty list: all. */
  types: string[];
  /** Only events about this group; 0: about all, and about users and the app. */
  group_id: number;
  /** What the endpoint is for. */
  description: string;
  /** Whether events are sent; what waits for a disabled endpoint is dropped. */
  enabled: boolean;
  /** Why the service disabled the endpoint: `gone` (it answered 410), `failing` (for five days); empty where it did not. */
  disabled_because: '' | 'gone' | 'failing';
  /** Since when no attempt has succeeded, in seconds since 1970; 0 while attempts succeed. */
  failing_since: number;
  /** When it was made, in seconds since 1970. */
  created_at: number;
  /** When it changed last, in seconds since 1970. */
  updated_at: number;
}

export interface Entry {
  /** Id of the user. */
  user_id: number;
  /** Of this entry: `success` or `fail`. */
  result: 'success' | 'fail';
  /** Why the entry failed; empty where it did not. */
  reason: string;
}

export interface Group {
  /** Id of the group. */
  group_id: number;
  /** Name of the group. */
  name: string;
  /** Address of the picture: `http`, `https`, or text without a scheme; empty clears it. */
  avatar: string;
  /** Description; empty clears it. */
  description: string;
  /** Extension information of the group, up to 16 KiB. */
  ext: string;
  /** Kind of group: 0 private, 1 public (stands in the public list), 2 chat room. */
  type: number;
  /** 0 as usual, 1 dissolved. */
  status: number;
  /** User who owns the group. */
  owner_id: number;
  /** Members at this moment. */
  count: number;
  /** Most members the group can have. */
  capacity: number;
  /** Applications: 0 join at once, 1 an admin decides, 2 refused. */
  apply_approval: number;
  /** Whether members may invite. */
  member_invite: boolean;
  /** Whether members may change the group’s information. */
  member_modify: boolean;
  /** Whether new members see what was said before. */
  history_visible: boolean;
  /** Whether messages are marked as read. */
  read_ack: boolean;
  /** Whether only admins and the owner see the members. */
  hide_member_info: boolean;
  /** Until when only admins may speak, in seconds since 1970; 0 not banned, -1 for ever. */
  ban_expire_time: number;
  /** The actor's own: 0 messages notify, 1 silently, 2 not received. */
  msg_mute_mode: number;
  /** The actor's own: 0 all, 1 none, 2 by admins and when mentioned, 3 by admins, 4 when mentioned. */
  msg_push_mode: number;
  /** When it was made, in seconds since 1970. */
  created_at: number;
  /** When name, avatar, description, ext, owner or settings changed last, in seconds since 1970. */
  updated_at: number;
}

export interface GroupFile {
  /** Id of the file. */
  file_id: number;
  /** Id of the group. */
  group_id: number;
  /** Name of the file. */
  name: string;
  /** Bytes of the file. */
  size: number;
  /** Media type of the file. */
  type: string;
  /** User who shared the file. */
  uploader: number;
  /** Address of the file. */
  url: string;
  /** When it was made, in seconds since 1970. */
  created_at: number;
  /** When its name changed last, in seconds since 1970. */
  updated_at: number;
}

export interface Member {
  /** Id of the user. */
  user_id: number;
  /** Name of the member in this group; empty until set. */
  display_name: string;
  /** When the member joined, in seconds since 1970. */
  join_time: number;
}

export interface Redirect {
  /** Where the file is, for an hour; the `location` header too. */
  url: string;
}

export interface Session {
  /** The access-token of the new session. */
  token: string;
  /** Id of the user. */
  user_id: number;
  /** When the session ends, in seconds since 1970. */
  expire: number;
  /** Token under which the device gets push messages. */
  push_token: string;
  /** Always 0. */
  encrypt_type: number;
  /** Always empty. */
  public_key: string;
  /** Always null; files are uploaded by presigned addresses. */
  access_key_secret: null;
  /** Always null; files are uploaded by presigned addresses. */
  store_token: null;
}

export interface Settings {
  /** Answer to the verification question; shown to the user alone. */
  auth_answer: string;
  /** How friends are verified: 0 anyone, 1 with consent, 2 by the right answer, 3 nobody. */
  auth_mode: number;
  /** Verification question. */
  auth_question: string;
  /** Whether thumbnails and files are downloaded by themselves. */
  auto_download: boolean;
  /** Whether an invitation waits for consent; false: invited is joined. */
  group_confirm: boolean;
  /** Id of the announcement. */
  id: number;
  /** true turns push messages off. */
  no_push: boolean;
  /** true leaves the text out of push messages. */
  no_push_detail: boolean;
  /** Hour at which push begins again. */
  no_push_end_hour: number;
  /** Hour from which nothing is pushed. */
  no_push_start_hour: number;
  /** true: messages arrive without a sound. */
  no_sounds: boolean;
  /** The name that push messages show. */
  push_nick_name: string;
  /** Token under which the device gets push messages. */
  push_token: string;
  /** Hour at which silence ends. */
  silence_end_time: number;
  /** Hour from which nothing reminds. */
  silence_start_time: number;
  /** Id of the user. */
  user_id: number;
  /** Whether messages vibrate. */
  vibratory: boolean;
}

export interface UploadForm {
  /** Takes the form with a file of up to 4.5 MB, within 15 minutes, whatever other fields it has. */
  upload_url: string;
  /** How the form is sent. */
  upload_method: 'POST';
  /** All fields of the form, to be sent before the file. */
  oss_body_param: Record<string, string>;
  /** Takes the whole form, with a file of any size that the app allows, within 15 minutes. */
  direct_url: string;
  /** Stable address of the file, good for `group/file/upload` and for those who may see it. */
  download_url: string;
}

export interface Operations {
  token: {
    /** Log in by a token of an issuer. Logs in by a JSON Web Token of an issuer that an operator has added to the app, by the parameters of RFC 8693. Where the issuer may register users, an unknown one is registered. Needs no access-token; one that is sent is ignored. */
    exchange(parameters: {
      /** JSON Web Token of an issuer of the app, of at most 8192 characters. */
      subject_token: string;
      /** Id that the client gives its device; the same one keeps its `device_sn` and replaces its session. */
      device_guid?: string;
      /** As RFC 8693 has it. */
      grant_type?: 'urn:ietf:params:oauth:grant-type:token-exchange';
      /** As RFC 8693 has it; all of these mean the same here. */
      subject_token_type?: 'urn:ietf:params:oauth:token-type:jwt' | 'urn:ietf:params:oauth:token-type:id_token' | 'urn:ietf:params:oauth:token-type:access_token';
    }, options?: CallOptions): Promise<Session>;

    /** Log in by user id. Logs in by user id. Needs no access-token; one that is sent is ignored. */
    id(parameters: {
      /** Id of the user who logs in. */
      user_id: number;
      /** Password. */
      password: string;
      /** Id that the client gives its device; the same one keeps its `device_sn` and replaces its session. */
      device_guid?: string;
    }, options?: CallOptions): Promise<Session>;

    /** Log in by login name: username or mobile number. Logs in by username or mobile number. Needs no access-token; one that is sent is ignored. */
    login(parameters: {
      /** Username or mobile number. */
      login_name: string;
      /** Password. */
      password: string;
      /** Id that the client gives its device; the same one keeps its `device_sn` and replaces its session. */
      device_guid?: string;
    }, options?: CallOptions): Promise<Session>;

    /** Tell what the presented token is. Tells whose session the token is, or which admin token and its scopes. Every valid token may ask, whatever its scopes. For a user, by its token or an admin token with the `user_id` header; or for the app, by an admin token with the `group_id` header or neither. */
    self(parameters?: Record<string, never>, options?: CallOptions): Promise<{
      /** `user`: the session of a user; `admin`: an admin token. */
      kind: 'admin';
      /** Id of the app. */
      app_id: string;
      /** Id of the admin token, by which operators and events name it. */
      token_id: string;
      /** Name that operators gave the admin token. */
      name: string;
      /** What the admin token may do. */
      scopes: ('read' | 'users' | 'groups' | 'files' | 'events' | 'decide' | 'login')[];
      /** When the token ends, in seconds since 1970; -1: never. */
      expire: number;
    } | {
      /** `user`: the session of a user; `admin`: an admin token. */
      kind: 'user';
      /** Id of the app. */
      app_id: string;
      /** Id of the user. */
      user_id: number;
      /** Serial number of the device. */
      device_sn: number;
      /** When the token ends, in seconds since 1970; -1: never. */
      expire: number;
    }>;

    /** Log in by username or mobile number. Logs in by `name` or `mobile`. Needs no access-token; one that is sent is ignored. */
    user(parameters: {
      /** Username. This or `mobile`. */
      name?: string;
      /** Mobile number. This or `name`. */
      mobile?: string;
      /** Password. */
      password: string;
      /** Id that the client gives its device; the same one keeps its `device_sn` and replaces its session. */
      device_guid?: string;
    }, options?: CallOptions): Promise<Session>;
  };
  user: {
    /** Register guest. Registers a guest and returns the settings with the drawn username, by which and the given password the guest logs in. Needs no access-token; one that is sent is ignored. */
    registerAnonymous(parameters: {
      /** Username of the guest: the beginning that the request gives, and the id. */
      username?: string;
      /** Password. */
      password: string;
    }, options?: CallOptions): Promise<{
      /** Answer to the verification question; shown to the user alone. */
      auth_answer: string;
      /** How friends are verified: 0 anyone, 1 with consent, 2 by the right answer, 3 nobody. */
      auth_mode: number;
      /** Verification question. */
      auth_question: string;
      /** Whether thumbnails and files are downloaded by themselves. */
      auto_download: boolean;
      /** Whether an invitation waits for consent; false: invited is joined. */
      group_confirm: boolean;
      /** The same as `user_id`. */
      id: number;
      /** true turns push messages off. */
      no_push: boolean;
      /** true leaves the text out of push messages. */
      no_push_detail: boolean;
      /** Hour at which push begins again. */
      no_push_end_hour: number;
      /** Hour from which nothing is pushed. */
      no_push_start_hour: number;
      /** true: messages arrive without a sound. */
      no_sounds: boolean;
      /** The name that push messages show. */
      push_nick_name: string;
      /** Token under which the device gets push messages. */
      push_token: string;
      /** Hour at which silence ends. */
      silence_end_time: number;
      /** Hour from which nothing reminds. */
      silence_start_time: number;
      /** Id of the user. */
      user_id: number;
      /** Whether messages vibrate. */
      vibratory: boolean;
      /** Username of the guest: the beginning that the request gives, and the id. */
      username: string;
    }>;

    /** Register user in batch. Registers up to 100 users, which succeed or fail one by one. Needs an admin token. An admin token needs the scope `users`. */
    registerBatch(parameters?: {
      /** Entries, each of which succeeds or fails on its own. */
      list?: {
        /** ASCII letters, digits, `_` and Chinese characters (script Han); not all digits, not beginning with `maxim` or `mta`; unique in NFKC and whatever its case. */
        username: string;
        /** Password. */
        password: string;
      }[];
    }, options?: CallOptions): Promise<{
      /** Id of the user. */
      user_id: number;
      /** ASCII letters, digits, `_` and Chinese characters (script Han); not all digits, not beginning with `maxim` or `mta`; unique in NFKC and whatever its case. */
      username: string;
      /** Whether this entry succeeded. */
      success: boolean;
      /** Why the entry failed; empty where it did not. */
      reason: string;
    }[]>;

    /** Register push user. Registers a user and binds the alias and the push token. Needs no access-token; one that is sent is ignored. */
    registerPush(parameters: {
      /** ASCII letters, digits, `_` and Chinese characters (script Han); not all digits, not beginning with `maxim` or `mta`; unique in NFKC and whatever its case. */
      username: string;
      /** Password. */
      password: string;
      /** Alias under which a push service knows the user. */
      alias?: string;
      /** Token under which the device gets push messages. */
      push_token?: string;
      /** Id that the client gives its device; the same one keeps its `device_sn` and replaces its session. */
      device_guid?: string;
      /** Accepted and ignored. */
      sign?: string;
    }, options?: CallOptions): Promise<Settings>;

    /** Register user. Registers a user and returns the settings. Needs no access-token; one that is sent is ignored. */
    registerV2(parameters: {
      /** ASCII letters, digits, `_` and Chinese characters (script Han); not all digits, not beginning with `maxim` or `mta`; unique in NFKC and whatever its case. */
      username: string;
      /** Password. */
      password: string;
    }, options?: CallOptions): Promise<Settings>;

    /** Set how to validate when adding friend. Sets how friends are verified. Acts as a person: a user token, or an admin token with the `user_id` header. An admin token needs the scope `users`. */
    authmode(parameters: {
      /** How friends are verified: 0 anyone, 1 with consent, 2 by the right answer, 3 nobody. */
      value: number;
    }, options?: CallOptions): Promise<boolean>;

    /** Set avatar. Sets the address of the avatar. Acts as a person: a user token, or an admin token with the `user_id` header. An admin token needs the scope `users`. */
    avatar(parameters: {
      /** Address of the picture: `http`, `https`, or text without a scheme; empty clears it. */
      avatar: string;
    }, options?: CallOptions): Promise<boolean>;

    /** Set avatar in batch. Sets the avatars of up to 100 users, which succeed or fail one by one. Needs an admin token. An admin token needs the scope `users`. */
    avatarBatch(parameters?: {
      /** Entries, each of which succeeds or fails on its own. */
      list?: {
        /** Id of the user. */
        user_id: number;
        /** Address of the picture: `http`, `https`, or text without a scheme; empty clears it. */
        avatar: string;
      }[];
    }, options?: CallOptions): Promise<{
      /** Id of the user. */
      user_id: number;
      /** Whether this entry succeeded. */
      success: boolean;
      /** Why the entry failed; empty where it did not. */
      reason: string;
    }[]>;

    /** Modify password. Sets a new password; every other device is signed out. Acts as a person: a user token, or an admin token with the `user_id` header. An admin token needs the scope `users`. */
    changePassword(parameters: {
      /** The password until now. */
      old_password: string;
      /** The new password, 8 to 128 characters. */
      new_password: string;
    }, options?: CallOptions): Promise<boolean>;

    /** Administrator change password. Sets a new password; every device is signed out. Needs an admin token with the `user_id` header. An admin token needs the scope `login`. */
    changePasswordAdmin(parameters: {
      /** Password. */
      password: string;
    }, options?: CallOptions): Promise<boolean>;

    /** Delete users. Deletes the actor; a user token needs the password. Acts as a person: a user token, or an admin token with the `user_id` header. An admin token needs the scope `users`. */
    delete(parameters?: {
      /** A user token needs it, an admin token does not. */
      password?: string;
    }, options?: CallOptions): Promise<boolean>;

    /** Device list. Lists the actor's devices. Acts as a person: a user token, or an admin token with the `user_id` header. An admin token needs the scope `read`. */
    deviceList(parameters?: Record<string, never>, options?: CallOptions): Promise<Page<{
      /** Serial number of the device. */
      device_sn: number;
      /** 1 iOS, 2 Android, 3 Windows, 4 macOS, 5 Linux, 6 web and unknown. */
      platform: number;
      /** What the client called itself at login. */
      user_agent: string;
      /** Id of the user. */
      user_id: number;
    }>>;

    /** Delete device. Deletes a device and revokes its session. Acts as a person: a user token, or an admin token with the `user_id` header. An admin token needs the scope `users`. */
    deviceRemove(parameters: {
      /** Serial number of the device. */
      device_sn: number;
    }, options?: CallOptions): Promise<boolean>;

    /** Banned user. Disables all users of the list or none of them. Needs an admin token. An admin token needs the scope `users`. */
    disable(parameters: {
      /** Ids of users: all of them, or none. */
      list: number[];
    }, options?: CallOptions): Promise<boolean>;

    /** Set whether to download thumbnails and files automatically. Sets whether to download automatically. Acts as a person: a user token, or an admin token with the `user_id` header. An admin token needs the scope `users`. */
    download(parameters: {
      /** Whether thumbnails and files are downloaded by themselves. */
      value: boolean;
    }, options?: CallOptions): Promise<boolean>;

    /** Unbanned user. Enables all users of the list or none of them. Needs an admin token. An admin token needs the scope `users`. */
    enable(parameters: {
      /** Ids of users: all of them, or none. */
      list: number[];
    }, options?: CallOptions): Promise<boolean>;

    /** Bind identity. From now on, tokens of the issuer about the subject log in as the user. Needs an admin token. An admin token needs the scope `login`. */
    identityBind(parameters: {
      /** Issuer as its tokens name it in `iss`. */
      issuer: string;
      /** Name that the issuer has for the user: the value of a claim of its tokens, as a rule `sub`. */
      subject: string;
      /** Id of the user. */
      user_id: number;
    }, options?: CallOptions): Promise<boolean>;

    /** List identities. The identities of issuers by which the user can log in: see `/token/exchange`. Acts as a person: a user token, or an admin token with the `user_id` header. An admin token needs the scope `read`. */
    identityList(parameters?: Record<string, never>, options?: CallOptions): Promise<{
      /** Issuer as its tokens name it in `iss`. */
      issuer: string;
      /** Name that the issuer has for the user: the value of a claim of its tokens, as a rule `sub`. */
      subject: string;
      /** When it was made, in seconds since 1970. */
      created_at: number;
    }[]>;

    /** Unbind identity. Tokens of the issuer about the subject no longer log in as the user. Sessions stay alive. Needs an admin token. An admin token needs the scope `login`. */
    identityUnbind(parameters: {
      /** Issuer as its tokens name it in `iss`. */
      issuer: string;
      /** Name that the issuer has for the user: the value of a claim of its tokens, as a rule `sub`. */
      subject: string;
      /** Id of the user. */
      user_id: number;
    }, options?: CallOptions): Promise<boolean>;

    /** Kick specified device. Revokes the session of one device, or of all devices. Acts as a person: a user token, or an admin token with the `user_id` header. An admin token needs the scope `users`. */
    kick(parameters?: {
      /** Serial number of the device; absent: all devices. */
      device_sn?: number;
    }, options?: CallOptions): Promise<boolean>;

    /** List all users under the APP. Lists the users of the app in order of registration. Needs an admin token. An admin token needs the scope `read`. */
    list(parameters?: {
      /** Page, from 1. The first calls for a far page count the users before it; `cursor` needs no count. */
      page_num?: number;
      /** Entries of a page. */
      page_size?: number;
      /** Where to go on: `cursor` of the page before. Opaque, and of one list only. */
      cursor?: string;
    }, options?: CallOptions): Promise<Page<{
      /** 0 as usual, 1 disabled. */
      status: number;
      /** Id of the user. */
      user_id: number;
      /** ASCII letters, digits, `_` and Chinese characters (script Han); not all digits, not beginning with `maxim` or `mta`; unique in NFKC and whatever its case. */
      username: string;
    }>>;

    /** Set mobile number. Sets the mobile number, which is unique in the app. Acts as a person: a user token, or an admin token with the `user_id` header. An admin token needs the scope `users`. */
    mobile(parameters: {
      /** Mobile number: 5 to 15 digits, optionally after a `+`; unique in the app. */
      mobile: string;
    }, options?: CallOptions): Promise<boolean>;

    /** Set nickname. Sets the nickname. Acts as a person: a user token, or an admin token with the `user_id` header. An admin token needs the scope `users`. */
    nickname(parameters: {
      /** Nickname; empty clears it. */
      nick_name: string;
    }, options?: CallOptions): Promise<boolean>;

    /** Query user online status. Returns whether the actor is online. Acts as a person: a user token, or an admin token with the `user_id` header. An admin token needs the scope `read`. */
    onlineStatus(parameters?: Record<string, never>, options?: CallOptions): Promise<{
      /** Whether a session of the user made a call in the last five minutes. */
      online: boolean;
    }>;

    /** Set private extension information. Sets extension information that only the user sees; the whole body is the value. Acts as a person: a user token, or an admin token with the `user_id` header. An admin token needs the scope `users`. */
    private(parameters: unknown, options?: CallOptions): Promise<boolean>;

    /** Update user information in batch. Changes the profiles of up to 100 users, which succeed or fail one by one. Needs an admin token. An admin token needs the scope `users`. */
    profileBatch(parameters?: {
      /** Entries, each of which succeeds or fails on its own. */
      list?: {
        /** Id of the user. */
        user_id: number;
        /** Description; empty clears it. */
        description?: string;
        /** Nickname; empty clears it. */
        nick_name?: string;
        /** Extension information that the user alone (and the app) sees. At most 16384 bytes in UTF-8. */
        private_info?: string;
        /** Extension information that everybody sees. At most 16384 bytes in UTF-8. */
        public_info?: string;
      }[];
    }, options?: CallOptions): Promise<{
      /** Id of the user. */
      user_id: number;
      /** Whether this entry succeeded. */
      success: boolean;
      /** Why the entry failed; empty where it did not. */
      reason: string;
    }[]>;

    /** Get user information. Returns the actor's profile. Acts as a person: a user token, or an admin token with the `user_id` header. An admin token needs the scope `read`. */
    profileGet(parameters?: Record<string, never>, options?: CallOptions): Promise<{
      /** Id of the user. */
      user_id: number;
      /** ASCII letters, digits, `_` and Chinese characters (script Han); not all digits, not beginning with `maxim` or `mta`; unique in NFKC and whatever its case. */
      username: string;
      /** Mobile number: 5 to 15 digits, optionally after a `+`; unique in the app. */
      mobile: string;
      /** Nickname; empty clears it. */
      nick_name: string;
      /** Address of the picture: `http`, `https`, or text without a scheme; empty clears it. */
      avatar: string;
      /** Description; empty clears it. */
      description: string;
      /** Always empty; kept for clients that read it. */
      email: string;
      /** Extension information that the user alone (and the app) sees. */
      private_info: string;
      /** Extension information that everybody sees. */
      public_info: string;
    }>;

    /** Update user information. Changes the given fields. Acts as a person: a user token, or an admin token with the `user_id` header. An admin token needs the scope `users`. */
    profileSet(parameters?: {
      /** Description; empty clears it. */
      description?: string;
      /** Nickname; empty clears it. */
      nick_name?: string;
      /** Extension information that the user alone (and the app) sees. At most 16384 bytes in UTF-8. */
      private_info?: string;
      /** Extension information that everybody sees. At most 16384 bytes in UTF-8. */
      public_info?: string;
    }, options?: CallOptions): Promise<boolean>;

    /** Set public extension information. Sets extension information that everybody sees; the whole body is the value. Acts as a person: a user token, or an admin token with the `user_id` header. An admin token needs the scope `users`. */
    public(parameters: unknown, options?: CallOptions): Promise<boolean>;

    /** Set whether to turn off push. Turns push off or on. Acts as a person: a user token, or an admin token with the `user_id` header. An admin token needs the scope `users`. */
    push(parameters: {
      /** true turns push messages off. */
      value: boolean;
    }, options?: CallOptions): Promise<boolean>;

    /** Bind alias. Binds an alias, and a push token if one is given. Acts as a person: a user token, or an admin token with the `user_id` header. An admin token needs the scope `users`. */
    pushAlias(parameters: {
      /** Alias under which a push service knows the user. */
      alias: string;
      /** Token under which the device gets push messages. */
      push_token?: string;
    }, options?: CallOptions): Promise<boolean>;

    /** Set badge. Sets the number that the app icon shows. Acts as a person: a user token, or an admin token with the `user_id` header. An admin token needs the scope `users`. */
    pushBadge(parameters: {
      /** Number that the app icon shows. */
      badge: number;
    }, options?: CallOptions): Promise<boolean>;

    /** Set whether to turn off push details. Turns push details off or on. Acts as a person: a user token, or an admin token with the `user_id` header. An admin token needs the scope `users`. */
    pushDetail(parameters: {
      /** true leaves the text out of push messages. */
      value: boolean;
    }, options?: CallOptions): Promise<boolean>;

    /** Set push no-disturb time. Sets the hours without push. Acts as a person: a user token, or an admin token with the `user_id` header. An admin token needs the scope `users`. */
    pushLimit(parameters: {
      /** Hour from which nothing is pushed. */
      no_push_start_hour: number;
      /** Hour at which push begins again. */
      no_push_end_hour: number;
    }, options?: CallOptions): Promise<boolean>;

    /** Set push nickname. Sets the name that push messages show. Acts as a person: a user token, or an admin token with the `user_id` header. An admin token needs the scope `users`. */
    pushNickname(parameters: {
      /** The name that push messages show; empty clears it. */
      value: string;
    }, options?: CallOptions): Promise<boolean>;

    /** Delete all tags. Removes all tags. Acts as a person: a user token, or an admin token with the `user_id` header. An admin token needs the scope `users`. */
    pushTagAll(parameters?: Record<string, never>, options?: CallOptions): Promise<boolean>;

    /** Bind tag. Binds tags. Acts as a person: a user token, or an admin token with the `user_id` header. An admin token needs the scope `users`. */
    pushTagBind(parameters: {
      /** Tags, up to 64 characters each. */
      tags: string[];
    }, options?: CallOptions): Promise<boolean>;

    /** Get tag. Returns the actor's tags. Acts as a person: a user token, or an admin token with the `user_id` header. An admin token needs the scope `read`. */
    pushTagGet(parameters?: Record<string, never>, options?: CallOptions): Promise<string[]>;

    /** Delete tag. Removes tags. Acts as a person: a user token, or an admin token with the `user_id` header. An admin token needs the scope `users`. */
    pushTagUnbind(parameters: {
      /** Tags, up to 64 characters each. */
      tags: string[];
    }, options?: CallOptions): Promise<boolean>;

    /** Get user settings. Returns the actor's settings. Acts as a person: a user token, or an admin token with the `user_id` header. An admin token needs the scope `read`. */
    settingsGet(parameters?: Record<string, never>, options?: CallOptions): Promise<Settings>;

    /** Modify user settings. Changes the given fields; an admin token may name any user. For a user, by its token or an admin token with the `user_id` header; or for the app, by an admin token with the `group_id` header or neither. An admin token needs the scope `users`. */
    settingsSet(parameters: {
      /** Id of the user. */
      user_id: number;
      /** Answer to the verification question; shown to the user alone. */
      auth_answer?: string;
      /** How friends are verified: 0 anyone, 1 with consent, 2 by the right answer, 3 nobody. */
      auth_mode?: number;
      /** Verification question. */
      auth_question?: string;
      /** Whether thumbnails and files are downloaded by themselves. */
      auto_download?: boolean;
      /** Whether an invitation waits for consent; false: invited is joined. */
      group_confirm?: boolean;
      /** true turns push messages off. */
      no_push?: boolean;
      /** true leaves the text out of push messages. */
      no_push_detail?: boolean;
      /** Hour at which push begins again. */
      no_push_end_hour?: number;
      /** Hour from which nothing is pushed. */
      no_push_start_hour?: number;
      /** true: messages arrive without a sound. */
      no_sounds?: boolean;
      /** The name that push messages show. */
      push_nick_name?: string;
      /** Token under which the device gets push messages. */
      push_token?: string;
      /** Hour at which silence ends. */
      silence_end_time?: number;
      /** Hour from which nothing reminds. */
      silence_start_time?: number;
      /** Whether messages vibrate. */
      vibratory?: boolean;
    }, options?: CallOptions): Promise<boolean>;

    /** Set whether to mute sound alert for new message. Sets whether messages arrive without a sound. Acts as a person: a user token, or an admin token with the `user_id` header. An admin token needs the scope `users`. */
    sounds(parameters: {
      /** true: messages arrive without a sound. */
      value: boolean;
    }, options?: CallOptions): Promise<boolean>;

    /** Bind token. Binds a push service's token to a device. Acts as a person: a user token, or an admin token with the `user_id` header. An admin token needs the scope `users`. */
    tokenBind(parameters: {
      /** Serial number of the device. */
      device_sn: number;
      /** The push service's token of the device. */
      device_token: string;
      /** Name of the certificate of the push service. */
      notifier_name: string;
    }, options?: CallOptions): Promise<boolean>;

    /** Unbind token. Unbinds a device's push token. Acts as a person: a user token, or an admin token with the `user_id` header. An admin token needs the scope `users`. */
    tokenUnbind(parameters?: {
      /** Serial number of the device. */
      deviceSn?: number;
      /** The same as `deviceSn`. */
      device_sn?: number;
    }, options?: CallOptions): Promise<Record<string, never>>;

    /** Modify username. Changes the username; the old one is free at once. Acts as a person: a user token, or an admin token with the `user_id` header. An admin token needs the scope `users`. */
    username(parameters: {
      /** ASCII letters, digits, `_` and Chinese characters (script Han); not all digits, not beginning with `maxim` or `mta`; unique in NFKC and whatever its case. */
      username: string;
    }, options?: CallOptions): Promise<boolean>;

    /** Set whether to vibrate alert for new message. Sets whether messages vibrate. Acts as a person: a user token, or an admin token with the `user_id` header. An admin token needs the scope `users`. */
    vibratory(parameters: {
      /** Whether messages vibrate. */
      value: boolean;
    }, options?: CallOptions): Promise<boolean>;
  };
  group: {
    /** Get group announcement details by group id and announcement id. Returns one announcement. For a user, by its token or an admin token with the `user_id` header; or for the app, by an admin token with the `group_id` header or neither. An admin token needs the scope `read`. */
    announcement(parameters: {
      /** Id of the group. Not needed where the header names it. */
      group_id: number;
      /** Id of the announcement. */
      announcement_id: number;
    }, options?: CallOptions): Promise<Announcement>;

    /** Delete group announcement. Deletes an announcement. For a user, by its token or an admin token with the `user_id` header; or for the app, by an admin token with the `group_id` header or neither. An admin token needs the scope `groups`. */
    announcementDelete(parameters: {
      /** Id of the group. Not needed where the header names it. */
      group_id: number;
      /** Id of the announcement. */
      announcement_id: number;
    }, options?: CallOptions): Promise<Record<string, never>>;

    /** Edit group announcement. Publishes a new announcement. For a user, by its token or an admin token with the `user_id` header; or for the app, by an admin token with the `group_id` header or neither. An admin token needs the scope `groups`. */
    announcementEdit(parameters: {
      /** Id of the group. Not needed where the header names it. */
      group_id: number;
      /** Title of the announcement. */
      title: string;
      /** Text of the announcement. */
      content: string;
    }, options?: CallOptions): Promise<Announcement>;

    /** Get the latest group announcement details. Returns the latest announcement. For a user, by its token or an admin token with the `user_id` header; or for the app, by an admin token with the `group_id` header or neither. An admin token needs the scope `read`. */
    announcementLast(parameters: {
      /** Id of the group. Not needed where the header names it. */
      group_id: number;
    }, options?: CallOptions): Promise<Announcement>;

    /** Get group announcements list. Lists the announcements, the oldest first. Where they exceed 6 MB, it lists the newest that fit. For a user, by its token or an admin token with the `user_id` header; or for the app, by an admin token with the `group_id` header or neither. An admin token needs the scope `read`. */
    announcementList(parameters: {
      /** Id of the group. Not needed where the header names it. */
      group_id: number;
    }, options?: CallOptions): Promise<Announcement[]>;

    /** Create group. The actor becomes owner and first member; the users in `user_list` are invited. Acts as a person: a user token, or an admin token with the `user_id` header. An admin token needs the scope `groups`. */
    create(parameters: {
      /** Name of the group. */
      name: string;
      /** Address of the picture: `http`, `https`, or text without a scheme; empty clears it. */
      avatar?: string;
      /** Description; empty clears it. */
      description?: string;
      /** Kind of group: 0 private, 1 public (stands in the public list), 2 chat room. */
      type?: number;
      /** Users to invite at once; entries that fail do not fail the call. */
      user_list?: number[];
    }, options?: CallOptions): Promise<Group>;

    /** Disband group. Dissolves the group for all members at once. For a user, by its token or an admin token with the `user_id` header; or for the app, by an admin token with the `group_id` header or neither. An admin token needs the scope `groups`. */
    destroy(parameters: {
      /** Id of the group. Not needed where the header names it. */
      group_id: number;
    }, options?: CallOptions): Promise<boolean>;

    /** Get group information by group id. Returns the full record to any actor of the app. For a user, by its token or an admin token with the `user_id` header; or for the app, by an admin token with the `group_id` header or neither. An admin token needs the scope `read`. */
    info(parameters: {
      /** Id of the group. Not needed where the header names it. */
      group_id: number;
    }, options?: CallOptions): Promise<Group>;

    /** Update group avatar. Changes the avatar and returns the full record. For a user, by its token or an admin token with the `user_id` header; or for the app, by an admin token with the `group_id` header or neither. An admin token needs the scope `groups`. */
    infoAvatar(parameters: {
      /** Id of the group. Not needed where the header names it. */
      group_id: number;
      /** Address of the picture: `http`, `https`, or text without a scheme; empty clears it. */
      value: string;
    }, options?: CallOptions): Promise<Group>;

    /** Get group information by group ids. Returns several groups; an avatar longer than its share of 6 MB is empty. For a user, by its token or an admin token with the `user_id` header; or for the app, by an admin token with the `group_id` header or neither. An admin token needs the scope `read`. */
    infoBatch(parameters: {
      /** Ids of groups. */
      group_list: number[];
    }, options?: CallOptions): Promise<{
      /** Id of the group. */
      group_id: number;
      /** Name of the group. */
      name: string;
      /** Address of the picture: `http`, `https`, or text without a scheme; empty clears it. */
      avatar: string;
      /** Kind of group: 0 private, 1 public (stands in the public list), 2 chat room. */
      type: number;
      /** 0 as usual, 1 dissolved. */
      status: number;
      /** User who owns the group. */
      owner: number;
      /** Members at this moment. */
      count: number;
      /** Most members the group can have. */
      capacity: number;
      /** Applications: 0 join at once, 1 an admin decides, 2 refused. */
      apply_approval: number;
      /** The actor's own: 0 messages notify, 1 silently, 2 not received. */
      msg_mute_mode: number;
      /** The actor's own: 0 all, 1 none, 2 by admins and when mentioned, 3 by admins, 4 when mentioned. */
      msg_push_mode: number;
    }[]>;

    /** Update group description. Changes the description and returns the full record. For a user, by its token or an admin token with the `user_id` header; or for the app, by an admin token with the `group_id` header or neither. An admin token needs the scope `groups`. */
    infoDescription(parameters: {
      /** Id of the group. Not needed where the header names it. */
      group_id: number;
      /** Description; empty clears it. */
      value: string;
    }, options?: CallOptions): Promise<Group>;

    /** Update extension information. Changes the extension information and returns the full record. For a user, by its token or an admin token with the `user_id` header; or for the app, by an admin token with the `group_id` header or neither. An admin token needs the scope `groups`. */
    infoExt(parameters: {
      /** Id of the group. Not needed where the header names it. */
      group_id: number;
      /** Extension information, up to 16 KiB; empty clears it. At most 16384 bytes in UTF-8. */
      value: string;
    }, options?: CallOptions): Promise<Group>;

    /** Update group name. Changes the name and returns the full record. For a user, by its token or an admin token with the `user_id` header; or for the app, by an admin token with the `group_id` header or neither. An admin token needs the scope `groups`. */
    infoName(parameters: {
      /** Id of the group. Not needed where the header names it. */
      group_id: number;
      /** Name of the group. */
      value: string;
    }, options?: CallOptions): Promise<Group>;

    /** Get public group list. Lists public groups, the newest first. For a user, by its token or an admin token with the `user_id` header; or for the app, by an admin token with the `group_id` header or neither. An admin token needs the scope `read`. */
    publicList(parameters?: {
      /** Most entries of a page; above 1000 is 1000. */
      limit?: number;
      /** Where to go on: `cursor` of the page before. Opaque, and of one list only. */
      cursor?: string;
      /** Accepted and ignored. */
      version?: number;
    }, options?: CallOptions): Promise<Page<number>>;

    /** Get group settings. Returns the full record to members. For a user, by its token or an admin token with the `user_id` header; or for the app, by an admin token with the `group_id` header or neither. An admin token needs the scope `read`. */
    settings(parameters: {
      /** Id of the group. Not needed where the header names it. */
      group_id: number;
    }, options?: CallOptions): Promise<Group>;

    /** Update group settings - whether to allow member invitations. For a user, by its token or an admin token with the `user_id` header; or for the app, by an admin token with the `group_id` header or neither. An admin token needs the scope `groups`. */
    settingsAllowMemberInvitation(parameters: {
      /** Id of the group. Not needed where the header names it. */
      group_id: number;
      /** Whether members may invite. */
      value: boolean;
    }, options?: CallOptions): Promise<boolean>;

    /** Update group settings - whether group members can modify group information. For a user, by its token or an admin token with the `user_id` header; or for the app, by an admin token with the `group_id` header or neither. An admin token needs the scope `groups`. */
    settingsAllowMemberModify(parameters: {
      /** Id of the group. Not needed where the header names it. */
      group_id: number;
      /** Whether members may change the group's information. */
      value: boolean;
    }, options?: CallOptions): Promise<boolean>;

    /** Ban all members, only Admins can send messages. Only admins may speak for the given number of minutes. For a user, by its token or an admin token with the `user_id` header; or for the app, by an admin token with the `group_id` header or neither. An admin token needs the scope `groups`. */
    settingsBanAll(parameters: {
      /** Id of the group. Not needed where the header names it. */
      group_id: number;
      /** Minutes; -1 for ever. */
      duration: number;
    }, options?: CallOptions): Promise<{
      /** Until when only admins may speak, in seconds since 1970; 0 not banned, -1 for ever. */
      ban_expire_time: number;
    }>;

    /** Update group settings - whether to enable mark after read. For a user, by its token or an admin token with the `user_id` header; or for the app, by an admin token with the `group_id` header or neither. An admin token needs the scope `groups`. */
    settingsEnableReadAck(parameters: {
      /** Id of the group. Not needed where the header names it. */
      group_id: number;
      /** Whether messages are marked as read. */
      value: boolean;
    }, options?: CallOptions): Promise<boolean>;

    /** Update group settings - whether only admins see the members. While it is on, `member_list`, `members/display_name` and `admin_list` answer admins and the owner only. For a user, by its token or an admin token with the `user_id` header; or for the app, by an admin token with the `group_id` header or neither. An admin token needs the scope `groups`. */
    settingsHideMemberInfo(parameters: {
      /** Id of the group. Not needed where the header names it. */
      group_id: number;
      /** Whether only admins and the owner see the members. */
      value: boolean;
    }, options?: CallOptions): Promise<boolean>;

    /** Update group settings - whether group chat history visible to new members. For a user, by its token or an admin token with the `user_id` header; or for the app, by an admin token with the `group_id` header or neither. An admin token needs the scope `groups`. */
    settingsHistoryVisible(parameters: {
      /** Id of the group. Not needed where the header names it. */
      group_id: number;
      /** Whether new members see what was said before. */
      value: boolean;
    }, options?: CallOptions): Promise<boolean>;

    /** Update group settings - whether group membership request needs Admin approval. For a user, by its token or an admin token with the `user_id` header; or for the app, by an admin token with the `group_id` header or neither. An admin token needs the scope `groups`. */
    settingsRequireAdminApproval(parameters: {
      /** Id of the group. Not needed where the header names it. */
      group_id: number;
      /** Applications: 0 join at once, 1 an admin decides, 2 refused. */
      apply_approval: number;
    }, options?: CallOptions): Promise<boolean>;

    /** Unban all members. All members may speak again. For a user, by its token or an admin token with the `user_id` header; or for the app, by an admin token with the `group_id` header or neither. An admin token needs the scope `groups`. */
    settingsUnbanAll(parameters: {
      /** Id of the group. Not needed where the header names it. */
      group_id: number;
    }, options?: CallOptions): Promise<boolean>;

    /** Transfer of group Owner. A member becomes the owner, and the old owner a plain member. For a user, by its token or an admin token with the `user_id` header; or for the app, by an admin token with the `group_id` header or neither. An admin token needs the scope `groups`. */
    transfer(parameters: {
      /** Id of the group. Not needed where the header names it. */
      group_id: number;
      /** The member who becomes owner. */
      new_owner: number;
    }, options?: CallOptions): Promise<Entry>;

    /** Get the list of groups for the user. Lists the ids of the actor's groups, in order of joining. Acts as a person: a user token, or an admin token with the `user_id` header. An admin token needs the scope `read`. */
    userJoined(parameters?: Record<string, never>, options?: CallOptions): Promise<number[]>;

    /** Get the list of group Admins. Lists the admins without the owner, in order of appointment. For a user, by its token or an admin token with the `user_id` header; or for the app, by an admin token with the `group_id` header or neither. An admin token needs the scope `read`. */
    adminList(parameters: {
      /** Id of the group. Not needed where the header names it. */
      group_id: number;
    }, options?: CallOptions): Promise<Member[]>;

    /** Add group Admin. Members become admins. For a user, by its token or an admin token with the `user_id` header; or for the app, by an admin token with the `group_id` header or neither. An admin token needs the scope `groups`. */
    adminAdd(parameters: {
      /** Id of the group. Not needed where the header names it. */
      group_id: number;
      /** Ids of users. */
      user_list: number[];
    }, options?: CallOptions): Promise<Entry[]>;

    /** Remove group Admin. Admins become plain members. For a user, by its token or an admin token with the `user_id` header; or for the app, by an admin token with the `group_id` header or neither. An admin token needs the scope `groups`. */
    adminRemove(parameters: {
      /** Id of the group. Not needed where the header names it. */
      group_id: number;
      /** Ids of users. */
      user_list: number[];
    }, options?: CallOptions): Promise<Entry[]>;

    /** Get the list of group membership requests. Lists applications to the groups that the actor administers. For a user, by its token or an admin token with the `user_id` header; or for the app, by an admin token with the `group_id` header or neither. An admin token needs the scope `read`. */
    applicationList(parameters?: {
      /** Most entries of a page; above 1000 is 1000. */
      limit?: number;
      /** Where to go on: `cursor` of the page before. Opaque, and of one list only. */
      cursor?: string;
      /** Accepted and ignored. */
      version?: number;
      /** Groups to list; none: those the actor became admin of last, up to 100. */
      group_list?: number[];
    }, options?: CallOptions): Promise<Page<{
      /** Id of the group. */
      group_id: number;
      /** User who applied. */
      applicant_id: number;
      /** What the other side is told, up to 512 characters. */
      reason: string;
      /** 0 pending, 1 approved, 2 rejected. */
      status: number;
      /** When it ends, in milliseconds since 1970; -1 for ever. */
      expired_time: number;
    }>>;

    /** Apply for group membership. Joins an open group, or applies where an admin must decide. Acts as a person: a user token, or an admin token with the `user_id` header. An admin token needs the scope `groups`. */
    apply(parameters: {
      /** Id of the group. Not needed where the header names it. */
      group_id: number;
      /** Why the group should say yes. */
      reason?: string;
    }, options?: CallOptions): Promise<Entry>;

    /** Admin processes membership application. An admin approves or rejects an application. For a user, by its token or an admin token with the `user_id` header; or for the app, by an admin token with the `group_id` header or neither. An admin token needs the scope `groups`. */
    applyHandle(parameters: {
      /** Id of the group. Not needed where the header names it. */
      group_id: number;
      /** User who applied. */
      user_id: number;
      /** true approves, false rejects. */
      approval: boolean;
    }, options?: CallOptions): Promise<Entry>;

    /** Ban a user. Members may not speak for the given number of minutes. For a user, by its token or an admin token with the `user_id` header; or for the app, by an admin token with the `group_id` header or neither. An admin token needs the scope `groups`. */
    ban(parameters: {
      /** Id of the group. Not needed where the header names it. */
      group_id: number;
      /** Minutes; -1 for ever. */
      duration: number;
      /** Ids of users. */
      user_list: number[];
    }, options?: CallOptions): Promise<Entry[]>;

    /** Get a list of banned members. Lists the members who are banned now, the newest first. For a user, by its token or an admin token with the `user_id` header; or for the app, by an admin token with the `group_id` header or neither. An admin token needs the scope `read`. */
    bannedList(parameters: {
      /** Id of the group. Not needed where the header names it. */
      group_id: number;
      /** Most entries of a page; above 1000 is 1000. */
      limit?: number;
      /** Where to go on: `cursor` of the page before. Opaque, and of one list only. */
      cursor?: string;
      /** Accepted and ignored. */
      version?: number;
    }, options?: CallOptions): Promise<Page<{
      /** Id of the user. */
      user_id: number;
      /** Name of the member in this group; empty until set. */
      display_name: string;
      /** When the member joined, in seconds since 1970. */
      join_time: number;
      /** When it ends, in milliseconds since 1970; -1 for ever. */
      expired_time: number;
    }>>;

    /** Blacklist a user. Removes users from the group and keeps them out. For a user, by its token or an admin token with the `user_id` header; or for the app, by an admin token with the `group_id` header or neither. An admin token needs the scope `groups`. */
    block(parameters: {
      /** Id of the group. Not needed where the header names it. */
      group_id: number;
      /** Ids of users. */
      user_list: number[];
    }, options?: CallOptions): Promise<Entry[]>;

    /** Get blacklist. Lists the blacklist, the newest first. For a user, by its token or an admin token with the `user_id` header; or for the app, by an admin token with the `group_id` header or neither. An admin token needs the scope `read`. */
    blockedList(parameters: {
      /** Id of the group. Not needed where the header names it. */
      group_id: number;
      /** Most entries of a page; above 1000 is 1000. */
      limit?: number;
      /** Where to go on: `cursor` of the page before. Opaque, and of one list only. */
      cursor?: string;
      /** Accepted and ignored. */
      version?: number;
    }, options?: CallOptions): Promise<Page<{
      /** Id of the user. */
      user_id: number;
      /** Id of the group. */
      group_id: number;
      /** When the user was blocked, ISO 8601. */
      created_at: string;
    }>>;

    /** Update group profile. Sets the actor's name in the group. Acts as a person: a user token, or an admin token with the `user_id` header. An admin token needs the scope `groups`. */
    displayName(parameters: {
      /** Id of the group. Not needed where the header names it. */
      group_id: number;
      /** Own name in the group; empty clears it. */
      value: string;
    }, options?: CallOptions): Promise<boolean>;

    /** Get group invitation list. Lists invitations to the actor, the newest first. Acts as a person: a user token, or an admin token with the `user_id` header. An admin token needs the scope `read`. */
    invitationList(parameters?: {
      /** Most entries of a page; above 1000 is 1000. */
      limit?: number;
      /** Where to go on: `cursor` of the page before. Opaque, and of one list only. */
      cursor?: string;
      /** Accepted and ignored. */
      version?: number;
    }, options?: CallOptions): Promise<Page<{
      /** Id of the group. */
      group_id: number;
      /** User who invited. */
      inviter_id: number;
      /** User who is invited. */
      invitee_id: number;
      /** What the other side is told, up to 512 characters. */
      reason: string;
      /** 0 pending, 1 agreed, 2 rejected. */
      status: number;
      /** When it ends, in milliseconds since 1970; -1 for ever. */
      expired_time: number;
      /** When it changed last, ISO 8601. */
      updated_at: string;
    }>>;

    /** Invite to group. Invites users. Those who do not require consent become members at once. For a user, by its token or an admin token with the `user_id` header; or for the app, by an admin token with the `group_id` header or neither. An admin token needs the scope `groups`. */
    invite(parameters: {
      /** Id of the group. Not needed where the header names it. */
      group_id: number;
      /** Ids of users. */
      user_list: number[];
      /** What the invitees are told. */
      reason?: string;
    }, options?: CallOptions): Promise<Entry[]>;

    /** Process group invitation by user. The invitee accepts or rejects; `user_id` is the inviter. Acts as a person: a user token, or an admin token with the `user_id` header. An admin token needs the scope `groups`. */
    inviteHandle(parameters: {
      /** Id of the group. Not needed where the header names it. */
      group_id: number;
      /** The inviter. The invitee's own id stands for the newest pending invitation to the group. */
      user_id: number;
      /** true approves, false rejects. */
      approval: boolean;
    }, options?: CallOptions): Promise<Record<string, never>>;

    /** Kick member out of group. Removes members from the group. For a user, by its token or an admin token with the `user_id` header; or for the app, by an admin token with the `group_id` header or neither. An admin token needs the scope `groups`. */
    kick(parameters: {
      /** Id of the group. Not needed where the header names it. */
      group_id: number;
      /** Ids of users. */
      user_list: number[];
    }, options?: CallOptions): Promise<Entry[]>;

    /** Member quit group. The actor leaves the group. Acts as a person: a user token, or an admin token with the `user_id` header. An admin token needs the scope `groups`. */
    leave(parameters: {
      /** Id of the group. Not needed where the header names it. */
      group_id: number;
    }, options?: CallOptions): Promise<boolean>;

    /** Get group member list by group id. Lists the members in order of joining. For a user, by its token or an admin token with the `user_id` header; or for the app, by an admin token with the `group_id` header or neither. An admin token needs the scope `read`. */
    memberList(parameters: {
      /** Id of the group. Not needed where the header names it. */
      group_id: number;
      /** Most entries of a page; above 1000 is 1000. */
      limit?: number;
      /** Where to go on: `cursor` of the page before. Opaque, and of one list only. */
      cursor?: string;
      /** Accepted and ignored. */
      version?: number;
    }, options?: CallOptions): Promise<Page<Member>>;

    /** Batch retrieval of group member profiles. Returns the profiles of those users in the list who are members. For a user, by its token or an admin token with the `user_id` header; or for the app, by an admin token with the `group_id` header or neither. An admin token needs the scope `read`. */
    membersDisplayName(parameters: {
      /** Id of the group. Not needed where the header names it. */
      group_id: number;
      /** Ids of users. */
      user_list: number[];
    }, options?: CallOptions): Promise<Member[]>;

    /** Set group message blocking mode. Sets which messages the actor hides. Acts as a person: a user token, or an admin token with the `user_id` header. An admin token needs the scope `groups`. */
    msgMuteMode(parameters: {
      /** Id of the group. Not needed where the header names it. */
      group_id: number;
      /** The actor's own: 0 messages notify, 1 silently, 2 not received. */
      msg_mute_mode: number;
    }, options?: CallOptions): Promise<Record<string, never>>;

    /** Set whether group messages arrive silently. Sets `msg_mute_mode` of the actor: 1 if the value is true, otherwise 0. Acts as a person: a user token, or an admin token with the `user_id` header. An admin token needs the scope `groups`. */
    msgNotDisturb(parameters: {
      /** Id of the group. Not needed where the header names it. */
      group_id: number;
      /** true: messages arrive silently. */
      value: boolean;
    }, options?: CallOptions): Promise<Record<string, never>>;

    /** Set group message pushing mode. Sets which messages are pushed to the actor. Acts as a person: a user token, or an admin token with the `user_id` header. An admin token needs the scope `groups`. */
    msgPushMode(parameters: {
      /** Id of the group. Not needed where the header names it. */
      group_id: number;
      /** The actor's own: 0 all, 1 none, 2 by admins and when mentioned, 3 by admins, 4 when mentioned. */
      msg_push_mode: number;
    }, options?: CallOptions): Promise<Record<string, never>>;

    /** Group invitation via QR code. Joins a group by a code. Acts as a person: a user token, or an admin token with the `user_id` header. An admin token needs the scope `groups`. */
    qrcodeInvite(parameters: {
      /** Opaque content of the QR code. */
      qr_info: string;
    }, options?: CallOptions): Promise<{
      /** Id of the group. */
      group_id: number;
      /** Name of the group. */
      name: string;
    }>;

    /** Get Group invitation QR code. Returns a code that admits users without approval. For a user, by its token or an admin token with the `user_id` header; or for the app, by an admin token with the `group_id` header or neither. An admin token needs the scope `groups`. */
    qrcodeSign(parameters: {
      /** Id of the group. Not needed where the header names it. */
      group_id: number;
    }, options?: CallOptions): Promise<{
      /** Opaque content of the QR code. */
      qr_info: string;
      /** When the code was made, in seconds since 1970. */
      create_at: number;
      /** Until when the code lets in, in seconds since 1970. */
      expire_at: number;
    }>;

    /** Remove user from ban list. Lifts bans. For a user, by its token or an admin token with the `user_id` header; or for the app, by an admin token with the `group_id` header or neither. An admin token needs the scope `groups`. */
    unban(parameters: {
      /** Id of the group. Not needed where the header names it. */
      group_id: number;
      /** Ids of users. */
      user_list: number[];
    }, options?: CallOptions): Promise<Entry[]>;

    /** Remove user from blacklist. Removes users from the blacklist. For a user, by its token or an admin token with the `user_id` header; or for the app, by an admin token with the `group_id` header or neither. An admin token needs the scope `groups`. */
    unblock(parameters: {
      /** Id of the group. Not needed where the header names it. */
      group_id: number;
      /** Ids of users. */
      user_list: number[];
    }, options?: CallOptions): Promise<Entry[]>;

    /** Download group file. Returns a file with an address to download it from. For a user, by its token or an admin token with the `user_id` header; or for the app, by an admin token with the `group_id` header or neither. An admin token needs the scope `read`. */
    file(parameters: {
      /** Id of the group. Not needed where the header names it. */
      group_id: number;
      /** Id of the file. */
      file_id: number;
    }, options?: CallOptions): Promise<GroupFile>;

    /** Delete group file. Deletes files with their objects. For a user, by its token or an admin token with the `user_id` header; or for the app, by an admin token with the `group_id` header or neither. An admin token needs the scope `files`. */
    fileDelete(parameters: {
      /** Id of the group. Not needed where the header names it. */
      group_id: number;
      /** Ids of files. */
      file_list: number[];
    }, options?: CallOptions): Promise<{
      /** Id of the file. */
      file_id: number;
      /** Of this entry: `success` or `fail`. */
      result: 'success' | 'fail';
      /** Why the entry failed; empty where it did not. */
      reason: string;
    }[]>;

    /** Get the list of group files. Lists the files of a group, the newest first. For a user, by its token or an admin token with the `user_id` header; or for the app, by an admin token with the `group_id` header or neither. An admin token needs the scope `read`. */
    fileList(parameters: {
      /** Id of the group. Not needed where the header names it. */
      group_id: number;
      /** Most entries of a page; above 1000 is 1000. */
      limit?: number;
      /** Where to go on: `cursor` of the page before. Opaque, and of one list only. */
      cursor?: string;
      /** Accepted and ignored. */
      version?: number;
    }, options?: CallOptions): Promise<Page<GroupFile>>;

    /** Update group file name. Renames a file. For a user, by its token or an admin token with the `user_id` header; or for the app, by an admin token with the `group_id` header or neither. An admin token needs the scope `files`. */
    fileUpdateName(parameters: {
      /** Id of the group. Not needed where the header names it. */
      group_id: number;
      /** Id of the file. */
      file_id: number;
      /** New name of the file. */
      name: string;
    }, options?: CallOptions): Promise<GroupFile>;

    /** Upload group file. Shares a file that is still to be uploaded, that a form has uploaded, or that is stored elsewhere. For a user, by its token or an admin token with the `user_id` header; or for the app, by an admin token with the `group_id` header or neither. An admin token needs the scope `files`. */
    fileUpload(parameters: {
      /** Id of the group. Not needed where the header names it. */
      group_id: number;
      /** Name of the file. */
      name: string;
      /** Bytes of the file: exactly so many must be uploaded. */
      size: number;
      /** Media type of the file: exactly this must be uploaded. */
      type?: string;
      /** Absent: the answer has an address to PUT the bytes to. Else the `download_url` of a form that was sent, or any https address, which is registered as a link. */
      url?: string;
    }, options?: CallOptions): Promise<GroupFile>;

    /** Read the changes of a group. Changes of the group after `version`, in their order, with the `version` that they lead to. Applied to a list that was answered with that version, they give the list of today. Only admins see applications, invitations and blocks. For a user, by its token or an admin token with the `user_id` header; or for the app, by an admin token with the `group_id` header or neither. An admin token needs the scope `read`. */
    changes(parameters: {
      /** Id of the group. Not needed where the header names it. */
      group_id: number;
      /** The version that the list or the changes before were answered with; in the answer, the one for next time. */
      version?: number;
      /** Most entries of a page; above 1000 is 1000. */
      limit?: number;
    }, options?: CallOptions): Promise<{
      data: RosterEvent[];
      /** The version that the list or the changes before were answered with; in the answer, the one for next time. */
      version: number;
      /** Number of the newest event. Where `next` or `version` has reached it, there are no more. */
      head: number;
    }>;
  };
  file: {
    /** Get a form to upload a group avatar. Returns a form to upload the avatar of a group. For a user, by its token or an admin token with the `user_id` header; or for the app, by an admin token with the `group_id` header or neither. An admin token needs the scope `files`. */
    uploadAvatarGroup(parameters: {
      /** Id of the group. Not needed where the header names it. */
      group_id: number;
    }, options?: CallOptions): Promise<UploadForm>;

    /** Get a form to upload a user avatar. Returns a form to upload the actor's avatar. Acts as a person: a user token, or an admin token with the `user_id` header. An admin token needs the scope `files`. */
    uploadAvatarUser(parameters?: Record<string, never>, options?: CallOptions): Promise<UploadForm>;

    /** Get a form to upload a group file. Returns a form to upload a file for a group. For a user, by its token or an admin token with the `user_id` header; or for the app, by an admin token with the `group_id` header or neither. An admin token needs the scope `files`. */
    uploadChat(parameters: {
      /** Accepted and ignored. */
      file_type?: unknown;
      /** Id of the group. */
      to_id: number;
      /** 2: a group. */
      to_type: number;
    }, options?: CallOptions): Promise<UploadForm>;
  };
  roster: {
    /** Agree to add friend. The actor and the sender of an open request become friends. Acts as a person: a user token, or an admin token with the `user_id` header. An admin token needs the scope `users`. */
    accept(parameters: {
      /** User who sent the request. */
      user_id: number;
    }, options?: CallOptions): Promise<boolean>;

    /** Apply to add friend. Makes a friend at once, or sends a request, as `auth_mode` of the other user has it. Acts as a person: a user token, or an admin token with the `user_id` header. An admin token needs the scope `users`. */
    apply(parameters: {
      /** Id of the user. */
      user_id: number;
      /** The actor's name for the new friend. */
      alias?: string;
      /** Why the user should say yes. */
      reason?: string;
      /** Answer to the verification question, where `auth_mode` of the user is 2. */
      auth_answer?: string;
    }, options?: CallOptions): Promise<boolean>;

    /** Add friends in batch. Applies to up to 100 users, which succeed or fail one by one. Acts as a person: a user token, or an admin token with the `user_id` header. An admin token needs the scope `users`. */
    applyBatch(parameters: {
      /** Users to apply to, each of which succeeds or fails on its own. */
      rosterApplications: {
        /** Id of the user. */
        user_id: number;
        /** The actor's name for the new friend. */
        alias?: string;
        /** What the other side is told, up to 512 characters. */
        reason?: string;
        /** Answer to the verification question, where `auth_mode` of the user is 2. */
        auth_answer?: string;
      }[];
    }, options?: CallOptions): Promise<{
      /** Users for whom it succeeded. */
      success: number[];
      /** Users for whom it failed. */
      fails: {
        /** Id of the user. */
        user_id: number;
        /** Why the entry failed; empty where it did not. */
        reason: string;
      }[];
    }>;

    /** List of friend requests. Lists the requests that the actor received in the last 30 days, the newest first. Acts as a person: a user token, or an admin token with the `user_id` header. An admin token needs the scope `read`. */
    applyList(parameters?: {
      /** Most entries of a page; above 1000 is 1000. */
      limit?: number;
      /** Where to go on: `cursor` of the page before. Opaque, and of one list only. */
      cursor?: string;
    }, options?: CallOptions): Promise<Page<{
      /** User who asks to become a friend. */
      user_id: number;
      /** Why the actor should say yes. */
      reason: string;
      /** 0 waiting, 1 accepted, 2 rejected. */
      status: number;
      /** Until when it can be accepted, in milliseconds since 1970. */
      expired_time: number;
    }>>;

    /** Add to blacklist. Blocks a user: hides it among the friends, and refuses its requests and messages. Acts as a person: a user token, or an admin token with the `user_id` header. An admin token needs the scope `users`. */
    block(parameters: {
      /** Id of the user. */
      user_id: number;
    }, options?: CallOptions): Promise<boolean>;

    /** List of blacklists. Lists the users whom the actor has blocked, the last first. Acts as a person: a user token, or an admin token with the `user_id` header. An admin token needs the scope `read`. */
    blockedList(parameters?: Record<string, never>, options?: CallOptions): Promise<number[]>;

    /** Reject friend request. Rejects an open request. Acts as a person: a user token, or an admin token with the `user_id` header. An admin token needs the scope `users`. */
    decline(parameters: {
      /** User who sent the request. */
      user_id: number;
      /** Accepted and not stored. */
      reason?: string;
    }, options?: CallOptions): Promise<boolean>;

    /** Delete friend. Ends a friendship on both sides. Acts as a person: a user token, or an admin token with the `user_id` header. An admin token needs the scope `users`. */
    delete(parameters: {
      /** Id of the user. */
      user_id: number;
    }, options?: CallOptions): Promise<boolean>;

    /** Update friend extension information. Changes the given fields of the actor's own side of a friendship. Acts as a person: a user token, or an admin token with the `user_id` header. An admin token needs the scope `users`. */
    ext(parameters: {
      /** Id of the user. */
      user_id: number;
      /** The actor's name for the friend; empty clears it. */
      alias?: string;
      /** Extension information about the friend, up to 16 KiB; empty clears it. At most 16384 bytes in UTF-8. */
      ext?: string;
      /** Whether messages of the friend arrive without a notification. */
      mute_notification?: boolean;
    }, options?: CallOptions): Promise<boolean>;

    /** Search for users by ID. Returns the user with this id, as the actor sees it. Acts as a person: a user token, or an admin token with the `user_id` header. An admin token needs the scope `read`. */
    id(parameters: {
      /** Id of the user. */
      user_id: number;
    }, options?: CallOptions): Promise<Contact>;

    /** List of friend details. Returns the users of the list, friends or not, as the actor sees them. If one answer cannot hold all, texts that are longer than their share of 6 MB are empty. Acts as a person: a user token, or an admin token with the `user_id` header. An admin token needs the scope `read`. */
    listDetails(parameters: {
      /** Ids of users. */
      list: number[];
    }, options?: CallOptions): Promise<Contact[]>;

    /** List of friends. Lists the ids of the actor's friends, without blocked ones, in the order in which they became friends. Acts as a person: a user token, or an admin token with the `user_id` header. An admin token needs the scope `read`. */
    listIds(parameters?: {
      /** Most entries of a page; above 1000 is 1000. */
      limit?: number;
      /** Where to go on: `cursor` of the page before. Opaque, and of one list only. */
      cursor?: string;
    }, options?: CallOptions): Promise<Page<number>>;

    /** Whether to allow messaging. Returns whether the user `roster_id` may write to the user `user_id`. For a user, by its token or an admin token with the `user_id` header; or for the app, by an admin token with the `group_id` header or neither. An admin token needs the scope `decide`. */
    mayMessage(parameters: {
      /** Id of the user who would receive the message. */
      user_id: number;
      /** Id of the user who wants to write. */
      roster_id: number;
    }, options?: CallOptions): Promise<boolean>;

    /** Search for user by mobile number. Returns the user with this mobile number, as the actor sees it. Acts as a person: a user token, or an admin token with the `user_id` header. An admin token needs the scope `read`. */
    mobile(parameters: {
      /** The whole number, as it was written. */
      mobile: string;
    }, options?: CallOptions): Promise<Contact>;

    /** Search for user by username. Returns the user with this username, as the actor sees it. Acts as a person: a user token, or an admin token with the `user_id` header. An admin token needs the scope `read`. */
    name(parameters: {
      /** The whole username, in any case. */
      username: string;
    }, options?: CallOptions): Promise<Contact>;

    /** Remove from blacklist. Unblocks a user. Acts as a person: a user token, or an admin token with the `user_id` header. An admin token needs the scope `users`. */
    unblock(parameters: {
      /** Id of the user. */
      user_id: number;
    }, options?: CallOptions): Promise<boolean>;
  };
  event: {
    /** Create a webhook endpoint. Each event of the app is sent to `url` by POST, signed as Standard Webhooks 1.0 says. `types` and `group_id` choose events; without them all are sent. An app has at most ten endpoints. `secret` verifies the signatures. It is shown only here. Needs an admin token. An admin token needs the scope `events`. */
    endpointCreate(parameters: {
      /** Where events are sent to. It begins with `https://` and leads to a public address. */
      url: string;
      /** Types of events, such as `group.member.removed` or `user.*`; an empty list: all. */
      types?: string[];
      /** Only events about this group; 0: about all, and about users and the app. */
      group_id?: number;
      /** What the endpoint is for. */
      description?: string;
      /** Whether events are sent; what waits for a disabled endpoint is dropped. */
      enabled?: boolean;
    }, options?: CallOptions): Promise<{
      /** Id of the endpoint. */
      endpoint_id: string;
      /** Where events are sent to. It begins with `https://` and leads to a public address. */
      url: string;
      /** Types of events, such as `group.member.removed` or `user.*`; an empty list: all. */
      types: string[];
      /** Only events about this group; 0: about all, and about users and the app. */
      group_id: number;
      /** What the endpoint is for. */
      description: string;
      /** Whether events are sent; what waits for a disabled endpoint is dropped. */
      enabled: boolean;
      /** Why the service disabled the endpoint: `gone` (it answered 410), `failing` (for five days); empty where it did not. */
      disabled_because: '' | 'gone' | 'failing';
      /** Since when no attempt has succeeded, in seconds since 1970; 0 while attempts succeed. */
      failing_since: number;
      /** When it was made, in seconds since 1970. */
      created_at: number;
      /** When it changed last, in seconds since 1970. */
      updated_at: number;
      /** Verifies signatures; shown only here. */
      secret: string;
    }>;

    /** Delete a webhook endpoint. Events that wait for the endpoint are dropped. Needs an admin token. An admin token needs the scope `events`. */
    endpointDelete(parameters: {
      /** Id of the endpoint. */
      endpoint_id: string;
    }, options?: CallOptions): Promise<null>;

    /** List attempts to send events to a webhook endpoint. The newest attempts of the last three days first, at most 1,000. `status` is that of the answer, 0 where none came; `answer` its first 256 bytes; `next_attempt_at` the time of the next attempt, 0 where there is none. Needs an admin token. An admin token needs the scope `read`. */
    endpointDeliveries(parameters: {
      /** Id of the endpoint. */
      endpoint_id: string;
      /** Most entries of a page; above 1000 is 1000. */
      limit?: number;
    }, options?: CallOptions): Promise<{
      /** Id of the event, as `webhook-id` has it. */
      event_id: string;
      /** Number of the event in the feed. */
      sequence: string;
      /** Type of the event. */
      type: string;
      /** Which attempt it was; the first is 1. */
      attempt: number;
      /** When it was sent (RFC 3339, UTC). */
      time: string;
      /** Milliseconds that the request took. */
      ms: number;
      /** Whether the answer had a status of 2xx. */
      delivered: boolean;
      /** Status of the answer; 0 where none came. */
      status: number;
      /** The first 256 bytes of the answer. */
      answer: string;
      /** Why no answer came; empty where one came. */
      error: string;
      /** When the next attempt is due, in seconds since 1970; 0 where there is none. */
      next_attempt_at: number;
    }[]>;

    /** List the webhook endpoints. All endpoints of the app, without their secrets. Needs an admin token. An admin token needs the scope `read`. */
    endpointList(parameters?: Record<string, never>, options?: CallOptions): Promise<Endpoint[]>;

    /** Send events to a webhook endpoint again. Sends one event (`sequence`), a range (`from` and `to`), or what has failed for good (`failed`, of that range or all), up to 100 events per call. `next` is what to send as `from` to go on; absent at the end. Needs an admin token. An admin token needs the scope `events`. */
    endpointRedeliver(parameters: {
      /** Id of the endpoint. */
      endpoint_id: string;
      /** Number of the event in the feed. */
      sequence?: string;
      /** The first event to send, by its `sequence`. */
      from?: string;
      /** The last event to send, by its `sequence`. */
      to?: string;
      /** true: only events that failed for good, of `from` to `to` or all. */
      failed?: boolean;
    }, options?: CallOptions): Promise<{
      /** How many events were put into the queue. */
      sent: number;
      /** What to send as `from` to go on; absent at the end. */
      next?: string;
    }>;

    /** Give a webhook endpoint a new secret. The secret before it stays valid for `keep_seconds`: until then both sign every request. The new secret is shown only here. Needs an admin token. An admin token needs the scope `events`. */
    endpointRotate(parameters: {
      /** Id of the endpoint. */
      endpoint_id: string;
      /** How long the secret before it stays valid, up to 604800. */
      keep_seconds?: number;
    }, options?: CallOptions): Promise<{
      /** Id of the endpoint. */
      endpoint_id: string;
      /** Verifies signatures; shown only here. */
      secret: string;
      /** Until when the secret before it is valid, in seconds since 1970. */
      previous_expires_at: number;
    }>;

    /** Send a test event to a webhook endpoint. Sends an event of the type `endpoint.test`, which the feed does not have, once. `/event/endpoint/deliveries` shows the outcome. Needs an admin token. An admin token needs the scope `events`. */
    endpointTest(parameters: {
      /** Id of the endpoint. */
      endpoint_id: string;
    }, options?: CallOptions): Promise<{
      /** Id of the event, as `webhook-id` has it. */
      event_id: string;
    }>;

    /** Change a webhook endpoint. Changes the fields that are given. An empty list of `types` stands for all types, `group_id` 0 for all groups. What is in the queue for a disabled endpoint is dropped; after it is enabled again, `/event/endpoint/redeliver` sends it. Needs an admin token. An admin token needs the scope `events`. */
    endpointUpdate(parameters: {
      /** Where events are sent to. It begins with `https://` and leads to a public address. */
      url?: string;
      /** Types of events, such as `group.member.removed` or `user.*`; an empty list: all. */
      types?: string[];
      /** Only events about this group; 0: about all, and about users and the app. */
      group_id?: number;
      /** What the endpoint is for. */
      description?: string;
      /** Whether events are sent; what waits for a disabled endpoint is dropped. */
      enabled?: boolean;
      /** Id of the endpoint. */
      endpoint_id: string;
    }, options?: CallOptions): Promise<Endpoint>;

    /** Read events. Events of the app in their order, after `after` or from the oldest that is kept. `next` is what to send as `after` to go on, also where no event of the page matched. A reader that follows it misses none. `wait` waits so many seconds for the first event. Needs an admin token. An admin token needs the scope `read`. */
    list(parameters?: {
      /** Only events after the one of this `sequence`; absent: from the oldest that is kept. */
      after?: string;
      /** Most events of a page; above 1000 is 1000. */
      limit?: number;
      /** Types of events with commas between them; `group.*` is all that begin with `group.`. */
      types?: string;
      /** Only events about this group. */
      group_id?: number;
      /** Only events about this user. */
      user_id?: number;
      /** Seconds to wait for a first event, up to 20. */
      wait?: number;
    }, options?: CallOptions): Promise<{
      data: RosterEvent[];
      /** What to send as `after` to go on; moves on even where the filter let nothing pass. */
      next: string;
      /** Number of the newest event. Where `next` or `version` has reached it, there are no more. */
      head: string;
    }>;
  };
  access: {
    /** Decide what users may do. One decision for each item, all at one moment: whether a session (`token`) or a user (`user_id`) may connect, read messages (`subscribe`) or send them (`publish`), in a group (`group_id`) or to a user (`peer_id`). A malformed item is refused alone. Needs an admin token. An admin token needs the scope `decide`. */
    check(parameters: {
      /** Questions, each of which is decided on its own. */
      items: {
        /** What is asked: `connect`, `subscribe` (read messages) or `publish` (send them). */
        action: 'connect' | 'subscribe' | 'publish';
        /** Token of the session that asks; without one, `user_id`. */
        token?: string;
        /** The user who asks; null where the token is none of the app. */
        user_id?: number;
        /** The group whose messages are read or sent. */
        group_id?: number;
        /** Without a group: the user who gets the messages. */
        peer_id?: number;
      }[];
    }, options?: CallOptions): Promise<{
      /** Whether it is allowed. */
      allow: boolean;
      /** 200, or the code of the error that refuses it. */
      code: number;
      /** Why the entry failed; empty where it did not. */
      reason: string;
      /** The user who asks; null where the token is none of the app. */
      user_id: number | null;
      /** Serial number of the device of the session; null without one. */
      device_sn: number | null;
      /** Role in the group: 0 member, 1 admin, 2 owner; null for no member. */
      role: 0 | 1 | 2 | null;
      /** When the decision may become another by time alone, in milliseconds since 1970; -1 never. */
      until: number;
      /** Number of the last change of the group, for `/group/changes`; 0 without a group. */
      version: number;
    }[]>;
  };
  admin: {
    /** Explain what a user may do. The decision of `/access/check` on a user, and the event that made it so: since when and by whom. `event` is null where the decision has no event, or where it is not among the newest that a call looks through. Needs an admin token. An admin token needs the scope `read`. */
    accessExplain(parameters: {
      /** Id of the user. */
      user_id: number;
      /** What is asked: `connect`, `subscribe` (read messages) or `publish` (send them). */
      action?: 'connect' | 'subscribe' | 'publish';
      /** The group whose messages are read or sent. */
      group_id?: number;
      /** Without a group: the user who gets the messages. */
      peer_id?: number;
    }, options?: CallOptions): Promise<{
      /** Whether it is allowed. */
      allow: boolean;
      /** 200, or the code of the error that refuses it. */
      code: number;
      /** Why it is refused; empty where it is allowed. */
      reason: string;
      /** Role in the group: 0 member, 1 admin, 2 owner; null for no member. */
      role: 0 | 1 | 2 | null;
      /** When the decision may become another by time alone, in milliseconds since 1970; -1 never. */
      until: number;
      /** The event, as `/event/list` has it, or null. */
      event: RosterEvent | null;
    }>;

    /** List all groups. The groups of the app, the newest first. A new group shows within seconds. A page may have fewer entries than `limit`; the list is over where the answer has no `cursor`. Needs an admin token. An admin token needs the scope `read`. */
    groupList(parameters?: {
      /** Most entries of a page; above 100 is 100. */
      limit?: number;
      /** Where to go on: `cursor` of the page before. Opaque, and of one list only. */
      cursor?: string;
    }, options?: CallOptions): Promise<Page<{
      /** Id of the group. */
      group_id: number;
      /** Name of the group. */
      name: string;
      /** Address of the picture: `http`, `https`, or text without a scheme; empty clears it. */
      avatar: string;
      /** User who owns the group. */
      owner_id: number;
      /** Kind of group: 0 private, 1 public (stands in the public list), 2 chat room. */
      type: number;
      /** 0 as usual, 1 dissolved. */
      status: number;
      /** Members at this moment. */
      count: number;
      /** Most members the group can have. */
      capacity: number;
      /** Until when only admins may speak, in seconds since 1970; 0 not banned, -1 for ever. */
      ban_expire_time: number;
      /** When it was made, in seconds since 1970. */
      created_at: number;
    }>>;

    /** Search the members of a group. Members whose display name in the group or whose username begins with `text`, or the one member with this `user_id`. A call looks at up to 1,000 members. A page may have fewer entries than `limit`, even none; the search is over where the answer has no `cursor`. Needs an admin token. An admin token needs the scope `read`. */
    groupMembersSearch(parameters: {
      /** Id of the group. Not needed where the header names it. */
      group_id: number;
      /** What the display name or the username begins with, without regard to case. */
      text?: string;
      /** Id of the user. */
      user_id?: number;
      /** Most entries of a page; above 100 is 100. */
      limit?: number;
      /** Where to go on: `cursor` of the page before. Opaque, and of one list only. */
      cursor?: string;
    }, options?: CallOptions): Promise<Page<{
      /** Id of the user. */
      user_id: number;
      /** ASCII letters, digits, `_` and Chinese characters (script Han); not all digits, not beginning with `maxim` or `mta`; unique in NFKC and whatever its case. */
      username: string;
      /** Name of the member in this group; empty until set. */
      display_name: string;
      /** Role in the group: 0 member, 1 admin, 2 owner; null for no member. */
      role: 0 | 1 | 2;
      /** When the member joined, in seconds since 1970. */
      join_time: number;
      /** Until when the user may not speak, in seconds since 1970; 0 not banned, -1 for ever. */
      ban_expire_time: number;
    }>>;

    /** Set the members of a group. Adds and removes members until the group has exactly the members of `user_ids` and its owner, who is never removed. With `admin_ids`, exactly these members are admins. Users who are asked before they join get an invitation. `dry_run` changes nothing and answers what a call would change. The call is refused before it changes anything if the group would lose more than `max_remove_share` of its members. Each entry succeeds or fails alone. A call makes up to `limit` changes; where the answer has a `cursor`, send the same call with it to go on. Needs an admin token. An admin token needs the scope `groups`. */
    groupMembersSet(parameters: {
      /** Most changes of a call; above 500 is 500. */
      limit?: number;
      /** Where to go on: `cursor` of the page before. Opaque, and of one list only. */
      cursor?: string;
      /** Id of the group. Not needed where the header names it. */
      group_id: number;
      /** The members that the group is to have. The owner need not be among them. */
      user_ids: number[];
      /** Members of the list who are admins; absent: roles stay as they are. */
      admin_ids?: number[];
      /** true changes nothing. */
      dry_run?: boolean;
      /** The call is refused where the group would lose a larger part of its members, from 0 to 1. */
      max_remove_share?: number;
    }, options?: CallOptions): Promise<Page<{
      /** Id of the user. */
      user_id: number;
      /** What was tried, or what a call would try. */
      change: 'remove' | 'demote' | 'add' | 'promote';
      /** Of this entry: `success` or `fail`. */
      result: 'success' | 'fail';
      /** Why the entry failed; empty where it did not. */
      reason: string;
    }> & {
      /** Users of the list who are no members. */
      to_add: number;
      /** Members who are not on the list. */
      to_remove: number;
      /** Users of `admin_ids` who are no admins. */
      to_promote: number;
      /** Admins who are members of the list only. */
      to_demote: number;
      /** Members who stay. */
      unchanged: number;
    }>;

    /** Assign the owner of a group. Makes a user the owner, whatever the state of the old owner, who becomes a plain member. A user who is no member joins the group. Needs an admin token. An admin token needs the scope `groups`. */
    groupOwnerAssign(parameters: {
      /** Id of the group. Not needed where the header names it. */
      group_id: number;
      /** The member who becomes owner. */
      new_owner: number;
    }, options?: CallOptions): Promise<Entry>;

    /** Search groups. Groups whose name begins with `prefix`, in the order of their names, or the one group with this `group_id`, also a dissolved one. Names are compared in NFKC and without regard to case. A change shows in the search by `prefix` within seconds. A page may have fewer entries than `limit`; the search is over where the answer has no `cursor`. Needs an admin token. An admin token needs the scope `read`. */
    groupSearch(parameters?: {
      /** What the names begin with, without regard to case. */
      prefix?: string;
      /** Id of the group. Not needed where the header names it. */
      group_id?: number;
      /** Most entries of a page; above 100 is 100. */
      limit?: number;
      /** Where to go on: `cursor` of the page before. Opaque, and of one list only. */
      cursor?: string;
    }, options?: CallOptions): Promise<Page<{
      /** Id of the group. */
      group_id: number;
      /** Name of the group. */
      name: string;
      /** Address of the picture: `http`, `https`, or text without a scheme; empty clears it. */
      avatar: string;
      /** User who owns the group. */
      owner_id: number;
      /** Kind of group: 0 private, 1 public (stands in the public list), 2 chat room. */
      type: number;
      /** 0 as usual, 1 dissolved. */
      status: number;
      /** Members at this moment. */
      count: number;
      /** Most members the group can have. */
      capacity: number;
      /** Until when only admins may speak, in seconds since 1970; 0 not banned, -1 for ever. */
      ban_expire_time: number;
      /** When it was made, in seconds since 1970. */
      created_at: number;
    }>>;

    /** Read what the app holds and what it used. Users and groups of the app, counted up to 10,000 where the app has no limit for them (`users_more`: there are more), and for each of the last `hours`, the newest first: calls, refusals of verified callers by error code, faults of the service, units of the table, what happened, and dollars at list price. An hour without calls is left out. The figures are estimates. Needs an admin token. An admin token needs the scope `read`. */
    overview(parameters?: {
      /** How many hours; in the answer, those with calls, the newest first. */
      hours?: number;
    }, options?: CallOptions): Promise<{
      /** Users of the app. */
      users: number;
      /** Whether there are more than were counted. */
      users_more: boolean;
      /** Groups of the app. */
      groups: number;
      /** Whether there are more than were counted. */
      groups_more: boolean;
      /** The sums of these hours. */
      total: {
        /** Calls that the service knew the app of. */
        calls: number;
        /** Refused calls of verified callers, by error code. */
        refusals: Record<string, number>;
        /** Calls that ended with a fault of the service. */
        faults: number;
        /** Units read from the table. */
        read_units: number;
        /** Units written to the table. */
        write_units: number;
        /** How often something happened, such as `registrations` and `joins`. */
        happened: Record<string, number>;
        /** Gateway, functions and table at list price, without logs, storage and background work. */
        dollars: number;
      };
      /** How many hours; in the answer, those with calls, the newest first. */
      hours: {
        /** Begin of the hour, in seconds since 1970. */
        hour: number;
        /** Calls that the service knew the app of. */
        calls: number;
        /** Refused calls of verified callers, by error code. */
        refusals: Record<string, number>;
        /** Calls that ended with a fault of the service. */
        faults: number;
        /** Units read from the table. */
        read_units: number;
        /** Units written to the table. */
        write_units: number;
        /** How often something happened, such as `registrations` and `joins`. */
        happened: Record<string, number>;
        /** Gateway, functions and table at list price, without logs, storage and background work. */
        dollars: number;
      }[];
    }>;

    /** List the groups of a user, with role, ban and block. The groups that the user has joined (`state` `member`), and those that block the user (`blocked`) or would let the user in banned (`none`), as far as the user was a member or was blocked within the last 32 days. Ordered by nothing that a reader can rely on. Needs an admin token. An admin token needs the scope `read`. */
    userGroups(parameters: {
      /** Id of the user. */
      user_id: number;
      /** Most entries of a page; above 100 is 100. */
      limit?: number;
      /** Where to go on: `cursor` of the page before. Opaque, and of one list only. */
      cursor?: string;
    }, options?: CallOptions): Promise<Page<{
      /** Id of the group. */
      group_id: number;
      /** Name of the group. */
      name: string;
      /** Address of the picture: `http`, `https`, or text without a scheme; empty clears it. */
      avatar: string;
      /** Kind of group: 0 private, 1 public (stands in the public list), 2 chat room. */
      type: number;
      /** User who owns the group. */
      owner_id: number;
      /** Members at this moment. */
      count: number;
      /** `member`; `blocked` by the group; `none`: only a ban waits for the user. */
      state: 'member' | 'blocked' | 'none';
      /** Role in the group: 0 member, 1 admin, 2 owner; null for no member. */
      role: 0 | 1 | 2 | null;
      /** Name of the member in this group; empty until set. */
      display_name: string;
      /** When the member joined, in seconds since 1970; 0 for no member. */
      join_time: number;
      /** When the group blocked the user, in seconds since 1970; 0 not blocked. */
      blocked_at: number;
      /** Until when the user may not speak, in seconds since 1970; 0 not banned, -1 for ever. */
      ban_expire_time: number;
    }>>;

    /** Read everything about a user. Profile, status, identities, groups, contacts, lock-out, and devices with their sessions, without secrets. A deleted user has `status` 2 and no names. Times are in seconds; 0 stands for none. Needs an admin token. An admin token needs the scope `read`. */
    userInfo(parameters: {
      /** Id of the user. */
      user_id: number;
    }, options?: CallOptions): Promise<{
      /** Id of the user. */
      user_id: number;
      /** ASCII letters, digits, `_` and Chinese characters (script Han); not all digits, not beginning with `maxim` or `mta`; unique in NFKC and whatever its case. */
      username: string;
      /** Nickname; empty clears it. */
      nick_name: string;
      /** Address of the picture: `http`, `https`, or text without a scheme; empty clears it. */
      avatar: string;
      /** Mobile number: 5 to 15 digits, optionally after a `+`; unique in the app. */
      mobile: string;
      /** 0 as usual, 1 disabled, 2 deleted. */
      status: number;
      /** When it was made, in seconds since 1970. */
      created_at: number;
      /** Description; empty clears it. */
      description: string;
      /** Always empty; kept for clients that read it. */
      email: string;
      /** Extension information that the user alone (and the app) sees. */
      private_info: string;
      /** Extension information that everybody sees. */
      public_info: string;
      /** Whether an invitation waits for consent; false: invited is joined. */
      group_confirm: boolean;
      /** Whether a password logs in. */
      has_password: boolean;
      /** Groups joined, owned ones included; in `limits`, the most. */
      groups_joined: number;
      /** Groups owned; in `limits`, the most. */
      groups_owned: number;
      /** Friends; in `limits`, the most. */
      friends: number;
      /** Users on the personal blacklist. */
      blocked_users: number;
      /** Failed logins within the last minutes. */
      failed_logins: number;
      /** Until when logins are refused, in seconds since 1970; 0 not locked. */
      locked_until: number;
      /** The devices, the one last seen first; in `limits`, the most. */
      devices: {
        /** Serial number of the device. */
        device_sn: number;
        /** 1 iOS, 2 Android, 3 Windows, 4 macOS, 5 Linux, 6 web and unknown. */
        platform: number;
        /** What the client called itself at login. */
        user_agent: string;
        /** When it was made, in seconds since 1970. */
        created_at: number;
        /** The last login, in seconds since 1970; 0 never. */
        logged_in_at: number;
        /** The last call, to the minute, in seconds since 1970. */
        last_seen_at: number;
        /** When the session ends, in seconds since 1970; 0 no session. */
        session_expires_at: number;
        /** Whether a token of a push service is bound. */
        push_bound: boolean;
        /** Failed logins within the last minutes. */
        failed_logins: number;
        /** Until when logins are refused, in seconds since 1970; 0 not locked. */
        locked_until: number;
      }[];
      /** The identities by which the user can log in. */
      identities: {
        /** Issuer as its tokens name it in `iss`. */
        issuer: string;
        /** Who does it: `user` with its id, or `session` with its token. */
        subject: string;
        /** When it was made, in seconds since 1970. */
        created_at: number;
      }[];
      /** What the app allows each user. */
      limits: {
        /** Groups joined, owned ones included; in `limits`, the most. */
        groups_joined: number;
        /** Groups owned; in `limits`, the most. */
        groups_owned: number;
        /** Friends; in `limits`, the most. */
        friends: number;
        /** Most users on the personal blacklist. */
        blocked: number;
        /** The devices, the one last seen first; in `limits`, the most. */
        devices: number;
      };
    }>;

    /** Search users. Users whose username begins with `prefix`, in the order of their usernames, or the one user with this `mobile` or `user_id`. Usernames are compared in NFKC and without regard to case. A change shows in the search by `prefix` within seconds. `status` 0 leaves out disabled users, 1 all others. A page may have fewer entries than `limit`; the search is over where the answer has no `cursor`. Needs an admin token. An admin token needs the scope `read`. */
    userSearch(parameters?: {
      /** What the names begin with, without regard to case. */
      prefix?: string;
      /** Mobile number: 5 to 15 digits, optionally after a `+`; unique in the app. */
      mobile?: string;
      /** Id of the user. */
      user_id?: number;
      /** 0 as usual, 1 disabled, 2 deleted. */
      status?: number;
      /** Most entries of a page; above 100 is 100. */
      limit?: number;
      /** Where to go on: `cursor` of the page before. Opaque, and of one list only. */
      cursor?: string;
    }, options?: CallOptions): Promise<Page<{
      /** Id of the user. */
      user_id: number;
      /** ASCII letters, digits, `_` and Chinese characters (script Han); not all digits, not beginning with `maxim` or `mta`; unique in NFKC and whatever its case. */
      username: string;
      /** Nickname; empty clears it. */
      nick_name: string;
      /** Address of the picture: `http`, `https`, or text without a scheme; empty clears it. */
      avatar: string;
      /** Mobile number: 5 to 15 digits, optionally after a `+`; unique in the app. */
      mobile: string;
      /** 0 as usual, 1 disabled, 2 deleted. */
      status: number;
      /** When it was made, in seconds since 1970. */
      created_at: number;
    }>>;

    /** Unlock a user. Forgets the failed logins of the account and of all its devices, so that all of them may log in again at once. Needs an admin token. An admin token needs the scope `users`. */
    userUnlock(parameters: {
      /** Id of the user. */
      user_id: number;
    }, options?: CallOptions): Promise<boolean>;
  };
}

/** Method and path of each operation, and whether its function returns more of an answer than `data`. */
export const ROUTES: Record<string, Record<string, [method: string, path: string, returns?: 'whole']>> = {
  token: {
    exchange: ['POST', '/token/exchange'],
    id: ['POST', '/token/id'],
    login: ['POST', '/token/login'],
    self: ['GET', '/token/self'],
    user: ['POST', '/token/user'],
  },
  user: {
    registerAnonymous: ['POST', '/user/register/anonymous'],
    registerBatch: ['POST', '/user/register/batch'],
    registerPush: ['POST', '/user/register/push'],
    registerV2: ['POST', '/user/register/v2'],
    authmode: ['PUT', '/user/authmode'],
    avatar: ['PUT', '/user/avatar'],
    avatarBatch: ['PUT', '/user/avatar/batch'],
    changePassword: ['POST', '/user/change_password'],
    changePasswordAdmin: ['POST', '/user/change_password_admin'],
    delete: ['DELETE', '/user/delete'],
    deviceList: ['GET', '/user/device/list', 'whole'],
    deviceRemove: ['DELETE', '/user/device/remove'],
    disable: ['PUT', '/user/disable'],
    download: ['PUT', '/user/download'],
    enable: ['PUT', '/user/enable'],
    identityBind: ['POST', '/user/identity/bind'],
    identityList: ['GET', '/user/identity/list'],
    identityUnbind: ['POST', '/user/identity/unbind'],
    kick: ['PUT', '/user/kick'],
    list: ['GET', '/user/list', 'whole'],
    mobile: ['PUT', '/user/mobile'],
    nickname: ['PUT', '/user/nickname'],
    onlineStatus: ['GET', '/user/online_status'],
    private: ['PUT', '/user/private'],
    profileBatch: ['PUT', '/user/profile/batch'],
    profileGet: ['GET', '/user/profile'],
    profileSet: ['PUT', '/user/profile'],
    public: ['PUT', '/user/public'],
    push: ['PUT', '/user/push'],
    pushAlias: ['POST', '/user/push/alias'],
    pushBadge: ['POST', '/user/push/badge'],
    pushDetail: ['PUT', '/user/push/detail'],
    pushLimit: ['PUT', '/user/push/limit'],
    pushNickname: ['PUT', '/user/push/nickname'],
    pushTagAll: ['DELETE', '/user/push/tag/all'],
    pushTagBind: ['POST', '/user/push/tag'],
    pushTagGet: ['GET', '/user/push/tag'],
    pushTagUnbind: ['DELETE', '/user/push/tag'],
    settingsGet: ['GET', '/user/settings'],
    settingsSet: ['PUT', '/user/settings'],
    sounds: ['PUT', '/user/sounds'],
    tokenBind: ['PUT', '/user/token/bind'],
    tokenUnbind: ['DELETE', '/user/token/unbind'],
    username: ['PUT', '/user/username'],
    vibratory: ['PUT', '/user/vibratory'],
  },
  group: {
    announcement: ['GET', '/group/announcement'],
    announcementDelete: ['POST', '/group/announcement/delete'],
    announcementEdit: ['POST', '/group/announcement/edit'],
    announcementLast: ['GET', '/group/announcement/last'],
    announcementList: ['GET', '/group/announcement/list'],
    create: ['POST', '/group/create'],
    destroy: ['POST', '/group/destroy'],
    info: ['GET', '/group/info'],
    infoAvatar: ['POST', '/group/info/avatar'],
    infoBatch: ['POST', '/group/info/batch'],
    infoDescription: ['POST', '/group/info/description'],
    infoExt: ['POST', '/group/info/ext'],
    infoName: ['POST', '/group/info/name'],
    publicList: ['GET', '/group/public_list', 'whole'],
    settings: ['GET', '/group/settings'],
    settingsAllowMemberInvitation: ['POST', '/group/settings/allow_member_invitation'],
    settingsAllowMemberModify: ['POST', '/group/settings/allow_member_modify'],
    settingsBanAll: ['POST', '/group/settings/ban_all'],
    settingsEnableReadAck: ['POST', '/group/settings/enable_read_ack'],
    settingsHideMemberInfo: ['POST', '/group/settings/hide_member_info'],
    settingsHistoryVisible: ['POST', '/group/settings/history_visible'],
    settingsRequireAdminApproval: ['POST', '/group/settings/require_admin_approval'],
    settingsUnbanAll: ['POST', '/group/settings/unban_all'],
    transfer: ['POST', '/group/transfer'],
    userJoined: ['GET', '/group/user_joined'],
    adminList: ['GET', '/group/admin_list'],
    adminAdd: ['POST', '/group/admin/add'],
    adminRemove: ['POST', '/group/admin/remove'],
    applicationList: ['POST', '/group/application_list', 'whole'],
    apply: ['POST', '/group/apply'],
    applyHandle: ['POST', '/group/apply/handle'],
    ban: ['POST', '/group/ban'],
    bannedList: ['GET', '/group/banned_list', 'whole'],
    block: ['POST', '/group/block'],
    blockedList: ['GET', '/group/blocked_list', 'whole'],
    displayName: ['POST', '/group/display_name'],
    invitationList: ['GET', '/group/invitation_list', 'whole'],
    invite: ['POST', '/group/invite'],
    inviteHandle: ['POST', '/group/invite/handle'],
    kick: ['POST', '/group/kick'],
    leave: ['POST', '/group/leave'],
    memberList: ['GET', '/group/member_list', 'whole'],
    membersDisplayName: ['POST', '/group/members/display_name'],
    msgMuteMode: ['POST', '/group/msg/mute_mode'],
    msgNotDisturb: ['POST', '/group/msg/not_disturb'],
    msgPushMode: ['POST', '/group/msg/push_mode'],
    qrcodeInvite: ['POST', '/group/qrcode/invite'],
    qrcodeSign: ['GET', '/group/qrcode/sign'],
    unban: ['POST', '/group/unban'],
    unblock: ['POST', '/group/unblock'],
    file: ['GET', '/group/file'],
    fileDelete: ['POST', '/group/file/delete'],
    fileList: ['GET', '/group/file/list', 'whole'],
    fileUpdateName: ['POST', '/group/file/update_name'],
    fileUpload: ['POST', '/group/file/upload'],
    changes: ['GET', '/group/changes', 'whole'],
  },
  file: {
    uploadAvatarGroup: ['GET', '/file/upload/avatar/group'],
    uploadAvatarUser: ['GET', '/file/upload/avatar/user'],
    uploadChat: ['GET', '/file/upload/chat'],
  },
  roster: {
    accept: ['POST', '/roster/accept'],
    apply: ['POST', '/roster/apply'],
    applyBatch: ['POST', '/roster/apply/batch'],
    applyList: ['GET', '/roster/apply/list', 'whole'],
    block: ['POST', '/roster/block'],
    blockedList: ['GET', '/roster/blocked_list'],
    decline: ['POST', '/roster/decline'],
    delete: ['POST', '/roster/delete'],
    ext: ['POST', '/roster/ext'],
    id: ['GET', '/roster/id'],
    listDetails: ['POST', '/roster/list'],
    listIds: ['GET', '/roster/list', 'whole'],
    mayMessage: ['GET', '/roster/may_message'],
    mobile: ['GET', '/roster/mobile'],
    name: ['GET', '/roster/name'],
    unblock: ['POST', '/roster/unblock'],
  },
  event: {
    endpointCreate: ['POST', '/event/endpoint/create'],
    endpointDelete: ['POST', '/event/endpoint/delete'],
    endpointDeliveries: ['GET', '/event/endpoint/deliveries'],
    endpointList: ['GET', '/event/endpoint/list'],
    endpointRedeliver: ['POST', '/event/endpoint/redeliver'],
    endpointRotate: ['POST', '/event/endpoint/rotate'],
    endpointTest: ['POST', '/event/endpoint/test'],
    endpointUpdate: ['POST', '/event/endpoint/update'],
    list: ['GET', '/event/list', 'whole'],
  },
  access: {
    check: ['POST', '/access/check'],
  },
  admin: {
    accessExplain: ['GET', '/admin/access/explain'],
    groupList: ['GET', '/admin/group/list', 'whole'],
    groupMembersSearch: ['GET', '/admin/group/members/search', 'whole'],
    groupMembersSet: ['POST', '/admin/group/members/set', 'whole'],
    groupOwnerAssign: ['POST', '/admin/group/owner/assign'],
    groupSearch: ['GET', '/admin/group/search', 'whole'],
    overview: ['GET', '/admin/overview'],
    userGroups: ['GET', '/admin/user/groups', 'whole'],
    userInfo: ['GET', '/admin/user/info'],
    userSearch: ['GET', '/admin/user/search', 'whole'],
    userUnlock: ['POST', '/admin/user/unlock'],
  },
};
