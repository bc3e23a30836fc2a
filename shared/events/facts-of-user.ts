import { isDeepStrictEqual } from 'node:util';
import type { AdminToken, App } from '../data/app-repo.ts';
import { tokenId } from '../data/app-repo.ts';
import { type Contact, REJECTED, WAITING } from '../data/contact-repo.ts';
import type { Device } from '../data/device-repo.ts';
import type { Item } from '../data/read.ts';
import type { User } from '../data/user-repo.ts';
import type { EventData } from './catalogue.ts';
import type { Change, Said } from './facts.ts';

/** What changes of users, devices, contacts, apps and admin tokens say. */
export function factsOfUser(change: Change): Said[] {
  const [kind, , id, token] = change.key.pk.split('#');
  if (kind === 'A') return token === undefined ? ofApp(change) : ofAdminToken(change);
  const user = Number(id);
  const [part, about] = change.key.sk.split('#');
  switch (part) {
    case '':
      return ofUser(user, change);
    case 'P':
    case 'S':
    case 'T':
      return ofRecord(user, change);
    case 'D':
      return ofDevice(user, Number(about), change);
    case 'F':
      return ofContact(user, Number(about), change);
    default:
      return [];
  }
}

type ChangedOfUser = EventData['user.updated']['changed'];

/** Fields of the user's item whose changes are told, by the names that readers know. */
const USER_FIELDS = [
  ['username', 'username'],
  ['mobile', 'mobile'],
  ['confirm', 'group_confirm'],
  // How many there are: none is ever changed, and no write binds one while it unbinds another.
  ['identities', 'identities'],
] as const;

function ofUser(user_id: number, change: Change): Said[] {
  const [was, user] = [change.before as User | undefined, change.after as User];
  if (!was) {
    // An imported user may be disabled from the beginning.
    const disabled: Said[] = user.status === 'disabled' ? [['user.disabled', { user_id }]] : [];
    const { via } = change.stamp.why;
    const made = { user_id, username: user.username, ...(via !== undefined && { via: String(via) }) };
    return [['user.created', made], ...disabled];
  }
  if (was.status === 'deleted') return [];
  // A disabled user has no session that could end.
  const revoked = (data: Omit<EventData['session.revoked'], 'user_id'>): Said[] =>
    was.status === 'active' ? [['session.revoked', { user_id, ...data }]] : [];
  if (user.status === 'deleted')
    return [['user.deleted', { user_id, username: was.username }], ...revoked({ reason: 'deleted' })];
  const changed: ChangedOfUser = USER_FIELDS.flatMap(([field, name]) => (was[field] === user[field] ? [] : [name]));
  const said: Said[] = changed.length > 0 ? [['user.updated', { user_id, changed }]] : [];
  if (was.status !== user.status)
    said.push([user.status === 'disabled' ? 'user.disabled' : 'user.enabled', { user_id }]);
  const { heldBack } = user;
  if (heldBack && heldBack.at !== was.heldBack?.at)
    said.push(['user.held_back', { user_id, limit: heldBack.limit, until: heldBack.until }]);
  const password = !isDeepStrictEqual(was.password, user.password);
  if (password) said.push(['user.password_changed', { user_id }]);
  if (was.epoch === user.epoch) return said;
  const { kept } = change.stamp.why;
  if (password)
    said.push(...revoked({ reason: 'password_changed', ...(kept !== undefined && { kept_device_sn: Number(kept) }) }));
  else said.push(...revoked({ reason: user.status === 'disabled' ? 'disabled' : 'kicked' }));
  return said;
}

/** Attributes of an item that are none of its record. */
const OF_ITEMS = ['pk', 'sk', 'stamp', 'ttl', 'v'];
/** An attribute that is not there is answered as the default of its type, and so is no change to it. */
const answered = (value: unknown) => value || undefined;

/** The profile, the settings or the tags. What a new user comes with is no change. */
function ofRecord(user_id: number, { before = {}, after, stamp }: Change): Said[] {
  if (stamp.why.new) return [];
  const fields = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(
    (field) => !OF_ITEMS.includes(field) && !isDeepStrictEqual(answered(before[field]), answered(after[field])),
  );
  return fields.length > 0 ? [['user.updated', { user_id, changed: fields.sort() as ChangedOfUser }]] : [];
}

