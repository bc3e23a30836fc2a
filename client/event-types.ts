/** Written by `npm run docs` from the catalogue of events. Ignore types and fields that this copy does not know. */

/** `data` of each type of event. */
export interface EventData {
  /** A user registered, or was registered or imported. `via` names the issuer whose token registered it. */
  'user.created': {
    /** Id of the user. */
    user_id: number;
    /** Username. */
    username: string;
    /** The issuer whose login made the account; absent otherwise. */
    via?: string;
  };
  /** The profile, a setting, the username, the mobile number, the tags or the bound identities of a user changed. */
  'user.updated': {
    /** Id of the user. */
    user_id: number;
    /** Names of the fields that changed. */
    changed: ('username' | 'mobile' | 'tags' | 'group_confirm' | 'identities' | 'nick_name' | 'avatar' | 'description' | 'email' | 'private_info' | 'public_info' | 'auth_answer' | 'auth_mode' | 'auth_question' | 'auto_download' | 'no_push' | 'no_push_detail' | 'no_push_end_hour' | 'no_push_start_hour' | 'no_sounds' | 'push_nick_name' | 'push_token' | 'silence_end_time' | 'silence_start_time' | 'vibratory' | 'alias' | 'badge')[];
  };
  /** A user was disabled. */
  'user.disabled': {
    /** Id of the user. */
    user_id: number;
  };
  /** A disabled user was enabled again. */
  'user.enabled': {
    /** Id of the user. */
    user_id: number;
  };
  /** A call of a user was refused because the user has used up a limit per caller. Told once an hour at most. */
  'user.held_back': {
    /** Id of the user. */
    user_id: number;
    /** The limit per caller that the user has used up. */
    limit: 'calls_per_minute' | 'invitations_per_hour' | 'applications_per_hour' | 'groups_per_hour' | 'uploads_per_hour' | 'upload_megabytes_per_day';
    /** When it ends, in milliseconds since 1970; -1 for ever, 0 ended. */
    until: number;
  };
  /** The password of a user changed, by the user or by an admin token. */
  'user.password_changed': {
    /** Id of the user. */
    user_id: number;
  };
  /** A user was deleted. What follows in its groups comes as events of its own. */
  'user.deleted': {
    /** Id of the user. */
    user_id: number;
    /** Username. */
    username: string;
  };
  /** A user blocked another user. */
  'user.block.added': {
    /** Id of the user. */
    user_id: number;
    /** User who is or was blocked. */
    blocked_id: number;
  };
  /** A user unblocked another user. */
  'user.block.removed': {
    /** Id of the user. */
    user_id: number;
    /** User who is or was blocked. */
    blocked_id: number;
  };
  /** A user logged in. */
  'session.created': {
    /** Id of the user. */
    user_id: number;
    /** Serial number of the device. */
    device_sn: number;
    /** Why. */
    reason: 'login';
  };
  /** A session of a user ended before its time; without `device_sn`, all of them. */
  'session.revoked': {
    /** Id of the user. */
    user_id: number;
    /** Serial number of the device; absent: all devices. */
    device_sn?: number;
    /** Serial number of the one device whose session goes on. */
    kept_device_sn?: number;
    /** Why. */
    reason: 'kicked' | 'removed' | 'replaced' | 'password_changed' | 'disabled' | 'deleted';
  };
  /** A device got a push token. */
  'device.push_bound': {
    /** Id of the user. */
    user_id: number;
    /** Serial number of the device. */
    device_sn: number;
  };
  /** A device lost its push token. */
  'device.push_unbound': {
    /** Id of the user. */
    user_id: number;
    /** Serial number of the device. */
    device_sn: number;
  };
  /** `user_id` asked `friend_id` to become friends. */
  'friend.requested': {
    /** Id of the user. */
    user_id: number;
    /** The other user. */
    friend_id: number;
  };
  /** `user_id` declined the request of `friend_id`. */
  'friend.declined': {
    /** Id of the user. */
    user_id: number;
    /** The other user. */
    friend_id: number;
  };
  /** Two users became friends: `user_id` accepted a request, or asked where no consent was needed. */
  'friend.added': {
    /** Id of the user. */
    user_id: number;
    /** The other user. */
    friend_id: number;
  };
  /** `user_id` ended a friendship, or was deleted. */
  'friend.removed': {
    /** Id of the user. */
    user_id: number;
    /** The other user. */
    friend_id: number;
    /** Why. */
    reason: 'removed' | 'deleted';
  };
  /** A group was created or imported. Its members, the owner among them, come as `group.member.added`. */
  'group.created': {
    /** Id of the group. */
    group_id: number;
    /** User who owns the group. */
    owner_id: number;
    /** Kind of group: 0 private, 1 public, 2 chat room. */
    type: 0 | 1 | 2;
    /** Name of the group. */
    name: string;
    /** Most members the group can have. */
    capacity: number;
  };
  /** Fields of a group changed. Their new values are beside `changed`, except `description` and `ext`. */
  'group.updated': {
    /** Id of the group. */
    group_id: number;
    /** Names of the fields that changed. */
    changed: ('description' | 'ext' | 'name' | 'avatar' | 'apply_approval' | 'member_invite' | 'member_modify' | 'history_visible' | 'read_ack' | 'hide_member_info')[];
    /** Name of the group. */
    name?: string;
    /** Address of the picture; empty where there is none. */
    avatar?: string;
    /** Applications: 0 join at once, 1 an admin decides, 2 refused. */
    apply_approval?: 0 | 1 | 2;
    /** Whether members may invite. */
    member_invite?: boolean;
    /** Whether members may change the information of the group. */
    member_modify?: boolean;
    /** Whether new members see what was said before. */
    history_visible?: boolean;
    /** Whether messages are marked as read. */
    read_ack?: boolean;
    /** Whether only admins and the owner see the members. */
    hide_member_info?: boolean;
  };
  /** A member became the owner. A previous owner who stays is told as a plain member by `group.member.updated`. */
  'group.owner_changed': {
    /** Id of the group. */
    group_id: number;
    /** User who owns the group. */
    owner_id: number;
    /** User who owned the group before. */
    previous_owner_id: number;
    /** Why. */
    reason: 'transferred' | 'succeeded';
  };
  /** Only admins may speak in the group until the stated time. */
  'group.silenced': {
    /** Id of the group. */
    group_id: number;
    /** When it ends, in milliseconds since 1970; -1 for ever, 0 ended. */
    until: number;
  };
  /** All members may speak in the group again, before the stated time. */
  'group.unsilenced': {
    /** Id of the group. */
    group_id: number;
    /** When it ends, in milliseconds since 1970; -1 for ever, 0 ended. */
    until: 0;
  };
  /** A group was dissolved. Its members get no event of their own. */
  'group.dissolved': {
    /** Id of the group. */
    group_id: number;
  };
  /** A user became a plain member, or with the group its owner. `by` is another person who let the user in. */
  'group.member.added': {
    /** Id of the group. */
    group_id: number;
    /** Id of the user. */
    user_id: number;
    /** How the user joined. */
    via: 'created' | 'invited' | 'invitation' | 'applied' | 'application' | 'qrcode' | 'imported';
    /** The other person who let the user in: who invited, approved, or made the QR code. */
    by?: number;
    /** Members after the change; absent where the group is older than its events. */
    count?: number;
  };
  /** The role, the display name or a setting of a member changed. `role` is told with its new value. */
  'group.member.updated': {
    /** Id of the group. */
    group_id: number;
    /** Id of the user. */
    user_id: number;
    /** Names of the fields that changed. */
    changed: ('role' | 'display_name' | 'mute_mode' | 'push_mode')[];
    /** 0 member, 1 admin. */
    role?: 0 | 1;
  };
  /** A member may not speak until the stated time. */
  'group.member.banned': {
    /** Id of the group. */
    group_id: number;
    /** Id of the user. */
    user_id: number;
    /** When it ends, in milliseconds since 1970; -1 for ever, 0 ended. */
    until: number;
  };
  /** A member may speak again, before the stated time. */
  'group.member.unbanned': {
    /** Id of the group. */
    group_id: number;
    /** Id of the user. */
    user_id: number;
    /** When it ends, in milliseconds since 1970; -1 for ever, 0 ended. */
    until: 0;
  };
  /** A member left, was kicked or blocked, or was deleted. */
  'group.member.removed': {
    /** Id of the group. */
    group_id: number;
    /** Id of the user. */
    user_id: number;
    /** Why. */
    reason: 'left' | 'kicked' | 'blocked' | 'deleted';
    /** Members after the change; absent where the group is older than its events. */
    count?: number;
  };
  /** A user was put on the blacklist of a group. */
  'group.user.blocked': {
    /** Id of the group. */
    group_id: number;
    /** Id of the user. */
    user_id: number;
  };
  /** A user was taken off the blacklist of a group. */
  'group.user.unblocked': {
    /** Id of the group. */
    group_id: number;
    /** Id of the user. */
    user_id: number;
  };
  /** A user applied to join a group. */
  'group.application.created': {
    /** Id of the group. */
    group_id: number;
    /** Id of the user. */
    user_id: number;
  };
  /** An application was approved. */
  'group.application.approved': {
    /** Id of the group. */
    group_id: number;
    /** Id of the user. */
    user_id: number;
  };
  /** An application was rejected. */
  'group.application.rejected': {
    /** Id of the group. */
    group_id: number;
    /** Id of the user. */
    user_id: number;
  };
  /** A user was invited to a group and is asked first. */
  'group.invitation.created': {
    /** Id of the group. */
    group_id: number;
    /** Id of the user. */
    user_id: number;
    /** User who invited. */
    inviter_id: number;
  };
  /** The user accepted an invitation. */
  'group.invitation.accepted': {
    /** Id of the group. */
    group_id: number;
    /** Id of the user. */
    user_id: number;
    /** User who invited. */
    inviter_id: number;
  };
  /** The user declined an invitation. */
  'group.invitation.declined': {
    /** Id of the group. */
    group_id: number;
    /** Id of the user. */
    user_id: number;
    /** User who invited. */
    inviter_id: number;
  };
  /** An announcement was published. */
  'group.announcement.published': {
    /** Id of the group. */
    group_id: number;
    /** Id of the announcement. */
    announcement_id: number;
    /** User who published it. */
    author: number;
  };
  /** An announcement was deleted. */
  'group.announcement.deleted': {
    /** Id of the group. */
    group_id: number;
    /** Id of the announcement. */
    announcement_id: number;
    /** User who published it. */
    author: number;
  };
  /** A file appeared in the list of a group. */
  'group.file.published': {
    /** Id of the group. */
    group_id: number;
    /** Id of the file. */
    file_id: number;
    /** User who shared the file. */
    uploader: number;
    /** Name of the file. */
    name: string;
    /** Bytes of the file. */
    size: number;
    /** Media type of the file. */
    type: string;
  };
  /** A file of a group got another name. */
  'group.file.renamed': {
    /** Id of the group. */
    group_id: number;
    /** Id of the file. */
    file_id: number;
    /** User who shared the file. */
    uploader: number;
    /** Name of the file. */
    name: string;
    /** Bytes of the file. */
    size: number;
    /** Media type of the file. */
    type: string;
  };
  /** A file of a group was deleted. */
  'group.file.deleted': {
    /** Id of the group. */
    group_id: number;
    /** Id of the file. */
    file_id: number;
    /** User who shared the file. */
    uploader: number;
    /** Name of the file. */
    name: string;
    /** Bytes of the file. */
    size: number;
    /** Media type of the file. */
    type: string;
  };
  /** An operator changed the app. */
  'app.updated': {
    /** Names of the fields that changed. */
    changed: ('name' | 'status' | 'registration' | 'limits' | 'issuers' | 'secret')[];
  };
  /** An admin token was issued. */
  'app.token.issued': {
    /** Id of the admin token. */
    token_id: string;
    /** Scopes of the admin token; absent: all. */
    scopes?: string[];
  };
  /** An admin token was revoked. */
  'app.token.revoked': {
    /** Id of the admin token. */
    token_id: string;
  };
}

