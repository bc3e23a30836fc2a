import { styleText } from 'node:util';
import type { EventData, EventType, RosterEvent } from '../../shared/events/catalogue.ts';

/** What the sentence of an event needs besides its data. */
interface Names {
  /** `user 12`, or `themself` for the one who acts. */
  user: (id: number) => string;
  /** Whether this user acts. */
  acts: (id: number) => boolean;
}

const group = ({ group_id }: { group_id: number }) => `group ${group_id}`;
const until = (time: number) => (time < 0 ? 'for ever' : `until ${new Date(time).toISOString().slice(0, 16)}Z`);
/** A text that others wrote, without what a terminal could take for a command. */
const quoted = (text: string) => JSON.stringify(text.replaceAll(/[\p{Cc}\p{Cf}]/gu, ''));
const file = ({ file_id, name }: EventData['group.file.published']) => `file ${file_id} ${quoted(name)}`;
const named = (username: string) => (username === '' ? '' : ` ${quoted(username)}`);

/** What somebody did, as a sentence that goes on after the name of that somebody. */
const SENTENCES: { [T in EventType]: (data: EventData[T], names: Names) => string } = {
  'user.created': ({ user_id, username }, { user, acts }) =>
    acts(user_id) ? `registered${named(username)}` : `registered ${user(user_id)}${named(username)}`,
  'user.updated': ({ user_id, changed }, { user }) => `changed ${changed.join(', ')} of ${user(user_id)}`,
  'user.disabled': ({ user_id }, { user }) => `disabled ${user(user_id)}`,
  'user.enabled': ({ user_id }, { user }) => `enabled ${user(user_id)}`,
  'user.held_back': ({ limit, until: end }) => `used up ${limit}, held back ${until(end)}`,
  'user.password_changed': ({ user_id }, { user }) => `changed the password of ${user(user_id)}`,
  'user.deleted': ({ user_id, username }, { user }) => `deleted ${user(user_id)}${named(username)}`,
  'user.block.added': ({ user_id, blocked_id }, { user, acts }) =>
    `blocked user ${blocked_id}${acts(user_id) ? '' : ` for ${user(user_id)}`}`,
  'user.block.removed': ({ user_id, blocked_id }, { user, acts }) =>
    `unblocked user ${blocked_id}${acts(user_id) ? '' : ` for ${user(user_id)}`}`,
  'session.created': ({ user_id, device_sn }, { user, acts }) =>
    `logged in${acts(user_id) ? '' : ` ${user(user_id)}`} on device ${device_sn}`,
  'session.revoked': ({ user_id, device_sn, reason }, { user }) =>
    `ended ${device_sn === undefined ? 'the sessions' : `the session on device ${device_sn}`} of ${user(user_id)} (${reason})`,
  'device.push_bound': ({ user_id, device_sn }, { user }) => `bound push on device ${device_sn} of ${user(user_id)}`,
  'device.push_unbound': ({ user_id, device_sn }, { user }) =>
    `unbound push on device ${device_sn} of ${user(user_id)}`,
  'friend.requested': ({ user_id, friend_id }, { user, acts }) =>
    `asked user ${friend_id} to become a friend${acts(user_id) ? '' : ` of ${user(user_id)}`}`,
  'friend.declined': ({ user_id, friend_id }, { user, acts }) =>
    `declined the request of user ${friend_id}${acts(user_id) ? '' : ` to ${user(user_id)}`}`,
  'friend.added': ({ user_id, friend_id }, { user, acts }) =>
    acts(user_id) ? `became a friend of user ${friend_id}` : `made ${user(user_id)} and user ${friend_id} friends`,
  'friend.removed': ({ user_id, friend_id, reason }, { user }) =>
    `ended the friendship of ${user(user_id)} with user ${friend_id} (${reason})`,
  'group.created': (data, { user, acts }) =>
    `created ${group(data)} ${quoted(data.name)}${acts(data.owner_id) ? '' : ` for ${user(data.owner_id)}`}`,
  'group.updated': (data) => `changed ${data.changed.join(', ')} of ${group(data)}`,
  'group.owner_changed': (data, { user }) =>
    `made ${user(data.owner_id)} the owner of ${group(data)} instead of ${user(data.previous_owner_id)} (${data.reason})`,
  'group.silenced': (data) => `silenced ${group(data)} ${until(data.until)}`,
  'group.unsilenced': (data) => `ended the silence of ${group(data)}`,
  'group.dissolved': (data) => `dissolved ${group(data)}`,
  'group.member.added': (data, { user, acts }) =>
    `${acts(data.user_id) ? 'joined' : `added ${user(data.user_id)} to`} ${group(data)} (${data.via}${
      data.by === undefined || acts(data.by) ? '' : ` by ${user(data.by)}`
    })`,
  'group.member.updated': (data, { user }) =>
    data.role === undefined
      ? `changed ${data.changed.join(', ')} of ${user(data.user_id)} in ${group(data)}`
      : `made ${user(data.user_id)} ${data.role === 1 ? 'an admin' : 'a plain member'} of ${group(data)}`,
  'group.member.banned': (data, { user }) => `banned ${user(data.user_id)} in ${group(data)} ${until(data.until)}`,
  'group.member.unbanned': (data, { user }) => `ended the ban of ${user(data.user_id)} in ${group(data)}`,
  'group.member.removed': (data, { user, acts }) =>
    data.reason === 'kicked'
      ? `kicked ${user(data.user_id)} from ${group(data)}`
      : data.reason === 'left' && acts(data.user_id)
        ? `left ${group(data)}`
        : `removed ${user(data.user_id)} from ${group(data)} (${data.reason})`,
  'group.user.blocked': (data, { user }) => `blocked ${user(data.user_id)} in ${group(data)}`,
  'group.user.unblocked': (data, { user }) => `unblocked ${user(data.user_id)} in ${group(data)}`,
  'group.application.created': (data, { user, acts }) =>
    `applied ${acts(data.user_id) ? '' : `for ${user(data.user_id)} `}to join ${group(data)}`,
  'group.application.approved': (data, { user }) =>
    `approved the application of ${user(data.user_id)} to ${group(data)}`,
  'group.application.rejected': (data, { user }) =>
    `rejected the application of ${user(data.user_id)} to ${group(data)}`,
  'group.invitation.created': (data, { user }) => `invited ${user(data.user_id)} to ${group(data)}`,
  'group.invitation.accepted': (data, { user, acts }) =>
    `accepted the invitation of user ${data.inviter_id} to ${group(data)}${acts(data.user_id) ? '' : ` for ${user(data.user_id)}`}`,
  'group.invitation.declined': (data, { user, acts }) =>
    `declined the invitation of user ${data.inviter_id} to ${group(data)}${acts(data.user_id) ? '' : ` for ${user(data.user_id)}`}`,
  'group.announcement.published': (data) => `published announcement ${data.announcement_id} in ${group(data)}`,
  'group.announcement.deleted': (data) => `deleted announcement ${data.announcement_id} of ${group(data)}`,
  'group.file.published': (data) => `published ${file(data)} in ${group(data)}`,
  'group.file.renamed': (data) => `renamed ${file(data)} of ${group(data)}`,
  'group.file.deleted': (data) => `deleted ${file(data)} of ${group(data)}`,
  'app.updated': ({ changed }) => `changed ${changed.join(', ')} of the app`,
  'app.token.issued': ({ token_id }) => `issued admin token ${token_id}`,
  'app.token.revoked': ({ token_id }) => `revoked admin token ${token_id}`,
};

