/**
 * A copy of who may read and who may speak in groups, kept from events: for message services. Copy it with `fold.ts` and
 * the files of the client.
 */
import { emptyModel, fold, type GroupModel, roleIn } from './fold.ts';
import {
  ApiError,
  type CallOptions,
  type Client,
  type EventFeed,
  EventsGone,
  type EventType,
  entries,
  insist,
  type Page,
  type RosterEvent,
} from './roster.ts';

export interface MirrorOptions {
  /** With an admin token. */
  client: Client;
  /**
   * Groups to begin with; `add` adds others. With `all`, every group that an event names is added, and the first start
   * reads the whole feed.
   */
  groups?: readonly number[] | 'all';
  /** Where the copy outlives the process. Default: nowhere. */
  store?: MirrorStore;
  /**
   * Is told each change of rights once the mirror has it, and awaited. After a crash the last changes come again. The
   * first start tells none. It may be that the mirror has later changes already: ask `mayRead` before acting.
   */
  onChange?: (change: Change) => unknown;
  /** Events are no longer kept, and the groups were listed again: ask anew which sessions live. */
  onGap?: () => unknown;
  /** Is told why a call failed that will be repeated. */
  onFault?: (error: unknown) => void;
  /** Milliseconds for which a difference may be a change whose event is on its way, default 5000. */
  patience?: number;
}

/** Keeps texts by key. */
export interface MirrorStore {
  /** All that is kept. */
  load(): Iterable<[key: string, text: string]> | Promise<Iterable<[key: string, text: string]>>;
  /** Keeps these, and forgets keys without a text: all of it, or nothing if it fails. */
  save(changed: ReadonlyMap<string, string | undefined>): unknown;
}

const TYPES = [
  'group.created',
  'group.dissolved',
  'group.owner_changed',
  'group.silenced',
  'group.unsilenced',
  'group.member.added',
  'group.member.removed',
  'group.member.updated',
  'group.member.banned',
  'group.member.unbanned',
  'user.disabled',
  'user.enabled',
  'user.deleted',
  'session.revoked',
] as const satisfies EventType[];

/** A change of rights, with the type and the fields of the event that tells it. */
export interface Change {
  type: (typeof TYPES)[number];
  group_id?: number;
  user_id?: number;
  /** When a ban or silence ends, in milliseconds since 1970; -1 for ever, 0 ended. */
  until?: number;
  role?: 0 | 1;
  owner_id?: number;
  device_sn?: number;
  kept_device_sn?: number;
  /** Absent where the change was found in a list. */
  event?: RosterEvent;
}

/** Where the mirror was wrong. */
export interface Difference {
  group_id: number;
  /** `dissolved`, `owner`, `silence`, or `role`, `ban`, `disabled` of a user. */
  field: string;
  user_id?: number;
  mirror: number | undefined;
  server: number | undefined;
}

export interface Lag {
  /** `sequence` of the last event that the mirror has; 0: none. */
  sequence: number;
  /** `sequence` of the last event of the app, as the feed said last. */
  head: number;
  /** Events between the two. */
  events: number;
  /** Milliseconds since the last event that the mirror has was made; undefined: none since the start. */
  age: number | undefined;
  /** Milliseconds since the feed answered. More than 30,000 where it cannot be reached. */
  heard: number | undefined;
}

/** @property since events up to this number are older than the lists from which the group was read */
type Group = GroupModel & { since?: number };

export class Mirror {
  readonly #options: MirrorOptions;
  readonly #groups = new Map<number, Group>();
  /** Disabled and deleted users. */
  readonly #disabled = new Set<number>();
  #sequence: number | undefined;
  #lastTime: number | undefined;
  #feed: EventFeed | undefined;
  /** The groups whose lists are being read, with their events since. */
  readonly #reading = new Map<number, RosterEvent[]>();
  #turn: Promise<unknown> = Promise.resolve();
  #saving: Promise<unknown> = Promise.resolve();
  #unsaved = new Map<string, string | undefined>();
  #waiting: { sequence: number; resolve: () => void }[] = [];
  #isQuiet = false;
  readonly #control = new AbortController();
  /** Ends with `close`, or fails with an error that no repetition changes: without it, the mirror stands still unnoticed. */
  ended: Promise<void> = Promise.resolve();

  constructor(options: MirrorOptions) {
    this.#options = options;
  }

  /** Loads the copy or makes one, follows the feed from then on, and returns once it has caught up. */
  async start(): Promise<void> {
    const { store, groups = [] } = this.#options;
    for (const [key, text] of (await store?.load()) ?? []) {
      const [kind, id] = key.split('/');
      if (kind === 'group') this.#groups.set(Number(id), JSON.parse(text));
      else if (kind === 'user') this.#disabled.add(Number(id));
      else this.#sequence = Number(text);
    }
    this.#isQuiet = this.#sequence === undefined;
    if (groups !== 'all') {
      this.#sequence ??= await this.#head();
      for (const group of groups) await this.add(group);
    }
    this.ended = this.#follow();
    await this.caughtUp();
    this.#isQuiet = false;
    await this.#save();
  }

