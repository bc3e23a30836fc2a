import { isDeepStrictEqual } from 'node:util';
import { countOf, emptyModel, type FoldedEvent, fold, type GroupModel, type Model } from '../../client/fold.ts';
import { differences } from '../../infra/ops/event-differences.ts';
import { tokenHash } from '../../shared/call/token.ts';
import { tokenId } from '../../shared/data/app-repo.ts';
import type { Contact } from '../../shared/data/contact-repo.ts';
import type { Group, GroupInfo } from '../../shared/data/group-repo.ts';
import { jobId } from '../../shared/data/job-repo.ts';
import { FOR_EVER, type Key } from '../../shared/data/keys.ts';
import { type EventPage, entriesOf } from '../../shared/data/log-repo.ts';
import type { GroupMembership } from '../../shared/data/membership-repo.ts';
import type { Item } from '../../shared/data/read.ts';
import type { User } from '../../shared/data/user-repo.ts';
import { type EventEntry, eventOf } from '../../shared/domain/event/entry.ts';
import {
  EVENT_TYPES,
  type EventPattern,
  type EventType,
  eventSchema,
  type RosterEvent,
  selects,
} from '../../shared/events/catalogue.ts';
import type { Answer } from '../support/api.ts';
import { eventsBy } from '../support/events.ts';
import type { Call, EntryReply } from './commands/command.ts';
import { commandOf } from './commands/index.ts';
import type { Relays } from './relays.ts';
import type { Run } from './run.ts';

type Whole = Item & Key;

/** A call as its events must name it. */
interface Caused {
  call: Call;
  author: { authtype: RosterEvent['authtype']; authid: string };
  /** It was refused: it may tell nothing. */
  refused: boolean;
  /** Users and files whose entries were refused. */
  entries: Set<number>;
}

/** A list of a group, as the app saw it at some moment: what it says of each user, and its version. */
interface List {
  version: number;
  users: { [user: string]: number };
}
const LISTS = ['member_list', 'blocked_list', 'banned_list'] as const;
type Lists = { [name in (typeof LISTS)[number]]: List };

/** Whoever joins in another way had an application or not. */
const JOINS: EventPattern[] = ['group.member.added', 'group.member.banned', 'group.application.approved'];
const FRIENDS: EventPattern[] = ['friend.*'];

/** What each operation may tell. */
const TELLS: { [op: string]: EventPattern[] } = {
  create: ['group.created', 'group.member.added', 'group.invitation.created'],
  destroy: ['group.dissolved'],
  transfer: ['group.owner_changed', 'group.member.updated', 'group.member.unbanned'],
  'admin/add': ['group.member.updated', 'group.member.unbanned'],
  'admin/remove': ['group.member.updated'],
  leave: ['group.member.removed', 'group.member.unbanned'],
  kick: ['group.member.removed', 'group.member.unbanned'],
  block: ['group.member.removed', 'group.member.unbanned', 'group.user.blocked'],
  unblock: ['group.user.unblocked'],
  silence: ['group.silenced', 'group.unsilenced'],
  ban: ['group.member.banned'],
  unban: ['group.member.unbanned'],
  apply: [...JOINS, 'group.application.created'],
  'apply/handle': [...JOINS, 'group.application.approved', 'group.application.rejected'],
  invite: [...JOINS, 'group.invitation.created'],
  'invite/handle': [...JOINS, 'group.invitation.*', 'group.application.created'],
  'qrcode/invite': JOINS,
  member_invite: ['group.updated'],
  approval: ['group.updated'],
  'file/register': ['group.file.published'],
  'file/link': ['group.file.published'],
  'file/delete': ['group.file.deleted'],
  'file/update_name': ['group.file.renamed'],
  group_confirm: ['user.updated'],
  auth_mode: ['user.updated'],
  'user/delete': ['user.deleted', 'session.revoked'],
  'roster/apply': FRIENDS,
  'roster/apply/batch': FRIENDS,
  'roster/accept': FRIENDS,
  'roster/decline': FRIENDS,
  'roster/delete': FRIENDS,
  'roster/block': ['user.block.added'],
  'roster/unblock': ['user.block.removed'],
};

/** What must hold of the events of a run: see ../../../shared/spec/extensions.md, 1.4. */
export class EventRules {
  readonly #run: Run;
  readonly #relays: Relays;
  readonly #calls = new Map<string, Caused>();
  /** Records of what there was before the first call. */
  #before = 0;
  readonly #lists: { group: number; lists: Lists }[] = [];

