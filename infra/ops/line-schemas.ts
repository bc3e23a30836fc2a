import * as z from 'zod/mini';
import { type Identity, MOST_IDENTITIES } from '../../shared/data/identity-repo.ts';
import { FOR_EVER } from '../../shared/data/membership-repo.ts';
import { KINDS, type Kind, type Line } from '../../shared/domain/app/lines/kinds.ts';
import { type ApiError, badParameter } from '../../shared/errors.ts';
import { bytes, flag, id, integer, LONGEST, list, name, text, title, url } from '../../shared/http/parameters.ts';
import { parameterError } from '../../shared/http/request.ts';
import { identity, newPassword, username } from '../../shared/http/user-schemas.ts';
import { MAXIMUMS } from '../../shared/limits.ts';
import { userPushAlias, userPushBadge, userSettingsSet } from '../../shared/routes/user.ts';

/** What a line may hold, by the rules of the API. A field that no schema knows is refused. */

/** How much the clocks of two machines may differ (ms). */
const CLOCKS = 60_000;
const MILLISECONDS = 'must be milliseconds since 1970, 13 digits';

const past = () =>
  z.pipe(
    integer(0, Number.MAX_SAFE_INTEGER),
    z.int().check(
      z.minimum(1_000_000_000_000, MILLISECONDS),
      z.refine((time) => time <= Date.now() + CLOCKS, 'is in the future'),
    ),
  );
/** When a ban ends; −1 is never. */
const end = () =>
  z.pipe(
    integer(-1, FOR_EVER - 1),
    z.int().check(z.refine((time) => time === -1 || time >= 1_000_000_000_000, `${MILLISECONDS}, or -1`)),
  );
/** When the mute of a group ends; −1 is never, 0 and the past are no mute. */
const muteEnd = () =>
  z.pipe(
    integer(-1, FOR_EVER - 1),
    z.pipe(
      z.int().check(z.refine((time) => time <= 0 || time >= 1_000_000_000_000, `${MILLISECONDS}, 0 or -1`)),
      z.transform((time: number) => (time !== -1 && time <= Date.now() ? 0 : time)),
    ),
  );
const optional = z.optional;
const base64url = (characters: number) =>
  z.string('must be text').check(z.regex(new RegExp(`^[\\w-]{${characters}}$`), 'is not what an export writes'));

const mobile = () =>
  z.pipe(
    z.string('must be text').check(z.regex(/^(\+?[0-9]{5,15})?$/, 'must be 5 to 15 digits, perhaps after a +')),
    z.transform((number: string) => number || undefined),
  );

