/** Names of users and groups, asked for in batches, and kept while the session lasts. */
import { useEffect, useState } from 'preact/hooks';
import { ApiError, type Client } from '../client/roster.ts';

export interface UserName {
  username: string;
  nickname: string;
}

interface Source {
  client: Client;
  as(user: number): Client;
}

/** Ids of one call. */
const MOST = 100;
/** Ids that are asked for within this time (ms) share a call. */
const TOGETHER = 15;

/** Names by id, each asked for once. Null: there is none, or it could not be found out. */
class Batch<T> {
  readonly #known = new Map<number, T | null>();
  readonly #wanted = new Set<number>();
  readonly #told = new Map<number, Set<() => void>>();
  readonly #find: (ids: number[]) => Promise<Map<number, T>>;

  constructor(find: (ids: number[]) => Promise<Map<number, T>>) {
    this.#find = find;
  }

  get(id: number): T | null | undefined {
    return this.#known.get(id);
  }

  set(id: number, value: T): void {
    this.#known.set(id, value);
    for (const tell of this.#told.get(id) ?? []) tell();
  }

  want(id: number): void {
    if (this.#known.has(id) || this.#wanted.has(id)) return;
    this.#wanted.add(id);
    if (this.#wanted.size === 1) setTimeout(() => this.#ask(), TOGETHER);
  }

  follow(id: number, tell: () => void): () => void {
    const all = this.#told.get(id) ?? new Set();
    this.#told.set(id, all.add(tell));
    return () => {
      all.delete(tell);
      if (all.size === 0) this.#told.delete(id);
    };
  }

  async #ask(): Promise<void> {
    const ids = [...this.#wanted];
    this.#wanted.clear();
    for (let from = 0; from < ids.length; from += MOST) {
      const some = ids.slice(from, from + MOST);
      // A name that cannot be read is no reason to show an error: the id stands in its place.
      const found = await this.#find(some).catch(() => new Map<number, T>());
      for (const id of some) {
        this.#known.set(id, found.get(id) ?? null);
        for (const tell of this.#told.get(id) ?? []) tell();
      }
    }
  }
}

export class Names {
  readonly users: Batch<UserName>;
  readonly groups: Batch<string>;
  readonly #source: Source;
  /** A user as whom details of others are read: the API has no such call for the app itself. */
  #reader: number | undefined;

  constructor(source: Source) {
    this.#source = source;
    this.users = new Batch((ids) => this.#usersOf(ids));
    this.groups = new Batch(async (ids) => {
      const found = await source.client.group.infoBatch({ group_list: ids });
      return new Map(found.map(({ group_id, name }) => [group_id, name]));
    });
  }

  /** A client that acts as some user of the app, to look up others. Undefined: the app has no user. */
  async reader(fresh = false): Promise<Client | undefined> {
    if (fresh) this.#reader = undefined;
    this.#reader ??= (await this.#source.client.user.list({ page_size: 1 })).data[0]?.user_id;
    return this.#reader === undefined ? undefined : this.#source.as(this.#reader);
  }

  /** Makes a call as some user, and again as another if that one was deleted meanwhile. */
  async read<T>(call: (client: Client) => Promise<T>): Promise<T | undefined> {
    const client = await this.reader();
    if (!client) return undefined;
    try {
      return await call(client);
    } catch (error) {
      if (!(error instanceof ApiError && error.is('userMissing'))) throw error;
      const next = await this.reader(true);
      return next && call(next);
    }
  }

  async #usersOf(ids: number[]): Promise<Map<number, UserName>> {
    const found = (await this.read(({ roster }) => roster.listDetails({ list: ids }))) ?? [];
    return new Map(found.map(({ user_id, username, nick_name }) => [user_id, { username, nickname: nick_name }]));
  }
}

function useKnown<T>(batch: Batch<T>, id: number): T | null | undefined {
  const [, draw] = useState({});
  useEffect(() => {
    const end = batch.follow(id, () => draw({}));
    batch.want(id);
    return end;
  }, [batch, id]);
  return batch.get(id);
}

export const useUserName = (names: Names, id: number): UserName | null | undefined => useKnown(names.users, id);
export const useGroupName = (names: Names, id: number): string | null | undefined => useKnown(names.groups, id);