/** Who acted: `user 11`, `an admin token as user 11`, `admin token 99dedc0c572e`, `operator jane`, `system`. */
function actor({ authtype, authid }: RosterEvent): string {
  const id = authid === undefined ? '' : ` ${authid}`;
  const names = { user: 'user', app_as_user: 'an admin token as user', app: 'admin token', operator: 'operator' };
  return authtype === 'system' ? 'system' : `${names[authtype]}${id}`;
}

/** What somebody did in an event: `kicked user 12 from group 77`. */
export function sentenceOf(event: RosterEvent): string {
  const acts = (id: number) => ['user', 'app_as_user'].includes(event.authtype) && event.authid === String(id);
  const user = (id: number) => (acts(id) ? 'themself' : `user ${id}`);
  // A type of a later release may be in the archive.
  const say = SENTENCES[event.type] as ((data: unknown, names: Names) => string) | undefined;
  return say?.(event.data, { user, acts }) ?? `${event.type} ${event.subject}`;
}

/**
 * One line that answers who did what, when, by which call. In colours where stdout is a terminal, and NO_COLOR is not set.
 */
export function lineOf(event: RosterEvent): string {
  const time = event.time.slice(0, 19).replace('T', ' ');
  return [
    styleText('dim', `${time}  #${Number(event.sequence)}`.padEnd(28)),
    `${styleText('cyan', actor(event))} ${styleText('bold', sentenceOf(event))}`,
    styleText('dim', `(${event.cause})`),
  ].join('  ');
}
