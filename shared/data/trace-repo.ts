import type * as z from 'zod/mini';
import { Unavailable } from '../errors.ts';
import { ERASED, usersIn, withoutUser } from '../events/erased.ts';
import type { AppId, GroupId, UserId } from '../ids.ts';
import { formOf, USERS } from './entity.ts';
import { all, equal, exists, unchanged } from './expression.ts';
import { comparedName, type Key } from './keys.ts';
import { appLog, type EventPage, entriesOf, groupLog, type Log, rewritten } from './log-repo.ts';
import { getItems, type Item, type Query } from './read.ts';
import * as schema from './schema.ts';
import { ENTITIES, PERSONS } from './schema.ts';
import { isStamped, stampOf } from './stamp.ts';
import { put, remove, type Step, update } from './step.ts';
import { ERASED_AT, isErased, type User } from './user-repo.ts';
import { stepsOf } from './write-queue.ts';

/**
 * Where items name a person, found by the schema: in keys by the placeholders of users, in attributes by their type
 * (`PERSONS`), in stamps, and in events. So a kind that is new is found without being named here. For tools and tests: no
 * function loads this.
 */

export type Stored = Item & Key;
type Placed = Record<string, string>;

/** A person of an app, and the texts that name it. */
export interface Person {
  app: AppId;
  user: UserId;
  names: readonly Name[];
}
export interface Name {
  what: 'username' | 'mobile' | 'email' | 'device';
  text: string;
}

/** A kind of items, with what finds its items and the persons in them. */
interface Kind {
  name: string;
  pk: RegExp;
  sk: RegExp;
  fields: z.ZodMiniType;
  own: boolean;
}

const KINDS: Kind[] = Object.entries(ENTITIES).map(([name, { entity, fields }]) => ({
  name,
  pk: formOf(entity.shape.pk),
  sk: formOf(entity.shape.sk),
  fields: fields(),
  own: entity.shape.pk.startsWith('U#{app}#{user}'),
}));

export interface Located {
  kind: string;
  /** What the placeholders of its keys hold. */
  places: Placed;
  /** Absent where the item belongs to no app. */
  app: string | undefined;
}

/** What an item is. Undefined where the schema does not know it. */
export function locate(item: Stored): Located | undefined {
  const found = find(item);
  return found && { kind: found.kind.name, places: found.places, app: found.app };
}

/** @throws Unavailable where an item of this app is of no kind that this release knows: it may say anything */
export function checkKnown(item: Stored, app: AppId): void {
  if (item.pk.split('#')[1] === app && !find(item))
    throw new Unavailable('the app has an item of an unknown kind: use the command line of the deployed release');
}

/** One look per item, though a search asks several questions about it. */
const looks = new WeakMap<Stored, ReturnType<typeof lookFor>>();
function find(item: Stored) {
  if (!looks.has(item)) looks.set(item, lookFor(item));
  return looks.get(item);
}

function lookFor(item: Stored) {
  for (const kind of KINDS) {
    const pk = kind.pk.exec(item.pk);
    const sk = pk && kind.sk.exec(item.sk);
    if (!sk) continue;
    const places: Placed = { ...pk.groups, ...sk.groups };
    const app = places.app ?? places.partition?.split('#')[1] ?? (kind.name === 'job' ? String(item.app) : undefined);
    return { kind, places, app };
  }
  return undefined;
}

/** The value with nobody in the place of the user, wherever the schema says that it names one. */
function without(type: unknown, value: unknown, user: number): unknown {
  if (type === undefined || value === undefined || value === null) return value;
  if (PERSONS.has(type as z.ZodMiniType)) return value === user ? ERASED : value;
  const { def } = (type as { _zod: { def: Record<string, unknown> & { type: string } } })._zod;
  switch (def.type) {
    case 'optional':
      return without(def.innerType, value, user);
    case 'union':
      return (def.options as unknown[]).reduce((one, option) => without(option, one, user), value);
    case 'array':
      return Array.isArray(value) ? value.map((one) => without(def.element, one, user)) : value;
    case 'tuple':
      return Array.isArray(value)
        ? value.map((one, place) => without((def.items as unknown[])[place], one, user))
        : value;
    case 'record':
      return Object.fromEntries(
        Object.entries(value).map(([name, one]): [string, unknown] => [name, without(def.valueType, one, user)]),
      );
    case 'object': {
      if (typeof value !== 'object' || Array.isArray(value)) return value;
      const next: Item = { ...value };
      for (const [name, field] of Object.entries(def.shape as Record<string, unknown>))
        if (name in next) next[name] = without(field, next[name], user);
      return next;
    }
    default:
      return value;
  }
}

