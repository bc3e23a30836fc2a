import * as z from 'zod/mini';
import { PERSONS, profileFields, settingsFields } from '../data/schema.ts';
import { USER_ALLOWANCES } from '../limits.ts';

/**
 * THE CATALOGUE: every type of event, with what it means and what its `data` holds. The types of the client, JSON
 * Schemas, the AsyncAPI document, docs/events.md and the checks of tests are made from it.
 *
 * Functions load only the light parts: `EVENT_TYPES`, `subjectOf` and `selects`. `EVENTS` holds schemas and sentences,
 * which only tools and tests load: so its schemas are functions, and esbuild drops it.
 */

/** All types, in the order of the documents. */
export const EVENT_TYPES = [
  'user.created',
  'user.updated',
  'user.disabled',
  'user.enabled',
  'user.held_back',
  'user.password_changed',
  'user.deleted',
  'user.block.added',
  'user.block.removed',
  'session.created',
  'session.revoked',
  'device.push_bound',
  'device.push_unbound',
  'friend.requested',
  'friend.declined',
  'friend.added',
  'friend.removed',
  'group.created',
  'group.updated',
  'group.owner_changed',
  'group.silenced',
  'group.unsilenced',
  'group.dissolved',
  'group.member.added',
  'group.member.updated',
  'group.member.banned',
  'group.member.unbanned',
  'group.member.removed',
  'group.user.blocked',
  'group.user.unblocked',
  'group.application.created',
  'group.application.approved',
  'group.application.rejected',
  'group.invitation.created',
  'group.invitation.accepted',
  'group.invitation.declined',
  'group.announcement.published',
  'group.announcement.deleted',
  'group.file.published',
  'group.file.renamed',
  'group.file.deleted',
  'app.updated',
  'app.token.issued',
  'app.token.revoked',
] as const;

export type EventType = (typeof EVENT_TYPES)[number];

/** What the names of types begin with: `group` and `group.member` of `group.member.added`. */
type Prefix<T extends string> = T extends `${infer First}.${infer Rest}` ? First | `${First}.${Prefix<Rest>}` : never;
/** All types that begin alike: `group.*`. */
type EventGroup = `${Prefix<EventType>}.*`;

/** What a filter names: a type, or all types that begin alike. */
export type EventPattern = EventType | EventGroup;

/** Whether a pattern selects events of that type. */
export const selects = (pattern: EventPattern, type: EventType): boolean =>
  pattern === type || (pattern.endsWith('.*') && type.startsWith(pattern.slice(0, -1)));

/** Whether the text is a pattern that selects any type at all. */
export const isEventPattern = (text: string): text is EventPattern =>
  EVENT_TYPES.some((type) => selects(text as EventPattern, type));

/** The form of the subject, by what the type begins with: the first that fits. Placeholders are fields of `data`. */
const SUBJECTS: readonly [begins: string, form: string][] = [
  ['group.announcement.', 'group/{group_id}/announcement/{announcement_id}'],
  ['group.file.', 'group/{group_id}/file/{file_id}'],
  ['group.member.', 'group/{group_id}/member/{user_id}'],
  ['group.user.', 'group/{group_id}/member/{user_id}'],
  ['group.application.', 'group/{group_id}/member/{user_id}'],
  ['group.invitation.', 'group/{group_id}/member/{user_id}'],
  ['group.', 'group/{group_id}'],
  ['app.', 'app'],
  ['', 'user/{user_id}'],
];

/** `group/{group_id}/member/{user_id}` */
export const subjectForm = (type: EventType): string => SUBJECTS.find(([begins]) => type.startsWith(begins))![1];

/** The subject of an event: `group/77/member/12`. Events of one subject keep the order of its changes. */
export const subjectOf = <T extends EventType>(type: T, data: EventData[T]): string =>
  subjectForm(type).replaceAll(/\{(\w+)\}/g, (_, field: string) => String((data as Record<string, unknown>)[field]));

// ——— schemas ———

const id = () => z.int().check(z.positive());
/** A user. 0: a user who has been erased since (erased.ts). */
const person = () => z.int().check(z.nonnegative()).register(PERSONS, {});
/** A number that begins at 1. */
const nth = id;
/** Members of the group after the change. Absent where the group is older than its events. */
const count = () => z.optional(z.int().check(z.nonnegative()));
/** Milliseconds since 1970, or -1: for ever. */
const until = () => z.int().check(z.minimum(-1));
const names = (fields: { shape: object }) => Object.keys(fields.shape);
const changed = <const Names extends readonly string[]>(fields: Names) => z.array(z.enum(fields)).check(z.minLength(1));

