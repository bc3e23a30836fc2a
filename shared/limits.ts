/** The defaults of an app's limits; its record may set others. Durations are in seconds, sizes in bytes. */
export const LIMITS = {
  /** Members per group, stored in the group when it is made. */
  group_capacity: 2000,
  /** Admins per group, without its owner. */
  group_admins: 50,
  groups_owned: 1000,
  groups_joined: 1000,
  /** Of the whole app, like `users`; 0 is unlimited. */
  groups: 0,
  users: 0,
  /** 1: guests may register. */
  guests: 0,
  announcements: 100,
  files: 1000,
  file_size: 104_857_600,
  avatar_size: 5_242_880,
  /** Of presigned addresses, like `download_life`. */
  upload_life: 900,
  download_life: 3600,
  invitation_life: 604_800,
  application_life: 604_800,
  qrcode_life: 604_800,
  session_life: 2_592_000,
  devices: 20,
  tags: 100,
  friends: 3000,
  blocked: 1000,
  /** Open requests that a user has received. */
  friend_requests: 500,
  /** 1: users who are not friends may write to each other. */
  strangers_may_message: 1,
  /** Days for which events can be read; 0: the app has none. */
  event_days: 30,
  /**
   * Per user, for calls with the user's own token; 0: unlimited, like the others per caller below. A call counts by its
   * price: see shared/call/allowance.ts.
   */
  calls_per_minute: 300,
  /** Users invited to groups. */
  invitations_per_hour: 300,
  /** Invitations of one inviter to one user who asked to consent. */
  invitations_per_user_per_day: 20,
  /** Applications to groups, and friend requests. */
  applications_per_hour: 200,
  groups_per_hour: 60,
  uploads_per_hour: 300,
  upload_megabytes_per_day: 2048,
  /** Per network address (IPv4 /24, IPv6 /56). */
  registrations_per_hour: 300,
  failed_logins_per_hour: 300,
  form_uploads_per_hour: 1000,
} as const;

export type LimitName = keyof typeof LIMITS;
export type Limits = { [name in LimitName]: number };

/** The most that an operator may set. A larger limit in an app's record counts as this. */
export const MAXIMUMS: Partial<Limits> = {
  group_capacity: 100_000,
  guests: 1,
  groups_joined: 3000,
  /** These lists have no pages: one answer holds each. */
  group_admins: 1000,
  devices: 100,
  announcements: 1000,
  /** One item holds them, and a call reads it before rights are proven: see `Shape.bytes`. */
  tags: 200,
  friends: 10_000,
  /** A list without pages. */
  blocked: 5000,
  /** One call may count them. */
  friend_requests: 1000,
  strangers_may_message: 1,
  event_days: 400,
  // The function that publishes an avatar holds it in memory.
  avatar_size: 20_971_520,
  invitation_life: 2_592_000,
  application_life: 2_592_000,
  qrcode_life: 2_592_000,
  // A presigned address ends with the session of the role that signed it. That lasts longer than an hour.
  upload_life: 3600,
  download_life: 3600,
};

const [MINUTE, HOUR, DAY] = [60_000, 3_600_000, 86_400_000];

/**
 * Limits per caller: the attribute that holds until when the caller has used up its allowance, and the time (ms) of which
 * the limit speaks. Limits of users lie on the user's item, those of addresses on an item of the address.
 */
export const ALLOWANCES = {
  calls_per_minute: ['paidCalls', MINUTE],
  invitations_per_hour: ['paidInvitations', HOUR],
  applications_per_hour: ['paidApplications', HOUR],
  groups_per_hour: ['paidGroups', HOUR],
  uploads_per_hour: ['paidUploads', HOUR],
  upload_megabytes_per_day: ['paidMegabytes', DAY],
  registrations_per_hour: ['paidRegistrations', HOUR],
  failed_logins_per_hour: ['paidFailures', HOUR],
  form_uploads_per_hour: ['paidForms', HOUR],
} as const satisfies Partial<Record<LimitName, readonly [attribute: string, per: number]>>;

export type AllowanceName = keyof typeof ALLOWANCES;
export type UserAllowance = (typeof USER_ALLOWANCES)[number];

/** Allowances of users, not of addresses. */
export const USER_ALLOWANCES = [
  'calls_per_minute',
  'invitations_per_hour',
  'applications_per_hour',
  'groups_per_hour',
  'uploads_per_hour',
  'upload_megabytes_per_day',
] as const satisfies AllowanceName[];

/** Bytes, as `upload_megabytes_per_day` counts. */
export const MEGABYTE = 1_048_576;

/** Seconds for which a file stays reserved for its upload. */
export const RESERVATION_LIFE = 86_400;

/** Seconds for which handled and expired invitations and applications stay in the lists. */
export const KEPT_IN_LISTS = 2_592_000;

/** Characters of an issuer's name, and of the name that it has for a user, at most. */
export const LONGEST_ISSUER = 256;
export const LONGEST_SUBJECT = 255;