/** What is to be done about a trace. */
export type Trace = { kind: string } & (
  | { does: 'remove' | 'change'; steps: Step[] }
  /** Others count it, and events tell its end: the domain writes it. */
  | { does: 'end'; what: 'block of a group'; group: GroupId }
  | { does: 'end'; what: 'contact'; other: UserId }
  | { does: 'end'; what: 'job'; key: Key }
  /** Something that still works with the user must end first. */
  | { does: 'wait' }
  /** The number itself, for so long (s): see docs/privacy.md. */
  | { does: 'keep'; until?: number | undefined }
);

const changed = (kind: string, ...steps: Step[]): Trace => ({ kind, does: 'change', steps });
const removed = (kind: string, ...steps: Step[]): Trace => ({ kind, does: 'remove', steps });

/** What the person's item becomes: it says that the number is used, and nothing else. */
const bare = (user: UserId, epoch: unknown) => ({
  user,
  status: 'deleted',
  username: '',
  epoch,
  confirm: false,
  joined: 0,
  owned: 0,
  createdAt: ERASED_AT,
});

/** An item that is written by nobody else any more may be removed as it is. */
const asRead = (item: Stored, ...names: string[]) => all(exists, unchanged(item as Item, ...names));

/** What an item of the person's app says about the person; undefined where it says nothing. */
export function traceOf(item: Stored, person: Person, now: number): Trace | undefined {
  const found = find(item);
  if (!found || found.app !== person.app) return undefined;
  const { kind, places } = found;
  const { user } = person;
  const key = { pk: item.pk, sk: item.sk };
  const isUser = (text: string | undefined) => Number(text) === user;
  switch (kind.name) {
    case 'erasure':
      return undefined;
    case 'user': {
      if (!isUser(places.user)) break;
      if (item.status !== 'deleted') return { kind: kind.name, does: 'wait' };
      return isErased(item as unknown as User)
        ? { kind: kind.name, does: 'keep' }
        : changed(kind.name, put(key, bare(user, item.epoch), asRead(item, 'status', 'epoch')));
    }
    case 'stream position':
      return places.partition?.split('#').slice(0, 3).join('#') === schema.user.partition(person.app, user)
        ? { kind: kind.name, does: 'keep', until: Number(item.ttl) }
        : undefined;
    case 'lock-out': {
      const accounts = [String(user), ...person.names.map(({ text }) => accountOf(text))];
      return accounts.includes(places.account ?? '') ? removed(kind.name, remove(key)) : undefined;
    }
    case 'idempotency record': {
      const value = JSON.stringify(withoutInAnswer(JSON.parse(String(item.value)), person));
      return value === item.value
        ? undefined
        : changed(kind.name, update(key, { set: { value } }, unchanged(item as Item, 'value')));
    }
    case 'job':
      if (item.user !== undefined)
        return item.user === user ? { kind: kind.name, does: 'end', what: 'job', key } : undefined;
      if (!Array.isArray(item.users) || !item.users.includes(user)) return undefined;
      // What the job would remove of this user is removed by the erasure.
      return changed(
        kind.name,
        item.users.length === 1
          ? remove(key)
          : update(key, { set: { users: item.users.filter((one) => one !== user) } }, unchanged(item as Item, 'users')),
      );
    case 'queued write': {
      const text = JSON.stringify(stepsOf({ steps: String(item.steps) }).map(({ key, item }) => ({ key, item })));
      if (!new RegExp(`\\b${user}\\b`).test(text)) return undefined;
      // Nobody performs it after a few seconds.
      return now - Number(places.at) > QUEUED ? removed(kind.name, remove(key)) : { kind: kind.name, does: 'wait' };
    }
    case 'event page':
    case 'open event page':
    case 'change page':
    case 'open change page': {
      const log = logOf(person.app, places.group);
      const entries = unpacked(item);
      if (!entries.some((entry) => usersIn(entry).includes(user))) return undefined;
      return changed(
        kind.name,
        rewritten(
          log,
          item as unknown as EventPage,
          entries.map((entry) => withoutUser(entry, user)),
        ),
      );
    }
    case 'delivery': {
      if (item.failed === undefined) return undefined;
      const event = JSON.parse(String(item.failed)) as Entry;
      if (!usersIn(event).includes(user)) return undefined;
      const failed = JSON.stringify(withoutUser(event, user));
      return changed(kind.name, update(key, { set: { failed } }, unchanged(item as Item, 'failed')));
    }
    case 'webhook attempt':
      return namesIn(String(item.answer ?? ''), person.names)
        ? changed(kind.name, update(key, { set: { answer: undefined } }, exists))
        : undefined;
    case 'sequence':
      // Only the write that deletes announcements tells of them.
      if ((item.deleted as { author: UserId }[] | undefined)?.some(({ author }) => author === user))
        return changed(kind.name, update(key, { set: { deleted: undefined } }, unchanged(item as Item, 'deleted')));
      break;
    case 'group':
      // The job of the deletion has not passed it on yet.
      if (item.owner === user && item.status === 'normal') return { kind: kind.name, does: 'wait' };
      break;
    case 'group membership':
      if (!isUser(places.user)) break;
      if (item.state === 'member') return { kind: kind.name, does: 'wait' };
      if (item.state === 'blocked' || item.bannedUntil !== undefined)
        return { kind: kind.name, does: 'end', what: 'block of a group', group: Number(places.group) as GroupId };
      return removed(kind.name, remove(key, asRead(item, 'state')));
    case 'contact':
      if (!isUser(places.other) || isUser(places.user)) break;
      return { kind: kind.name, does: 'end', what: 'contact', other: Number(places.user) as UserId };
  }
  if (kind.own && isUser(places.user)) return removed(kind.name, remove(key));
  if (USERS.some((name) => isUser(places[name]))) return removed(kind.name, remove(key));
  // What leads to the user (a name, a number, a push token) goes with it.
  if (item.user === user) return removed(kind.name, remove(key, equal('user', user)));
  const { pk, sk, ...attributes } = item;
  const next = without(kind.fields, attributes, user) as Item;
  const set = Object.fromEntries(
    Object.keys(attributes).flatMap((name) =>
      JSON.stringify(next[name]) === JSON.stringify(attributes[name]) ? [] : [[name, next[name]]],
    ),
  );
  const stamp = isStamped(key) && typeof item.stamp === 'string' ? item.stamp : undefined;
  if (Object.keys(set).length > 0) return changed(kind.name, update(key, { set }, asRead(item, ...Object.keys(set))));
  // An update by an operator stamps it anew, and tells nothing, since nothing else changes.
  if (stamp !== undefined && stampNames(stamp, user))
    return changed(kind.name, update(key, { set: {} }, equal('stamp', stamp)));
  return undefined;
}

