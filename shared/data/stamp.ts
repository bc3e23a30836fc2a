import type { Key } from './entity.ts';

/**
 * Who changes items, and by which call. The table's stream shows an item before and after a change; with the stamp of its
 * last writer, that is all an event needs. See docs/decisions/0066-stamped-images.md.
 */
export interface Author {
  type: 'user' | 'app_as_user' | 'app' | 'operator' | 'system';
  /** Of the user, the admin token or the operator. Absent for the system, and where nobody is signed in yet. */
  id?: string | number | undefined;
  /** Id of the request at the gateway, of the job, or of the operator's command. */
  cause: string;
}

export interface Stamp extends Author {
  /** Milliseconds since 1970. */
  at: number;
  /** What the images do not show: how a member came, why a session ended. */
  why: Why;
}

export type Why = { readonly [name: string]: string | number | boolean };

const LETTERS = { user: 'u', app_as_user: 'b', app: 'a', operator: 'o', system: 's' } as const;
const TYPES = Object.fromEntries(Object.entries(LETTERS).map(([type, letter]) => [letter, type])) as Record<
  string,
  Author['type']
>;

/** The stamp as an attribute: short, since every item of these kinds carries one. */
export const stampText = ({ type, id, cause }: Author, at: number, why?: Why): string =>
  `${at.toString(36)} ${LETTERS[type]}${id ?? ''} ${cause}${why ? `\n${JSON.stringify(why)}` : ''}`;

export function stampOf(text: string): Stamp {
  const [by = '', why] = text.split('\n');
  const [at = '', author = '', ...cause] = by.split(' ');
  const id = author.slice(1);
  return {
    at: Number.parseInt(at, 36),
    type: TYPES[author[0] ?? ''] ?? 'system',
    ...(id && { id }),
    cause: cause.join(' '),
    why: why === undefined ? {} : JSON.parse(why),
  };
}

/**
 * Keys of the kinds whose changes are events; `stamped` in the schema says the same of each kind, and a test compares
 * both. One expression, because every write of every function asks it.
 */
const STAMPED =
  /^(?:A#[^#]+(?:#T#[^#]+)? #|U#[^#]+#\d+ (?:#|[PST]|[DIF]#.+)|G#[^#]+#\d+(?: [#IXS]|#R [RA]#.+|#[NF] \d+))$/;

/** Whether items of this key carry a stamp. */
export const isStamped = ({ pk, sk }: Key): boolean => STAMPED.test(`${pk} ${sk}`);

/** How long an item that has ended stays with its last stamp (s): the stream is behind by a day at most. */
const TOMBSTONE_KEPT = 3 * 86_400;
/** When a tombstone goes (s). @param now ms */
export const tombstoneTtl = (now: number): number => Math.ceil(now / 1000) + TOMBSTONE_KEPT;
