import { after, before, type Listing, type Query } from '../data/read.ts';
import { SORT_KEY } from '../data/table.ts';
import { badParameter } from '../errors.ts';
import type { Call } from './call.ts';
import { fitting, Page } from './page.ts';
import { keyFor, mac, sameText } from './token.ts';

/**
 * A cursor is the position after which the next page begins. It is signed for one list and one caller: the cursor of
 * another list or caller is refused. Nothing is stored. The position is used before its signature can be checked, since
 * the app's key may come in the same round trip: until then it only bounds a read within the list's own keys. The call
 * checks the signature as soon as it knows the actor, so no list can forget to.
 */
export class Cursor {
  /** Undefined on the first page, and where the text has not the form of a position. */
  readonly position: string | undefined;
  readonly #call: Call;
  readonly #list: string;

  /**
   * Opening the call throws badParameter where `text` is not a cursor that this list gave this caller.
   * @param list the list's name and the ids that choose it
   * @param form what positions of the list look like
   */
  constructor(call: Call, list: string, form: RegExp, text: string | undefined) {
    this.#call = call;
    this.#list = list;
    if (!text) return;
    const position = Buffer.from(text.split('.')[0] ?? '', 'base64url').toString('latin1');
    this.position = form.test(position) ? position : undefined;
    call.verifyWithActor(() => {
      if (this.position === undefined || !sameText(this.next(this.position), text))
        throw badParameter('cursor', 'is not a position of this list');
    });
  }

  /** The cursor of a position. */
  next(position: string): string {
    const { app, actor, appRecord } = this.#call;
    const caller = 'user' in actor ? `user ${actor.user}` : 'app';
    const signature = mac(keyFor(appRecord, 'cursor'), `${app}|${caller}|${this.#list}|${position}`);
    return `${Buffer.from(position, 'latin1').toString('base64url')}.${signature}`;
  }
}

export { after, before };

/** What was read for a page, with the position of each entry; `more`: the database has more to bring. */
interface Found<E> {
  entries: { entry: E; position: string }[];
  more: boolean;
}

/**
 * One page of a listing: at most `limit` entries, and one more to see whether the list goes on. A page also ends where
 * the database's page does (1 MB), and where Lambda's answer does (6 MB, with characters escaped twice).
 */
export class ListPage<E> {
  readonly read: Query<Found<E>>;
  readonly #cursor: Cursor;
  readonly #limit: number;

  /** @param name the list's name and the ids that choose it, for its cursors */
  constructor(call: Call, name: string, listing: Listing<E>, given: { cursor?: string | undefined; limit: number }) {
    const { partition, order, entryBytes, descending = false, entry } = listing;
    const { index, prefix, form } = order;
    const { from = prefix || '0' } = listing;
    const sortKey = index ? `${index}sk` : SORT_KEY;
    this.#cursor = new Cursor(call, name, form, given.cursor);
    this.#limit = given.limit;
    const { position } = this.#cursor;
    const between = descending
      ? ([from, position === undefined ? `${prefix}~` : before(position)] as const)
      : ([position === undefined ? from : after(position), `${prefix}~`] as const);
    this.read = {
      query: { partition, ...(index && { index }), between, entryBytes, descending, limit: given.limit + 1 },
      parse: ({ items, last }) => ({
        entries: items.map((item) => ({ entry: entry(item), position: String(item[sortKey]) })),
        more: last !== undefined,
      }),
    };
  }

  /** The entries of this page, and the next page's cursor where there is one. */
  cut({ entries, more }: Found<E>): { entries: E[]; cursor?: string } {
    const page = entries.slice(0, this.#limit);
    const last = page.at(-1);
    const cursor = last && (more || entries.length > page.length) ? { cursor: this.#cursor.next(last.position) } : {};
    return { entries: page.map(({ entry }) => entry), ...cursor };
  }

  /** The page as it is answered: entries as `view` shows them. */
  answer<T>(found: Found<E>, view: (entry: E) => T, total?: number, version?: number): Page<T> {
    const { entries, cursor } = this.cut(found);
    const data = entries.map(view);
    const shown = fitting(data);
    if (shown === data.length) return new Page(data, cursor, total, version);
    const part = this.cut({ entries: found.entries.slice(0, shown), more: true });
    return new Page(data.slice(0, shown), part.cursor, total, version);
  }
}