  constructor(run: Run, relays: Relays) {
    this.#run = run;
    this.#relays = relays;
  }

  /** All that is in the stream by now was there before the first call. */
  begin(): void {
    this.#before = this.#relays.records.length;
  }

  /** @returns the id that the gateway gives to the call */
  called(call: Call, acts: 'user' | 'app as user' | 'app', nth: number): string {
    const { adminToken } = this.#run.given;
    const id = `call-${nth}`;
    const author =
      acts === 'app'
        ? { authtype: 'app' as const, authid: tokenId(tokenHash(adminToken)) }
        : { authtype: acts === 'user' ? ('user' as const) : ('app_as_user' as const), authid: String(call.actor) };
    this.#calls.set(id, { call, author, refused: false, entries: new Set() });
    return id;
  }

  answered(id: string, outcome: Answer['outcome'], data: unknown): void {
    const caused = this.#calls.get(id)!;
    caused.refused = outcome !== 'success' && outcome !== 'fault';
    if (outcome !== 'success' || !(caused.call.users ?? caused.call.files)) return;
    const replies = commandOf(caused.call).entryReplies?.(data) ?? (Array.isArray(data) ? (data as EntryReply[]) : []);
    for (const { user_id, file_id, result } of replies)
      if (result === 'fail') caused.entries.add(user_id ?? file_id ?? 0);
  }

  /** Lists what changes will be applied to in the end. */
  async list(): Promise<void> {
    const { random, groups } = this.#run;
    const group = random.one(groups);
    const lists = await this.#listsOf(group);
    if (lists) this.#lists.push({ group, lists });
  }

