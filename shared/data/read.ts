import type { Condition } from './expression.ts';
import type { Key } from './keys.ts';
import type { LocalIndexName } from './table.ts';

/** An item as it lies in the table. */
export type Item = Record<string, unknown>;

/** One item by its key; `parse` gives it its type. */
export interface Get<T> {
  get: Key;
  /** The most bytes that the item can have; absent: one read unit. */
  bytes?: number;
  parse: (item: Item | undefined) => T;
}

/** One page of a partition or of a local index. */
export interface Query<T> {
  query: {
    partition: string;
    index?: LocalIndexName;
    /** Inclusive bounds of the sort key. */
    between: readonly [from: string, to: string];
    /** The most bytes of an entry as it is read; absent: not known, and nothing is read before rights are proven. */
    entryBytes?: number;
    descending?: boolean;
    /** Most entries evaluated; the database ends a page at 1 MB. */
    limit?: number;
    /** Goes on over the database's pages (each 1 MB) until `limit`, or to the end. */
    all?: boolean;
    /** Counts the entries instead of bringing them. */
    count?: boolean;
    /** Leaves entries out after they were evaluated, and charged. */
    filter?: Condition;
  };
  parse: (page: Page) => T;
}

export interface Page {
  items: Item[];
  count: number;
  /** Entries that the database looked at: those of `count`, and those that a filter left out. */
  evaluated: number;
  /** Set when entries remain. */
  last: Item | undefined;
}

/** Entries in the order of a sort key, as a repository names them; `ListPage` cuts pages from it. */
export interface Listing<E> {
  partition: string;
  index?: LocalIndexName;
  /** What all sort keys of the listing begin with. */
  prefix: string;
  /** What its sort keys look like. */
  form: RegExp;
  /** The most bytes of an entry. */
  entryBytes: number;
  descending?: boolean;
  /** The least sort key, where that is not `prefix`. */
  from?: string;
  entry: (item: Item) => E;
}

export type Read<T> = Get<T> | Query<T>;

type Nested<T> = T | readonly T[] | { readonly [name: string]: T };

/** What a caller wants to know: reads, lists and maps of them, nested up to four deep (which keeps the types finite). */
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

/** All sort keys of a prefix, from `from` on where given: the upper bound sorts after every key of the prefix. */
export const prefix = (start: string, from = start) => [from, `${start}~`] as const;

export const keyText = (key: Key) => `${key.pk}|${key.sk}`;

/** Every read in the shape. */
export function flat(reads: Reads): Read<unknown>[] {
  return isRead(reads) ? [reads] : Object.values(reads).flatMap((nested) => flat(nested as Reads));
}

/** Builds the same shape with what `find` has for each read. */
export function fillShape(reads: Reads, find: (read: Read<unknown>) => unknown): unknown {
  if (isRead(reads)) return find(reads);
  if (Array.isArray(reads)) return reads.map((nested) => fillShape(nested, find));
  return Object.fromEntries(Object.entries(reads).map(([name, nested]) => [name, fillShape(nested as Reads, find)]));
}