const ofUser = () => z.strictObject({ user_id: person() });
const ofNamedUser = () => z.strictObject({ user_id: person(), username: z.string() });
const ofDevice = () => z.strictObject({ user_id: person(), device_sn: z.int() });
const ofFriend = () => z.strictObject({ user_id: person(), friend_id: person() });
const ofBlock = () => z.strictObject({ user_id: person(), blocked_id: person() });
const ofGroup = () => z.strictObject({ group_id: id() });
const ofGroupUser = () => z.strictObject({ group_id: id(), user_id: person() });
const ofInvitation = () => z.strictObject({ group_id: id(), user_id: person(), inviter_id: person() });
const ofAnnouncement = () => z.strictObject({ group_id: id(), announcement_id: nth(), author: person() });
const ofFile = () =>
  z.strictObject({
    group_id: id(),
    file_id: nth(),
    uploader: person(),
    name: z.string(),
    /** Bytes. */
    size: z.int().check(z.nonnegative()),
    type: z.string(),
  });

/** Fields of a group that `group.updated` carries with their new value. Of a text it says only that it changed. */
const groupValues = () => ({
  name: z.optional(z.string()),
  avatar: z.optional(z.string()),
  apply_approval: z.optional(z.literal([0, 1, 2])),
  member_invite: z.optional(z.boolean()),
  member_modify: z.optional(z.boolean()),
  history_visible: z.optional(z.boolean()),
  read_ack: z.optional(z.boolean()),
  hide_member_info: z.optional(z.boolean()),
});

/** What the catalogue says of a type. */
interface Row {
  /** When the event happens. A sentence. */
  when: string;
  data: () => z.ZodMiniType;
  /** `data` of an event as it may be. */
  example: object;
}