/** The events that an item of the app's feed holds. */
export const eventsIn = (item: Stored, app: AppId): Entry[] =>
  typeof item.events === 'string' && (item.pk === `V#${app}` || item.pk.startsWith(`V#${app}#`)) ? unpacked(item) : [];

/** The events of a page, unpacked once. */
const pages = new WeakMap<Stored, Entry[]>();
function unpacked(page: Stored): Entry[] {
  const entries = pages.get(page) ?? entriesOf<Entry>(page as unknown as EventPage);
  pages.set(page, entries);
  return entries;
}

/** Longer than any call waits for its queue (ms). */
const QUEUED = 60_000;
type Entry = Parameters<typeof withoutUser>[0];
const logOf = (app: AppId, group: string | undefined): Log =>
  group === undefined ? appLog(app) : groupLog(app, Number(group) as GroupId);

/** Whether an item was last changed by the person, or says that the person let somebody in. */
function stampNames(stamp: string, user: UserId): boolean {
  const { type, id, why } = stampOf(stamp);
  const isAuthor = (type === 'user' || type === 'app_as_user') && id === String(user);
  return isAuthor || why.by === user || why.owner === user;
}

/** The key of failed logins by a name that nobody has: see `loginByName`. */
const accountOf = (name: string) =>
  process.getBuiltinModule('node:crypto').hash('sha256', comparedName(name), 'base64url');

/** Names of the fields of kept answers that hold a user. */
const IN_ANSWERS = ['user_id', 'user', 'author', 'uploader', 'owner', 'owner_id', 'inviter_id', 'applicant_id'];

/** An answer that is kept for a repeated call: the answers of `register/batch` are pairs of a place and a user, too. */
function withoutInAnswer(value: unknown, person: Person): unknown {
  if (Array.isArray(value)) {
    const [place, user, ...more] = value;
    if (typeof place === 'number' && user === person.user && more.length === 0) return [place, ERASED];
    return value.map((one) => withoutInAnswer(one, person));
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => {
      if (IN_ANSWERS.includes(name) && one === person.user) return [name, ERASED];
      if (name === 'username' && typeof one === 'string' && namesIn(one, person.names)) return [name, ''];
      return [name, withoutInAnswer(one, person)];
    }),
  );
}

/** Whether a text contains one of the names as a word. */
export const namesIn = (text: string, names: readonly Name[]): boolean =>
  names.some(({ text: name }) => wordOf(name).test(text));