function ofDevice(user_id: number, device_sn: number, change: Change): Said[] {
  const [was, device] = [change.before as Partial<Device> | undefined, change.after as Partial<Device>];
  const { why } = change.stamp;
  const of = (sn: number) => ({ user_id, device_sn: sn });
  const said: Said[] = [];
  // A login on a device that has a session replaces it, which is no event of its own.
  if (device.token !== undefined && device.token !== was?.token) {
    for (const sn of serials(why.unbound)) said.push(['device.push_unbound', of(sn)]);
    for (const sn of serials(why.replaced)) said.push(['session.revoked', { ...of(sn), reason: 'replaced' }]);
    said.push(['session.created', { ...of(device_sn), reason: 'login' }]);
  }
  if (device.device_token === undefined) {
    if (was?.device_token !== undefined) said.push(['device.push_unbound', of(device_sn)]);
  } else if (device.device_token !== was?.device_token) said.push(['device.push_bound', of(device_sn)]);
  // Without a reason, the session had ended before.
  if (was?.token !== undefined && device.token === undefined && why.reason !== undefined)
    said.push(['session.revoked', { ...of(device_sn), reason: why.reason as 'kicked' | 'removed' }]);
  return said;
}

/** Numbers of devices, as `signIn` writes them. */
const serials = (text: Item[string]): number[] => (text === undefined ? [] : String(text).split(',').map(Number));

/**
 * Two users have a contact each, and most changes write both. Each event comes from the contact of the user who acts: what
 * a user does lies in one partition then, whose order is that of the events with this user as their subject. Fields show
 * it of requests (`sentAt`), rejections and blocks. Of friendships, which both contacts show alike, the reason in the
 * stamp does: see `tells` in contact-repo.ts.
 */
function ofContact(owner: number, other: number, change: Change): Said[] {
  const [was = {}, contact] = [change.before as Contact | undefined, change.after as Contact];
  const { reason } = change.stamp.why;
  const pair = { user_id: owner, friend_id: other };
  const said: Said[] = [];
  // A request that is sent again is one more.
  if (contact.sentAt !== undefined && contact.sentAt !== was.sentAt) said.push(['friend.requested', pair]);
  if (was.requestStatus === WAITING && contact.requestStatus === REJECTED) said.push(['friend.declined', pair]);
  if (was.friendAt === undefined && contact.friendAt !== undefined && reason === 'added')
    said.push(['friend.added', pair]);
  if (was.friendAt !== undefined && contact.friendAt === undefined) {
    if (reason === 'removed') said.push(['friend.removed', { ...pair, reason }]);
    if (reason === 'deleted') said.push(['friend.removed', { user_id: other, friend_id: owner, reason }]);
  }
  if (was.blockedAt === undefined && contact.blockedAt !== undefined)
    said.push(['user.block.added', { user_id: owner, blocked_id: other }]);
  if (was.blockedAt !== undefined && contact.blockedAt === undefined)
    said.push(['user.block.removed', { user_id: owner, blocked_id: other }]);
  return said;
}

const APP_FIELDS = ['name', 'status', 'registration', 'limits', 'issuers', 'secret'] as const;

function ofApp({ before, after }: Change): Said[] {
  if (!before) return [];
  const app = after as Partial<App> | { status: 'deleted' };
  // The tombstone of an app has lost the other fields, too.
  if (app.status === 'deleted') return [['app.updated', { changed: ['status'] }]];
  const changed = APP_FIELDS.filter((field) => !isDeepStrictEqual(before[field], after[field]));
  return changed.length > 0 ? [['app.updated', { changed }]] : [];
}

function ofAdminToken(change: Change): Said[] {
  const [was, token] = [change.before as AdminToken | undefined, change.after as unknown as AdminToken];
  const data = { token_id: tokenId(token.hash) };
  if (!was) return [['app.token.issued', { ...data, ...(token.scopes && { scopes: token.scopes }) }]];
  return was.revoked === undefined && token.revoked !== undefined ? [['app.token.revoked', data]] : [];
}