export const EVENTS = {
  'user.created': {
    when: 'A user registered, or was registered or imported. `via` names the issuer whose token registered it.',
    // `via`: the issuer whose login made the account.
    data: () => z.strictObject({ user_id: person(), username: z.string(), via: z.optional(z.string()) }),
    example: { user_id: 12, username: 'bob' },
  },
  'user.updated': {
    when: 'The profile, a setting, the username, the mobile number, the tags or the bound identities of a user changed.',
    data: () =>
      z.strictObject({
        user_id: person(),
        changed: changed([
          'username',
          'mobile',
          'tags',
          'group_confirm',
          'identities',
          ...(names(profileFields()) as (keyof ReturnType<typeof profileFields>['shape'])[]),
          ...(names(settingsFields()) as (keyof ReturnType<typeof settingsFields>['shape'])[]),
        ]),
      }),
    example: { user_id: 12, changed: ['nick_name', 'avatar'] },
  },
  'user.disabled': { when: 'A user was disabled.', data: ofUser, example: { user_id: 12 } },
  'user.enabled': { when: 'A disabled user was enabled again.', data: ofUser, example: { user_id: 12 } },
  'user.held_back': {
    when: 'A call of a user was refused because the user has used up a limit per caller. Told once an hour at most.',
    data: () => z.strictObject({ user_id: person(), limit: z.enum(USER_ALLOWANCES), until: until() }),
    example: { user_id: 12, limit: 'calls_per_minute', until: 1764421200000 },
  },
  'user.password_changed': {
    when: 'The password of a user changed, by the user or by an admin token.',
    data: ofUser,
    example: { user_id: 12 },
  },
  'user.deleted': {
    when: 'A user was deleted. What follows in its groups comes as events of its own.',
    data: ofNamedUser,
    example: { user_id: 12, username: 'bob' },
  },
  'user.block.added': {
    when: 'A user blocked another user.',
    data: ofBlock,
    example: { user_id: 12, blocked_id: 13 },
  },
  'user.block.removed': {
    when: 'A user unblocked another user.',
    data: ofBlock,
    example: { user_id: 12, blocked_id: 13 },
  },
  'session.created': {
    when: 'A user logged in.',
    data: () => z.strictObject({ user_id: person(), device_sn: z.int(), reason: z.literal('login') }),
    example: { user_id: 12, device_sn: 1, reason: 'login' },
  },
  'session.revoked': {
    when: 'A session of a user ended before its time; without `device_sn`, all of them.',
    data: () =>
      z.strictObject({
        user_id: person(),
        device_sn: z.optional(z.int()),
        // The one session that a user keeps who changes the own password.
        kept_device_sn: z.optional(z.int()),
        reason: z.enum(['kicked', 'removed', 'replaced', 'password_changed', 'disabled', 'deleted']),
      }),
    example: { user_id: 12, reason: 'password_changed', kept_device_sn: 1 },
  },
  'device.push_bound': {
    when: 'A device got a push token.',
    data: ofDevice,
    example: { user_id: 12, device_sn: 1 },
  },
  'device.push_unbound': {
    when: 'A device lost its push token.',
    data: ofDevice,
    example: { user_id: 12, device_sn: 1 },
  },
  'friend.requested': {
    when: '`user_id` asked `friend_id` to become friends.',
    data: ofFriend,
    example: { user_id: 12, friend_id: 13 },
  },
  'friend.declined': {
    when: '`user_id` declined the request of `friend_id`.',
    data: ofFriend,
    example: { user_id: 13, friend_id: 12 },
  },
  'friend.added': {
    when: 'Two users became friends: `user_id` accepted a request, or asked where no consent was needed.',
    data: ofFriend,
    example: { user_id: 13, friend_id: 12 },
  },
  'friend.removed': {
    when: '`user_id` ended a friendship, or was deleted.',
    data: () => z.strictObject({ user_id: person(), friend_id: person(), reason: z.enum(['removed', 'deleted']) }),
    example: { user_id: 12, friend_id: 13, reason: 'removed' },
  },
  'group.created': {
    when: 'A group was created or imported. Its members, the owner among them, come as `group.member.added`.',
    data: () =>
      z.strictObject({
        group_id: id(),
        owner_id: person(),
        type: z.literal([0, 1, 2]),
        name: z.string(),
        capacity: z.int(),
      }),
    example: { group_id: 77, owner_id: 11, type: 0, name: 'Friends', capacity: 500 },
  },
  'group.updated': {
    when: 'Fields of a group changed. Their new values are beside `changed`, except `description` and `ext`.',
    data: () =>
      z.strictObject({
        group_id: id(),
        changed: changed([
          'description',
          'ext',
          ...(names({ shape: groupValues() }) as (keyof ReturnType<typeof groupValues>)[]),
        ]),
        ...groupValues(),
      }),
    example: { group_id: 77, changed: ['name', 'description'], name: 'Old friends' },
  },
  'group.owner_changed': {
    when: 'A member became the owner. A previous owner who stays is told as a plain member by `group.member.updated`.',
    data: () =>
      z.strictObject({
        group_id: id(),
        owner_id: person(),
        previous_owner_id: person(),
        reason: z.enum(['transferred', 'succeeded']),
      }),
    example: { group_id: 77, owner_id: 12, previous_owner_id: 11, reason: 'transferred' },
  },
  'group.silenced': {
    when: 'Only admins may speak in the group until the stated time.',
    data: () => z.strictObject({ group_id: id(), until: until() }),
    example: { group_id: 77, until: -1 },
  },
  'group.unsilenced': {
    when: 'All members may speak in the group again, before the stated time.',
    data: () => z.strictObject({ group_id: id(), until: z.literal(0) }),
    example: { group_id: 77, until: 0 },
  },
  'group.dissolved': {
    when: 'A group was dissolved. Its members get no event of their own.',
    data: ofGroup,
    example: { group_id: 77 },
  },
  'group.member.added': {
    when: 'A user became a plain member, or with the group its owner. `by` is another person who let the user in.',
    data: () =>
      z.strictObject({
        group_id: id(),
        user_id: person(),
        via: z.enum(['created', 'invited', 'invitation', 'applied', 'application', 'qrcode', 'imported']),
        by: z.optional(person()),
        count: count(),
      }),
    example: { group_id: 77, user_id: 12, via: 'invited', by: 11, count: 2 },
  },
  'group.member.updated': {
    when: 'The role, the display name or a setting of a member changed. `role` is told with its new value.',
    data: () =>
      z.strictObject({
        group_id: id(),
        user_id: person(),
        changed: changed(['role', 'display_name', 'mute_mode', 'push_mode']),
        role: z.optional(z.literal([0, 1])),
      }),
    example: { group_id: 77, user_id: 12, changed: ['role'], role: 1 },
  },
  'group.member.banned': {
    when: 'A member may not speak until the stated time.',
    data: () => z.strictObject({ group_id: id(), user_id: person(), until: until() }),
    example: { group_id: 77, user_id: 12, until: 1_790_000_000_000 },
  },
  'group.member.unbanned': {
    when: 'A member may speak again, before the stated time.',
    data: () => z.strictObject({ group_id: id(), user_id: person(), until: z.literal(0) }),
    example: { group_id: 77, user_id: 12, until: 0 },
  },
  'group.member.removed': {
    when: 'A member left, was kicked or blocked, or was deleted.',
    data: () =>
      z.strictObject({
        group_id: id(),
        user_id: person(),
        reason: z.enum(['left', 'kicked', 'blocked', 'deleted']),
        count: count(),
      }),
    example: { group_id: 77, user_id: 12, reason: 'kicked', count: 1 },
  },
  'group.user.blocked': {
    when: 'A user was put on the blacklist of a group.',
    data: ofGroupUser,
    example: { group_id: 77, user_id: 12 },
  },
  'group.user.unblocked': {
    when: 'A user was taken off the blacklist of a group.',
    data: ofGroupUser,
    example: { group_id: 77, user_id: 12 },
  },
  'group.application.created': {
    when: 'A user applied to join a group.',
    data: ofGroupUser,
    example: { group_id: 77, user_id: 12 },
  },
  'group.application.approved': {
    when: 'An application was approved.',
    data: ofGroupUser,
    example: { group_id: 77, user_id: 12 },
  },
  'group.application.rejected': {
    when: 'An application was rejected.',
    data: ofGroupUser,
    example: { group_id: 77, user_id: 12 },
  },
  'group.invitation.created': {
    when: 'A user was invited to a group and is asked first.',
    data: ofInvitation,
    example: { group_id: 77, user_id: 12, inviter_id: 11 },
  },
  'group.invitation.accepted': {
    when: 'The user accepted an invitation.',
    data: ofInvitation,
    example: { group_id: 77, user_id: 12, inviter_id: 11 },
  },
  'group.invitation.declined': {
    when: 'The user declined an invitation.',
    data: ofInvitation,
    example: { group_id: 77, user_id: 12, inviter_id: 11 },
  },
  'group.announcement.published': {
    when: 'An announcement was published.',
    data: ofAnnouncement,
    example: { group_id: 77, announcement_id: 3, author: 11 },
  },
  'group.announcement.deleted': {
    when: 'An announcement was deleted.',
    data: ofAnnouncement,
    example: { group_id: 77, announcement_id: 3, author: 11 },
  },
  'group.file.published': {
    when: 'A file appeared in the list of a group.',
    data: ofFile,
    example: { group_id: 77, file_id: 5, uploader: 12, name: 'plan.pdf', size: 20_480, type: 'pdf' },
  },
  'group.file.renamed': {
    when: 'A file of a group got another name.',
    data: ofFile,
    example: { group_id: 77, file_id: 5, uploader: 12, name: 'plan-2.pdf', size: 20_480, type: 'pdf' },
  },
  'group.file.deleted': {
    when: 'A file of a group was deleted.',
    data: ofFile,
    example: { group_id: 77, file_id: 5, uploader: 12, name: 'plan-2.pdf', size: 20_480, type: 'pdf' },
  },
  'app.updated': {
    when: 'An operator changed the app.',
    data: () => z.strictObject({ changed: changed(['name', 'status', 'registration', 'limits', 'issuers', 'secret']) }),
    example: { changed: ['limits'] },
  },
  'app.token.issued': {
    when: 'An admin token was issued.',
    // `scopes` absent: all.
    data: () => z.strictObject({ token_id: z.string(), scopes: z.optional(z.array(z.string())) }),
    example: { token_id: '9d8a1c0e', scopes: ['read', 'decide'] },
  },
  'app.token.revoked': {
    when: 'An admin token was revoked.',
    data: () => z.strictObject({ token_id: z.string() }),
    example: { token_id: '9d8a1c0e' },
  },
} as const satisfies Record<EventType, Row>;