export type EventType = keyof EventData;

/** What a filter names: a type, or all types that begin alike. */
export type EventPattern =
  | EventType
  | 'user.*'
  | 'user.block.*'
  | 'session.*'
  | 'device.*'
  | 'friend.*'
  | 'group.*'
  | 'group.member.*'
  | 'group.user.*'
  | 'group.application.*'
  | 'group.invitation.*'
  | 'group.announcement.*'
  | 'group.file.*'
  | 'app.*'
  | 'app.token.*';

/** The types that a pattern selects. */
export type Selected<P extends EventPattern> = P extends `${infer Group}.*` ? Extract<EventType, `${Group}.${string}`> : P;

interface Envelope {
  /** Version of CloudEvents. */
  specversion: '1.0';
  /** Id of the event, unique for ever. Deduplicate by it. */
  id: string;
  /** The app in which it happened: `/apps/<app_id>`. */
  source: string;
  /** What the event is about. Events of one subject keep the order of its changes. */
  subject: string;
  /** When the change was made (RFC 3339, UTC). */
  time: string;
  /** Media type of `data`. */
  datacontenttype: 'application/json';
  /** Number of the event within its app: 16 digits, ascending by one from `0000000000000001`. */
  sequence: string;
  /** Who made the change: a `user`, the app as a user (`app_as_user`), the `app` itself, an `operator`, or a job of the `system`. */
  authtype: 'user' | 'app_as_user' | 'app' | 'operator' | 'system';
  /** Id of the user (`user`, `app_as_user`), id of the admin token (`app`) or name of the operator; absent for `system`. */
  authid?: string;
  /** Request id of the call (its header `apigw-requestid`) or id of the job. Events of one call share it. */
  cause: string;
}

/** An event: `event.type` tells which `data` it has. */
export type RosterEvent<T extends EventType = EventType> = {
  [Type in T]: Envelope & { type: Type; data: EventData[Type] };
}[T];