const SCHEMAS: Record<Kind, z.ZodMiniType> = {
  user: z.strictObject({
    kind: z.literal('user'),
    user_id: id(),
    username: username(),
    mobile: optional(mobile()),
    status: optional(z.enum(['active', 'disabled'], 'must be active or disabled')),
    group_confirm: optional(flag()),
    created_at: optional(past()),
    password: optional(newPassword()),
    // Only the parameters of this service: others could cost any memory and time at each login.
    password_hash: optional(
      z.strictObject({
        salt: base64url(22),
        hash: base64url(43),
        N: z.literal(2 ** 14, 'must be 16384'),
        r: z.literal(8, 'must be 8'),
        p: z.literal(5, 'must be 5'),
      }),
    ),
    nick_name: optional(name(LONGEST.name)),
    avatar: optional(url()),
    description: optional(text(LONGEST.description)),
    email: optional(text(LONGEST.name)),
    private_info: optional(bytes(LONGEST.infoBytes)),
    public_info: optional(bytes(LONGEST.infoBytes)),
    settings: optional(
      z.strictObject({
        ...z.omit(userSettingsSet.request(), { user_id: true, group_confirm: true }).shape,
        alias: optional(userPushAlias.request().shape.alias),
        badge: optional(userPushBadge.request().shape.badge),
      }),
    ),
    tags: optional(
      z.pipe(
        list(title(LONGEST.tag), 0, 100_000),
        z.transform((tags: string[]) => [...new Set(tags)]),
      ),
    ),
    identities: optional(
      list(z.strictObject({ ...identity().shape, created_at: optional(past()) }), 0, MOST_IDENTITIES).check(
        z.refine(
          (all: Identity[]) => new Set(all.map(({ issuer, subject }) => `${issuer}\n${subject}`)).size === all.length,
          'names one twice',
        ),
      ),
    ),
  }),
  friend: z.strictObject({
    kind: z.literal('friend'),
    user_id: id(),
    friend_id: id(),
    created_at: optional(past()),
    alias: optional(name(LONGEST.name)),
    ext: optional(bytes(LONGEST.infoBytes)),
    mute_notification: optional(flag()),
    friend_alias: optional(name(LONGEST.name)),
    friend_ext: optional(bytes(LONGEST.infoBytes)),
    friend_mute_notification: optional(flag()),
  }),
  user_block: z.strictObject({
    kind: z.literal('user_block'),
    user_id: id(),
    blocked_id: id(),
    created_at: optional(past()),
  }),
  friend_request: z.strictObject({
    kind: z.literal('friend_request'),
    user_id: id(),
    sender_id: id(),
    reason: optional(text(LONGEST.reason)),
    alias: optional(name(LONGEST.name)),
    expired_time: optional(integer(1_000_000_000_000, FOR_EVER - 1)),
    created_at: optional(past()),
  }),
  group: z.strictObject({
    kind: z.literal('group'),
    group_id: id(),
    owner_id: id(),
    name: title(LONGEST.name),
    avatar: optional(url()),
    description: optional(text(LONGEST.description)),
    ext: optional(bytes(LONGEST.infoBytes)),
    type: optional(integer(0, 2)),
    capacity: optional(integer(1, MAXIMUMS.group_capacity ?? 1)),
    apply_approval: optional(integer(0, 2)),
    member_invite: optional(flag()),
    member_modify: optional(flag()),
    history_visible: optional(flag()),
    read_ack: optional(flag()),
    hide_member_info: optional(flag()),
    ban_expire_time: optional(muteEnd()),
    created_at: optional(past()),
    updated_at: optional(past()),
  }),
  member: z.strictObject({
    kind: z.literal('member'),
    group_id: id(),
    user_id: id(),
    role: optional(z.enum(['member', 'admin', 'owner'], 'must be member, admin or owner')),
    display_name: optional(name(LONGEST.name)),
    join_time: optional(past()),
    admin_since: optional(past()),
    msg_mute_mode: optional(integer(0, 2)),
    msg_push_mode: optional(integer(0, 4)),
  }),
  block: z.strictObject({ kind: z.literal('block'), group_id: id(), user_id: id(), created_at: optional(past()) }),
  ban: z.strictObject({
    kind: z.literal('ban'),
    group_id: id(),
    user_id: id(),
    expired_time: end(),
    created_at: optional(past()),
  }),
  announcement: z.strictObject({
    kind: z.literal('announcement'),
    group_id: id(),
    id: id(),
    title: title(LONGEST.title),
    content: title(LONGEST.content),
    author: id(),
    created_at: optional(past()),
  }),
};

/** A line before its fields are checked. */
interface GivenLine {
  /** The kind that it names; undefined where there is no such kind, or where it is no JSON object. */
  kind: Kind | undefined;
  given: Record<string, unknown> | undefined;
}

export function readLine(text: string): GivenLine {
  const given = parse(text);
  return { kind: KINDS.find((kind) => kind === given?.kind), given };
}

/** The line or its error. `null` is the same as absent. */
export function checkLine({ kind, given }: GivenLine): Line | ApiError {
  if (given === undefined) return badParameter('line', 'is not a JSON object');
  if (!kind) return badParameter('kind', `must be one of ${KINDS.join(', ')}`);
  const present = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null));
  const { success, data, error } = z.safeParse(SCHEMAS[kind], present);
  if (success) return data as Line;
  const [issue] = error.issues;
  if (issue?.code === 'unrecognized_keys')
    return badParameter([...issue.path, issue.keys[0]].join('.'), 'is no field of this kind of line');
  return parameterError(error, present);
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
