import type { Key, Sorted } from './entity.ts';
import type { Condition } from './expression.ts';
import type { GLOBAL_INDEX, LocalIndexName } from './table.ts';

/** An item as the table stores it. */
export type Item = Record<string, unknown>;

/** One item by its key; `parse` gives it its type. */
export interface Get<T> {
  get: Key;
  /** The most bytes that the item can have; absent: those of one read unit. */
  bytes?: number;
  parse: (item: Item | undefined) => T;
}

/** One page of a partition or of an index. The global one lags behind, and holds keys only: for the background. */
export interface Query<T> {
  query: {
    partition: string;
    index?: LocalIndexName | typeof GLOBAL_INDEX.name;
    /** Inclusive bounds of the sort key. */
    between: readonly [from: string, to: string];
    /** The most bytes of an entry as it is read; absent: unknown, so nothing is read before rights are proven. */
    entryBytes?: number;
    descending?: boolean;
    /** The most entries evaluated. The database ends a page at 1 MB. */
    limit?: number;
    /** Continues over the database's pages (1 MB each) to `limit`, or to the end. */
    all?: boolean;
    /** Counts the entries instead of bringing them. */
    count?: boolean;
    /** Leaves out entries, which are evaluated and charged all the same. */
    filter?: Condition;
  };
  parse: (page: Page) => T;
}

export interface Page {
  items: Item[];
  count: number;
  /** Entries of `count`, and those that a filter left out. */
  evaluated: number;
  /** The key to continue after; undefined where no entries remain. */
  last: Item | undefined;
}

/** A list in the order of a sort key, which a repository describes and `ListPage` divides into pages. */
export interface Listing<E> {
  partition: string;
  /** Its sort keys. */
  order: Sorted;
  /** The most bytes of an entry. */
  entryBytes: number;
  descending?: boolean;
  /** The least sort key, if it is not the prefix of all. */
  from?: string;
  entry: (item: Item) => E;
}

export type Read<T> = Get<T> | Query<T>;

type Nested<T> = T | readonly T[] | { readonly [name: string]: T };

/** Reads, and lists and maps of them, nested up to four deep (which keeps the types finite). */
export type Reads = Nested<Nested<Nested<Nested<Read<unknown>>>>>;

/** The same shape with the records in the places of the reads. */
export type Records<R> = R extends { parse: (...args: never[]) => infer T }
  ? T
  : { -readonly [K in keyof R]: Records<R[K]> };

export const isGet = (read: Read<unknown>): read is Get<unknown> => 'get' in read;
const isRead = (reads: Reads): reads is Read<unknown> => 'parse' in reads && typeof reads.parse === 'function';

/** Bytes of a read unit. */
export const UNIT = 4096;

/** An item read as its record type, or undefined where there is none. @param bytes the most that it can have */
export const getItem = <T>(key: Key, bytes = UNIT): Get<T | undefined> => ({
  get: key,
  bytes,
  parse: (item) => item as T | undefined,
});

/** An item as the type of its record: only its repository writes items under its key. */
export const asRecord = <T>(item: Item) => item as T;

/** Items read as their record type. */
export const getItems = <T>(query: Query<T[]>['query']): Query<T[]> => ({
  query,
  parse: ({ items }) => items as T[],
});

/** Bounds of all sort keys with a prefix, or of those from `from` on. The upper bound sorts after all of them. */
export const prefix = (start: string, from = start) => [from, `${start}~`] as const;

/** Sort keys after (or, in descending order, before) a position, exclusively. */
export const after = (position: string) => `${position}!`;
export const before = (position: string) =>
  `${position.slice(0, -1)}${String.fromCharCode(position.charCodeAt(position.length - 1) - 1)}~`;

export const keyText = (key: Key | Item) => `${key.pk}|${key.sk}`;

/** Every read in the shape. */
export function flat(reads: Reads): Read<unknown>[] {
  return isRead(reads) ? [reads] : Object.values(reads).flatMap((nested) => flat(nested as Reads));
}

/** The same shape with the result of `find` in the place of each read. */
export function fillShape(reads: Reads, find: (read: Read<unknown>) => unknown): unknown {
  if (isRead(reads)) return find(reads);
  if (Array.isArray(reads)) return reads.map((nested) => fillShape(nested, find));
  return Object.fromEntries(Object.entries(reads).map(([name, nested]) => [name, fillShape(nested as Reads, find)]));
}