const words = new Map<string, RegExp>();
function wordOf(name: string): RegExp {
  const known = words.get(name);
  if (known) return known;
  const escaped = name.replaceAll(/[^\p{L}\p{N}_]/gu, (letter) => `\\u{${letter.codePointAt(0)!.toString(16)}}`);
  const word = new RegExp(`(?<![\\p{L}\\p{N}_])${escaped}(?![\\p{L}\\p{N}_])`, 'iu');
  words.set(name, word);
  return word;
}

/** Every text of an item, those inside of events, too. */
function* textsOf(value: unknown): Generator<string> {
  if (typeof value === 'string') yield value;
  else if (typeof value === 'object' && value !== null) for (const one of Object.values(value)) yield* textsOf(one);
}

/** Whether texts that others wrote contain a name of the person. Keys are compared, too. */
export function mentions(item: Stored, { app, names }: Person): boolean {
  const found = find(item);
  if (!found || found.app !== app || found.kind.name === 'erasure') return false;
  const isPage = typeof item.events === 'string' && typeof item.last === 'number';
  const content = isPage ? unpacked(item) : { ...item, stamp: undefined };
  for (const text of textsOf(content)) if (namesIn(text, names)) return true;
  return false;
}

/** Attributes that say nothing about a person, or that open a door. */
const LEFT_OUT = /^(pk|sk|[lg]si\dp?sk?|gsi1pk|stamp|v|password|token|secrets?|hash|mark)$/;
/** What a user keeps about another is the user's own. */
const NOTES: Record<string, readonly string[]> = { contact: ['alias', 'mute', 'ext'] };

/**
 * What an item holds about a person, as a record for the person; undefined where that is nothing. Without keys of
 * sessions, hashes of passwords, and what others have noted for themselves.
 */
export function recordAbout(item: Stored, person: Person, now: number): Record<string, unknown> | undefined {
  const trace = traceOf(item, person, now);
  const found = find(item);
  if (!found || found.app !== person.app) return undefined;
  const { kind, places } = found;
  const isOwn = kind.own && Number(places.user) === person.user;
  if (!isOwn && !trace) return undefined;
  if (!isOwn && NOT_TOLD.includes(kind.name)) return undefined;
  const { app: _, ...ids } = places;
  const base = {
    kind: kind.name,
    ...Object.fromEntries(Object.entries(ids).map(([name, text]) => [name, /^\d+$/.test(text) ? Number(text) : text])),
  };
  const { pk, sk, ...attributes } = item;
  // A lock-out names its user as an account.
  const inKey = [...USERS, 'account'].some((name) => Number(places[name]) === person.user);
  // An item of another user that only counts this one (`invitedBy`) is the other's: account, number and all.
  const inFields =
    !kind.own && JSON.stringify(without(kind.fields, attributes, person.user)) !== JSON.stringify(attributes);
  if (!isOwn && !inKey && !inFields) {
    const stamp = String(item.stamp ?? '0');
    if (!stampNames(stamp, person.user)) return undefined;
    return { ...base, kind: 'last change', of: kind.name, changed_at: stampOf(stamp).at };
  }
  const hidden = isOwn ? [] : (NOTES[kind.name] ?? []);
  return {
    ...base,
    ...Object.fromEntries(Object.entries(item).filter(([name]) => !LEFT_OUT.test(name) && !hidden.includes(name))),
  };
}

/** Everything that lies with a user, and the names that it holds: what a deletion removes. */
export const partitionOf = (app: AppId, user: UserId): Query<Stored[]> =>
  getItems({ partition: schema.user.partition(app, user), between: ['!', '~'], all: true });

/** Work in progress, and events, which are exported as events. */
const NOT_TOLD = [
  'contact ext',
  'event page',
  'open event page',
  'change page',
  'open change page',
  'delivery',
  'webhook attempt',
  'idempotency record',
  'job',
  'queued write',
  'stream position',
  'sequence',
];

// ——— an erased app ———
/** The items to remove with an item of an erased app; undefined where it is of another app, or stays. */
export function removalOf(item: Stored, app: AppId): Step[] | undefined {
  const found = find(item);
  if (!found || found.app !== app) return undefined;
  // The tombstone of the app: its id is never used again.
  if (found.kind.name === 'app') return undefined;
  // The erasure of the app removes itself. One of a user that was never ended holds the user's names.
  if (found.kind.name === 'erasure' && item.sk === 'app') return undefined;
  const key = { pk: item.pk, sk: item.sk };
  const registered = found.kind.name === 'file' && item.registered === true && typeof item.random === 'string';
  return registered ? [remove(key), remove(schema.registration.key(String(item.random)))] : [remove(key)];
}