  /** Undefined where the group is dissolved. */
  async #listsOf(group: number): Promise<Lists | undefined> {
    const app = this.#run.given.admin();
    const answers = await Promise.all(
      LISTS.map((name) => app.asks(`GET /group/${name}`, { group_id: group, limit: 100 })),
    );
    if (answers.some(({ outcome }) => outcome !== 'success')) return undefined;
    const lists = answers.map(({ body }): List => {
      const entries = body.data as { user_id: number; expired_time?: number }[];
      return {
        version: body.version!,
        users: Object.fromEntries(entries.map((of) => [of.user_id, of.expired_time ?? 0])),
      };
    });
    return Object.fromEntries(LISTS.map((name, index) => [name, lists[index]!])) as Lists;
  }

  /** @param items all items of the table */
  async end(items: Whole[], now: number): Promise<string[]> {
    const problems = new Set<string>();
    const wrong = (what: string) => void problems.add(`events: ${what}`);
    const { app } = this.#run.given;
    const entries = logOf(items, `V#${app}`, wrong);
    const events = entries.map((entry) => eventOf(app, entry));
    for (const event of events) wellFormed(event, wrong);
    this.#relayed(entries, wrong);
    this.#logsOfGroups(items, entries, wrong);
    this.#causes(events, wrong);
    const model = emptyModel();
    for (const event of events) changesOnce(model, event, wrong);
    for (const { subject, field, events: told, table } of differences(model, modelOf(items), { now, all: true }))
      wrong(`${subject}: ${field} is ${told} by events and ${table} in the table`);
    const folded = structuredClone(model);
    for (const event of events.slice(Math.floor(events.length / 3))) fold(folded, event);
    if (!isDeepStrictEqual(folded, model)) wrong('a second fold changes something');
    for (const { group, lists } of this.#lists) await this.#changes(group, lists, now, wrong);
    return [...problems];
  }

  /** Each fact of each record is one event, in the order of its partition. */
  #relayed(entries: EventEntry[], wrong: (what: string) => void): void {
    const places = new Map(entries.map(({ id }, place) => [id, place]));
    if (places.size < entries.length) wrong('some have the same id');
    let facts = 0;
    const last = new Map<string, number>();
    for (const record of this.#relays.records)
      for (const { id, partition, type } of eventsBy(record)) {
        facts++;
        const place = places.get(id);
        if (place === undefined) wrong(`${type} of ${partition} was never relayed`);
        else if (place < (last.get(partition) ?? -1)) wrong(`${type} of ${partition} comes before an earlier one`);
        else last.set(partition, place);
      }
    if (facts !== entries.length) wrong(`${entries.length} of ${facts} facts`);
  }

  #logsOfGroups(items: Whole[], entries: EventEntry[], wrong: (what: string) => void): void {
    const { app } = this.#run.given;
    for (const group of new Set(entries.flatMap(({ data }) => ('group_id' in data ? data.group_id : [])))) {
      // Invitations lie with their invitees.
      const own = entries.filter(
        ({ type, data }) => 'group_id' in data && data.group_id === group && !type.startsWith('group.invitation.'),
      );
      const log = logOf(items, `W#${app}#${group}`, wrong);
      if (!isDeepStrictEqual(log, own)) wrong(`the log of group ${group} has ${log.length} of ${own.length} changes`);
    }
  }

  /** Each was caused by a call or job of the run, and names its actor. */
  #causes(events: RosterEvent[], wrong: (what: string) => void): void {
    const jobs = new Set(this.#run.jobs().map(jobId));
    const said = new Set<string>();
    const before = new Set(
      this.#relays.records.slice(0, this.#before).flatMap((one) => eventsBy(one).map(({ id }) => id)),
    );
    for (const { id, type, data, cause, authtype, authid } of events) {
      if (before.has(id)) continue;
      const { count: _, ...rest } = data as Record<string, unknown>;
      const what = `${type} ${JSON.stringify(rest)}`;
      const caused = this.#calls.get(cause);
      if (!caused) {
        // Uploads are published by a function that no call waits for.
        if (authtype !== 'system' || !(jobs.has(cause) || type === 'group.file.published'))
          wrong(`${what} has the cause ${cause} of ${authtype}, which is none of the run`);
        continue;
      }
      const of = `${what} of ${cause} ${JSON.stringify(caused.call)}`;
      if (said.has(`${cause} ${what}`)) wrong(`${of} is told twice`);
      said.add(`${cause} ${what}`);
      if (!isDeepStrictEqual({ authtype, authid }, caused.author)) wrong(`${of} was done by ${authtype} ${authid}`);
      if (!TELLS[caused.call.op]?.some((pattern) => selects(pattern, type))) wrong(`${of} is none of its effects`);
      if (rest.group_id !== undefined && rest.group_id !== caused.call.group) wrong(`${of} is in another group`);
      if (caused.refused) wrong(`${of}, which was refused`);
      const entry = (rest.file_id ?? rest.user_id) as number;
      if (type.startsWith('group.') && caused.entries.has(entry)) wrong(`${of}, where this entry was refused`);
    }
  }

  /** Changes after the version of a list, applied to it, give the list of today. */
  async #changes(group: number, before: Lists, now: number, wrong: (what: string) => void): Promise<void> {
    const today = await this.#listsOf(group);
    if (!today) return;
    const first = Math.min(...LISTS.map((name) => before[name].version));
    const changes: FoldedEvent[] = [];
    for (let [at, head] = [first, Number.POSITIVE_INFINITY]; at < head; ) {
      const request = { group_id: group, version: at, limit: 100 };
      const { outcome, body } = await this.#run.given.admin({ group }).asks('GET /group/changes', request);
      if (outcome !== 'success') return wrong(`changes of ${group} after ${at} answers ${outcome}`);
      changes.push(...body.data);
      ({ version: at, head } = body as unknown as { version: number; head: number });
    }
    const model = (name: keyof Lists): GroupModel => {
      const { version, users } = before[name];
      const one = {
        ...NOBODY,
        [name === 'member_list' ? 'members' : name === 'banned_list' ? 'bans' : 'blocks']: users,
      };
      const all = { sequence: 0, users: {}, groups: { [group]: structuredClone(one) } };
      for (const change of changes.slice(version - first)) fold(all, change);
      return all.groups[group]!;
    };
    const { members } = model('member_list');
    const isShown = ([id, until]: [string, number]) => members[id] !== undefined && (until === -1 || until > now);
    const bans = (all: { [user: string]: number }) => Object.fromEntries(Object.entries(all).filter(isShown));
    const same = (name: keyof Lists, applied: unknown, shown: unknown) => {
      if (!isDeepStrictEqual(applied, shown))
        wrong(
          `${name} of ${group} with version ${before[name].version} and all changes: ${JSON.stringify([applied, shown])}`,
        );
    };
    same('member_list', Object.keys(members), Object.keys(today.member_list.users));
    same('blocked_list', Object.keys(model('blocked_list').blocks), Object.keys(today.blocked_list.users));
    same('banned_list', bans(model('banned_list').bans), bans(today.banned_list.users));
  }
}

const NOBODY: GroupModel = { members: {}, bans: {}, blocks: {} };