  /** Stops following, and saves. */
  async close(): Promise<void> {
    this.#control.abort();
    await this.ended;
  }

  /** Mirrors this group too: reads its lists, unless it has them. */
  async add(group_id: number): Promise<void> {
    if (!this.#groups.has(group_id)) await this.#read(group_id);
  }

  has(group_id: number): boolean {
    return this.#groups.has(group_id);
  }

  /**
   * Whether the user gets the messages of the group. False in groups that are not mirrored. That a user was disabled
   * before the mirror began, and joined afterwards, is found by `compare`: such a user has no session.
   */
  mayRead(user_id: number, group_id: number): boolean {
    const group = this.#groups.get(group_id);
    return group !== undefined && roleIn(group, user_id) !== undefined && !this.#disabled.has(user_id);
  }

  /** Whether the user may write to the group at that time (ms). Bans and silences end by themselves. */
  maySpeak(user_id: number, group_id: number, at = Date.now()): boolean {
    if (!this.mayRead(user_id, group_id)) return false;
    const group = this.#groups.get(group_id)!;
    if (runs(group.bans[user_id], at)) return false;
    return roleIn(group, user_id)! > 0 || !runs(group.silence, at);
  }

  /** How far the mirror is behind. */
  get lag(): Lag {
    const since = (time: number | undefined) => time && Date.now() - time;
    const sequence = this.#sequence ?? 0;
    const head = Math.max(sequence, Number(this.#feed?.head ?? 0));
    return { sequence, head, events: head - sequence, age: since(this.#lastTime), heard: since(this.#feed?.answered) };
  }

  /** Returns once the mirror has all events that there are now. */
  async caughtUp(): Promise<void> {
    const sequence = await this.#head();
    if ((this.#sequence ?? 0) >= sequence) return;
    const reached = new Promise<void>((resolve) => this.#waiting.push({ sequence, resolve }));
    await Promise.race([reached, this.ended]);
  }

  /**
   * Compares the mirror with the lists of its groups, and mends it. A difference counts if it is there for longer than
   * the event of a change needs.
   * @returns what was wrong, and is right now
   */
  async compare(groups: Iterable<number> = [...this.#groups.keys()]): Promise<Difference[]> {
    const suspects = new Map<number, Map<string, string>>();
    for (const group_id of groups) {
      const differing = await this.#differing(group_id);
      if (differing.length > 0) suspects.set(group_id, new Map(differing.map((one) => [keyOf(one), valuesOf(one)])));
    }
    if (suspects.size === 0) return [];
    await new Promise((resolve) => setTimeout(resolve, this.#options.patience ?? 5000));
    await this.caughtUp();
    const found: Difference[] = [];
    for (const [group_id, before] of suspects) {
      const still = (await this.#differing(group_id)).filter((one) => before.get(keyOf(one)) === valuesOf(one));
      if (still.length === 0) continue;
      await this.#read(group_id);
      found.push(...still);
    }
    return found;
  }

  async #head(): Promise<number> {
    const { event } = this.#options.client;
    return Number((await this.#insist((more) => event.list({ limit: 1 }, more))).head);
  }

  /** However often the network fails, as the feed does. */
  #insist<T>(call: (more: CallOptions) => Promise<T>): Promise<T> {
    const { signal } = this.#control;
    return insist((signal) => call({ signal }), { signal, onFault: this.#options.onFault });
  }

  async #follow(): Promise<void> {
    const { client, onFault } = this.#options;
    const { signal } = this.#control;
    const store = {
      load: () => (this.#sequence === undefined ? undefined : numbered(this.#sequence)),
      // The feed passes over events that are no longer kept.
      save: (cursor: string) => {
        this.#moveTo(Math.max(this.#sequence ?? 0, Number(cursor)));
        return this.#save();
      },
    };
    try {
      while (!signal.aborted) {
        try {
          const feed = client.events({ store, signal, ...(onFault && { onFault }) });
          this.#feed = feed;
          for await (const event of feed) {
            await this.#take(event);
            this.#lastTime = Date.parse(event.time);
            this.#moveTo(Number(event.sequence));
          }
        } catch (error) {
          if (!(error instanceof EventsGone)) throw error;
          await this.#readAgain();
        }
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  /** Reads all lists, where events are no longer kept. */
  async #readAgain(): Promise<void> {
    const head = await this.#head();
    for (const group_id of this.#groups.keys()) await this.#read(group_id);
    const disabled = await this.#disabledOf([...this.#disabled]);
    for (const id of this.#disabled) this.#setDisabled(id, disabled.has(id));
    await this.#options.onGap?.();
    this.#moveTo(head);
    await this.#save();
  }

  async #take(event: RosterEvent): Promise<void> {
    if (!(TYPES as readonly EventType[]).includes(event.type)) return;
    const { group_id, user_id } = event.data as { group_id?: number; user_id?: number };
    if (group_id !== undefined) {
      this.#reading.get(group_id)?.push(event);
      if (this.#options.groups === 'all' && event.type !== 'group.created') await this.add(group_id);
      const group = this.#groups.get(group_id);
      if (!group && this.#options.groups !== 'all') return;
      if (Number(event.sequence) > (group?.since ?? 0)) this.#fold(group_id, event);
    } else if (event.type === 'user.enabled') this.#setDisabled(user_id!, false);
    else if (event.type !== 'session.revoked') this.#setDisabled(user_id!, true);
    await this.#tell({ ...event.data, type: event.type, event } as Change);
  }

  #fold(group_id: number, event: RosterEvent): void {
    const group = this.#groups.get(group_id);
    const model = { ...emptyModel(), groups: group ? { [group_id]: group } : {} };
    fold(model, event);
    this.#keep(group_id, model.groups[group_id]!);
  }

  #keep(group_id: number, group: Group): void {
    this.#groups.set(group_id, group);
    this.#unsaved.set(`group/${group_id}`, '');
  }

  #setDisabled(user_id: number, disabled: boolean): void {
    if (disabled === this.#disabled.has(user_id)) return;
    if (disabled) this.#disabled.add(user_id);
    else this.#disabled.delete(user_id);
    this.#unsaved.set(`user/${user_id}`, disabled ? 'disabled' : undefined);
  }

  #moveTo(sequence: number): void {
    this.#sequence = sequence;
    const reached = this.#waiting.filter((one) => one.sequence <= sequence);
    this.#waiting = this.#waiting.filter((one) => one.sequence > sequence);
    for (const { resolve } of reached) resolve();
  }

  async #tell(change: Change): Promise<void> {
    if (!this.#isQuiet) await this.#options.onChange?.(change);
  }

  /** One at a time, in their order. */
  #save(): Promise<void> {
    const saving = this.#saving.then(() => this.#saveChanged());
    this.#saving = saving.catch(() => {});
    return saving;
  }

  async #saveChanged(): Promise<void> {
    const { store } = this.#options;
    const changed = this.#unsaved;
    this.#unsaved = new Map();
    if (!store) return;
    for (const key of changed.keys()) {
      const [kind, id] = key.split('/');
      if (kind === 'group') changed.set(key, JSON.stringify(this.#groups.get(Number(id))));
    }
    if (this.#sequence !== undefined) changed.set('sequence', String(this.#sequence));
    try {
      await store.save(changed);
    } catch (error) {
      this.#unsaved = new Map([...changed, ...this.#unsaved]);
      throw error;
    }
  }

  /** Takes the group as its lists show it, and tells what differs from before. One group at a time. */
  async #read(group_id: number): Promise<void> {
    const read = this.#turn.then(async () => {
      const events: RosterEvent[] = [];
      this.#reading.set(group_id, events);
      try {
        const since = await this.#head();
        const before = this.#groups.has(group_id) ? this.#flat(group_id) : undefined;
        const { group, disabled } = await this.#listed(group_id);
        for (const id of Object.keys(group.members)) this.#setDisabled(Number(id), disabled.has(Number(id)));
        this.#keep(group_id, { ...group, since });
        // Those that came while the lists were being read may be newer than what the lists show.
        for (const event of events) if (Number(event.sequence) > since) this.#fold(group_id, event);
        return before ? differences(group_id, before, this.#flat(group_id)) : [];
      } finally {
        this.#reading.delete(group_id);
      }
    });
    this.#turn = read.catch(() => {});
    for (const difference of await read) await this.#tell(changeOf(difference));
    await this.#save();
  }

  async #differing(group_id: number): Promise<Difference[]> {
    const { group, disabled } = await this.#listed(group_id);
    return differences(group_id, this.#flat(group_id), flat(group, disabled));
  }

  #flat(group_id: number) {
    return flat(this.#groups.get(group_id)!, this.#disabled);
  }

  /** The group and its disabled members, from the server. */
  async #listed(group_id: number): Promise<{ group: GroupModel; disabled: Set<number> }> {
    const { group } = this.#options.client;
    try {
      const info = await this.#insist((more) => group.info({ group_id }, more));
      const { owner_id, status, ban_expire_time: silence } = info;
      if (status === 1) return DISSOLVED;
      const [members, admins, banned] = await Promise.all([
        this.#all(group.memberList, group_id),
        this.#insist((more) => group.adminList({ group_id }, more)),
        this.#all(group.bannedList, group_id),
      ]);
      const ids = members.map(({ user_id }) => user_id);
      // The lists are of different moments: an admin may be no member any more.
      const isAdmin = new Set(admins.map(({ user_id }) => user_id));
      return {
        group: {
          complete: true,
          owner: owner_id,
          ...(silence !== 0 && { silence: silence < 0 ? silence : silence * 1000 + 999 }),
          members: Object.fromEntries(ids.map((id) => [id, isAdmin.has(id) ? 1 : 0])),
          bans: Object.fromEntries(banned.map(({ user_id, expired_time }) => [user_id, expired_time])),
          blocks: {},
        },
        disabled: await this.#disabledOf(ids),
      };
    } catch (error) {
      if (error instanceof ApiError && error.is('groupMissing')) return DISSOLVED;
      throw error;
    }
  }

  /** All entries of a list of the group. */
  async #all<T>(
    list: (parameters: { group_id: number; cursor?: string }, more: CallOptions) => Promise<Page<T>>,
    group_id: number,
  ): Promise<T[]> {
    const found: T[] = [];
    const page = (parameters: { group_id: number; cursor?: string }) => this.#insist((more) => list(parameters, more));
    for await (const entry of entries(page, { group_id })) found.push(entry);
    return found;
  }

  async #disabledOf(ids: readonly number[]): Promise<Set<number>> {
    const { access } = this.#options.client;
    const disabled = new Set<number>();
    for (let from = 0; from < ids.length; from += 100) {
      const asked = ids.slice(from, from + 100);
      const items = asked.map((user_id) => ({ action: 'connect' as const, user_id }));
      const answers = await this.#insist((more) => access.check({ items }, more));
      for (const [index, { allow }] of answers.entries()) if (!allow) disabled.add(asked[index]!);
    }
    return disabled;
  }
}

const DISSOLVED = {
  group: { dissolved: true, members: {}, bans: {}, blocks: {} } satisfies GroupModel,
  disabled: new Set<number>(),
};

const numbered = (sequence: number) => String(sequence).padStart(16, '0');
const runs = (until: number | undefined, at: number) => until !== undefined && (until === -1 || until > at);

/** What a group says of rights now, by field and user. */
function flat(group: GroupModel, disabled: ReadonlySet<number>): Map<string, number> {
  const now = Date.now();
  if (group.dissolved) return new Map([['dissolved', 1]]);
  const said = new Map([['owner', group.owner ?? 0]]);
  // The record of a group tells its silence in seconds.
  if (runs(group.silence, now)) said.set('silence', group.silence! < 0 ? -1 : Math.floor(group.silence! / 1000));
  for (const id of Object.keys(group.members)) {
    // The owner counts as a plain member.
    said.set(`role/${id}`, roleIn(group, Number(id)) === 1 ? 1 : 0);
    if (runs(group.bans[id], now)) said.set(`ban/${id}`, group.bans[id]!);
    if (disabled.has(Number(id))) said.set(`disabled/${id}`, 1);
  }
  return said;
}

function differences(group_id: number, mirror: Map<string, number>, server: Map<string, number>): Difference[] {
  // Of a dissolved group nothing else is of interest.
  const keys = server.has('dissolved') ? ['dissolved'] : new Set([...mirror.keys(), ...server.keys()]);
  return [...keys]
    .filter((key) => mirror.get(key) !== server.get(key))
    .map((key) => {
      const [field, id] = key.split('/');
      const one = { group_id, field: field!, mirror: mirror.get(key), server: server.get(key) };
      return id === undefined ? one : { ...one, user_id: Number(id) };
    });
}

const keyOf = ({ field, user_id }: Difference) => `${field}/${user_id}`;
const valuesOf = ({ mirror, server }: Difference) => `${mirror} ${server}`;

/** The change that would have told what a list shows. */
function changeOf({ group_id, field, user_id, server, mirror }: Difference): Change {
  const one = { group_id, ...(user_id !== undefined && { user_id }) };
  const until = server ?? 0;
  switch (field) {
    case 'dissolved':
      return { ...one, type: 'group.dissolved' };
    case 'owner':
      return { ...one, type: 'group.owner_changed', owner_id: server ?? 0 };
    case 'silence':
      return server === undefined
        ? { ...one, type: 'group.unsilenced', until }
        : { ...one, type: 'group.silenced', until: until < 0 ? until : until * 1000 };
    case 'ban':
      return { ...one, type: server === undefined ? 'group.member.unbanned' : 'group.member.banned', until };
    case 'disabled':
      return { user_id: user_id!, type: server === undefined ? 'user.enabled' : 'user.disabled' };
    default:
      if (server === undefined) return { ...one, type: 'group.member.removed' };
      if (mirror === undefined) return { ...one, type: 'group.member.added' };
      return { ...one, type: 'group.member.updated', role: server === 1 ? 1 : 0 };
  }
}