/** `data` of each type. */
export type EventData = { [T in EventType]: z.output<ReturnType<(typeof EVENTS)[T]['data']>> };

/** What every event carries beside `type` and `data`: the structured JSON of CloudEvents 1.0. */
const envelopeFields = () => ({
  specversion: z.literal('1.0'),
  id: z.string().check(z.minLength(1)),
  source: z.string().check(z.regex(/^\/apps\/[\w-]+$/)),
  subject: z.string(),
  time: z.iso.datetime({ precision: 3 }),
  datacontenttype: z.literal('application/json'),
  sequence: z.string().check(z.regex(/^\d{16}$/)),
  authtype: z.enum(['user', 'app_as_user', 'app', 'operator', 'system']),
  authid: z.optional(z.string()),
  cause: z.string().check(z.minLength(1)),
});

/** The schema of a whole event. */
export const eventSchema = <T extends EventType>(type: T) =>
  z.strictObject({ ...envelopeFields(), type: z.literal(type), data: EVENTS[type].data() }).check(
    z.refine((event) => event.subject === subjectOf(type, event.data as EventData[T]), {
      path: ['subject'],
      error: `The subject is not that of ${type}.`,
    }),
    z.refine((event) => (event.authtype === 'system') === (event.authid === undefined), {
      path: ['authid'],
      error: 'All but the system have an id.',
    }),
  );

type Envelope = z.output<z.ZodMiniObject<ReturnType<typeof envelopeFields>>>;

/** An event of any type: `event.type` tells which `data` it has. */
export type RosterEvent<T extends EventType = EventType> = {
  [Type in T]: Envelope & { type: Type; data: EventData[Type] };
}[T];