/** The entries of a log; checks that their numbers have no gap. */
function logOf(items: Whole[], partition: string, wrong: (what: string) => void): EventEntry[] {
  // Closed pages of an app lie in partitions beside the open one.
  const pages = items
    .filter(({ pk }) => pk === partition || (partition.startsWith('V#') && pk.startsWith(`${partition}#`)))
    .sort(
      (one, other) => Number(one.last) - Number(other.last) || (one.sk < other.sk ? -1 : 1),
    ) as unknown as EventPage[];
  let last = 0;
  return pages.flatMap((page) => {
    const entries = entriesOf<EventEntry>(page);
    if (page.last !== last + entries.length || page.count !== entries.length)
      wrong(`${partition} has a gap after ${last}`);
    last = page.last;
    if (partition.startsWith('V#'))
      for (const [index, { sequence }] of entries.entries())
        if (sequence !== last - entries.length + 1 + index) wrong(`${partition} has ${sequence} in a wrong place`);
    return entries;
  });
}

const schemas = new Map<string, ReturnType<typeof eventSchema>>(EVENT_TYPES.map((type) => [type, eventSchema(type)]));

function wellFormed(event: RosterEvent, wrong: (what: string) => void): void {
  const { success, error } = schemas.get(event.type)!.safeParse(event);
  if (!success)
    wrong(`${event.type} ${JSON.stringify(event.data)} is not in its form: ${error.message.replaceAll(/\s+/g, ' ')}`);
}

/** Types that change the model whenever they are told. */
const CHANGING = new Set<EventType>([
  'user.created',
  'user.disabled',
  'user.enabled',
  'user.deleted',
  'user.block.added',
  'user.block.removed',
  'group.created',
  'group.owner_changed',
  'group.dissolved',
  'group.member.added',
  'group.member.removed',
  'group.user.blocked',
  'group.user.unblocked',
]);

/** Folds the event. What happens once is told once, and a count is that of the members by then. */
function changesOnce(model: Model, event: RosterEvent, wrong: (what: string) => void): void {
  const { type, data } = event;
  const { group_id: group = 0, user_id: user = 0 } = data as { group_id?: number; user_id?: number };
  const piece = () => (group === 0 ? model.users[user] : model.groups[group]);
  // A call that was under way at the end of its group or its user may be told later.
  const isOver = group === 0 ? model.users[user]?.status === 'deleted' : model.groups[group]?.dissolved;
  const before = structuredClone(piece());
  if (!fold(model, event)) wrong(`${type} has the sequence ${event.sequence}`);
  if (isOver || !CHANGING.has(type)) return;
  if (isDeepStrictEqual(before, piece())) wrong(`${type} ${JSON.stringify(data)} tells nothing new`);
  if (!('count' in data)) return;
  // A member may come before the group.
  const count = countOf({ ...model.groups[group]!, complete: true });
  if (data.count !== count) wrong(`${type} ${JSON.stringify(data)}, and there are ${count}`);
}

/** The model as the table has it. The simulation's own model has the same items: see `Model.differences`. */
function modelOf(items: Whole[]): Model {
  const model = emptyModel();
  const user = (id: number) => {
    model.users[id] ??= { complete: true, blocked: {} };
    return model.users[id];
  };
  const group = (id: number) => {
    model.groups[id] ??= { complete: true, members: {}, bans: {}, blocks: {} };
    return model.groups[id];
  };
  for (const item of items) {
    const [kind, , text, part] = item.pk.split('#');
    const [id, other] = [Number(text), Number(item.sk.split('#')[1])];
    const record = item as unknown;
    if (kind === 'U' && item.sk === '#') {
      const { status, username } = record as User;
      Object.assign(user(id), { status, username });
    }
    if (kind === 'U' && item.sk.startsWith('F#') && (record as Contact).blockedAt !== undefined)
      user(id).blocked[other] = true;
    if (kind === 'G' && part === undefined && item.sk === '#') {
      const { status, owner, type, capacity, mutedUntil } = record as Group;
      if (status === 'dissolved') group(id).dissolved = true;
      Object.assign(group(id), { owner, type, capacity, silence: until(mutedUntil) });
    }
    if (kind === 'G' && part === undefined && item.sk === 'I') group(id).name = (record as GroupInfo).name;
    if (kind === 'G' && part === 'R' && item.sk.startsWith('R#')) {
      const { state, role, bannedUntil } = record as GroupMembership;
      if (state === 'member') group(id).members[other] = role === 1 ? 1 : 0;
      if (state === 'blocked') group(id).blocks[other] = true;
      if (bannedUntil !== undefined) group(id).bans[other] = until(bannedUntil);
    }
  }
  return model;
}

const until = (end: number) => (end === FOR_EVER ? -1 : end);
