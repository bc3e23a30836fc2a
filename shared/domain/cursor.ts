import type { Item, Query } from '../data/read.ts';
import { type LocalIndexName, SORT_KEY } from '../data/table.ts';
import { badParameter } from '../errors.ts';
import type { Call } from './call.ts';
import { fitting, Page } from './page.ts';
import { keyFor, mac, sameText } from './token.ts';

const wrong = () => badParameter('cursor', 'is not a position of this list');

/**
 * A cursor is the position after which the next page begins, signed for this very list and caller: another list's, or
 * another caller's, is refused. Nothing is stored. It is read before its signature can be checked (the app's key may
 * come by the same round trip), so `open` believes it only as a bound within the list's own keys.
 */
export class Cursor {
  readonly #list: string;
  readonly #text: string | undefined;
  readonly #position: string | undefined;

  /** @param list what the cursor is a position of: name and the ids that choose the list */
  constructor(list: string, text: string | undefined) {
    this.#list = list;
    this.#text = text || undefined;
    this.#position = this.#text && Buffer.from(this.#text.split('.')[0] ?? '', 'base64url').toString('latin1');
  }

  /** The position, as far as it has the form of one; undefined on the first page. */
  position(form: RegExp): string | undefined {
    return this.#position !== undefined && form.test(this.#position) ? this.#position : undefined;
  }

  /** @throws ApiError badParameter where it is not a position that this list gave this caller */
  verify(call: Call, form: RegExp): void {
    if (this.#text === undefined) return;
    const position = this.position(form);
    if (position === undefined || !sameText(this.next(call, position), this.#text)) throw wrong();
  }

  /** The cursor of a position. */
  next(call: Call, position: string): string {
    const { actor } = call;
    const caller = 'user' in actor ? `user ${actor.user}` : 'app';
    const signature = mac(keyFor(call.appRecord, 'cursor'), `${call.app}|${caller}|${this.#list}|${position}`);
    return `${Buffer.from(position, 'latin1').toString('base64url')}.${signature}`;
  }
}

/** Sort keys after (or, in descending order, before) a position, exclusively. */
export const after = (position: string) => `${position}!`;
export const before = (position: string) =>
  `${position.slice(0, -1)}${String.fromCharCode(position.charCodeAt(position.length - 1) - 1)}~`;

/** What was read for a page; `more`: the database has more to bring. */
interface Found<I> {
  items: I[];
  more: boolean;
}

/**
 * One page of a partition, of the table or an index: at most `limit` entries, and one more to see whether the list goes
 * on. A page ends where the database's does (1 MB) too, and where Lambda's answer does (6 MB, with characters escaped
 * twice). Positions are values of its sort key.
 */
export class ListPage<I extends object> {
  readonly read: Query<Found<I>>;
  readonly #cursor: Cursor;
  readonly #form: RegExp;
  readonly #limit: number;
  readonly #sortKey: string;

  constructor(
    list: string,
    given: { cursor?: string | undefined; limit: number },
    where: {
      partition: string;
      index?: LocalIndexName;
      prefix: string;
      form: RegExp;
      /** The most bytes of an entry. */
      entryBytes: number;
      descending?: boolean;
      from?: string;
    },
  ) {
    const { partition, index, prefix, form, entryBytes, descending = false, from = prefix || '0' } = where;
    this.#cursor = new Cursor(list, given.cursor);
    this.#form = form;
    this.#limit = given.limit;
    this.#sortKey = index ? `${index}sk` : SORT_KEY;
    const position = this.#cursor.position(form);
    const between = descending
      ? ([from, position === undefined ? `${prefix}~` : before(position)] as const)
      : ([position === undefined ? from : after(position), `${prefix}~`] as const);
    this.read = {
      query: { partition, ...(index && { index }), between, entryBytes, descending, limit: given.limit + 1 },
      parse: ({ items, last }) => ({ items: items as unknown as I[], more: last !== undefined }),
    };
  }

  /** @throws ApiError badParameter, before anything is said of the list */
  verify(call: Call): void {
    this.#cursor.verify(call, this.#form);
  }

  /** The items of this page, and the next page's cursor where there is one. */
  cut(call: Call, { items, more }: Found<I>): { items: I[]; cursor?: string } {
    const page = items.slice(0, this.#limit);
    const last = page.at(-1) as Item | undefined;
    const goesOn = more || items.length > page.length;
    return goesOn && last
      ? { items: page, cursor: this.#cursor.next(call, String(last[this.#sortKey])) }
      : { items: page };
  }

  /** The page as it is answered: entries as `view` shows them. */
  answer<T>(call: Call, found: Found<I>, view: (item: I) => T, total?: number): Page<T> {
    const whole = this.cut(call, found);
    const data = whole.items.map(view);
    const shown = fitting(data);
    if (shown === data.length) return new Page(data, whole.cursor, total);
    const { cursor } = this.cut(call, { items: whole.items.slice(0, shown), more: true });
    return new Page(data.slice(0, shown), cursor, total);
  }
}
