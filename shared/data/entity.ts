import type { AppId, GroupId, UserId } from '../ids.ts';
import type { GLOBAL_INDEX, LocalIndexName } from './table.ts';

/** The primary key of an item. */
export interface Key {
  pk: string;
  sk: string;
}

/** Placeholders of users. */
export const USERS = ['user', 'inviter', 'other'] as const;

/** What a template's placeholder takes: the id of an app, a group or a user, `{at:time}` milliseconds, else a text. */
type Argument<P extends string> = P extends 'app'
  ? AppId
  : P extends 'group'
    ? GroupId
    : P extends (typeof USERS)[number]
      ? UserId
      : P extends `${string}:${string}`
        ? number
        : string;

/** The arguments of a template: one for each placeholder, in the order in which they first appear. */
type Arguments<S extends string, Seen extends string = never> = S extends `${string}{${infer P}}${infer Rest}`
  ? P extends Seen
    ? Arguments<Rest, Seen>
    : [Argument<P>, ...Arguments<Rest, Seen | P>]
  : [];

/** Padded, so that text order is numeric order: milliseconds, ids, and the place of an entry within one call. */
const DIGITS: Record<string, number> = { time: 13, id: 16, place: 4 };

type Fill = (values: readonly (string | number)[]) => string;

/** `names` collects the placeholders in the order in which they first appear. */
function filling(template: string, names: string[]): Fill {
  // Literal text at even places, placeholders at odd ones.
  const parts = template.split(/[{}]/);
  const places = parts.map((part, index) => {
    if (index % 2 === 0) return { text: part, at: -1, digits: 0 };
    if (!names.includes(part)) names.push(part);
    return { text: '', at: names.indexOf(part), digits: DIGITS[part.split(':')[1] ?? ''] ?? 0 };
  });
  return (values) => {
    let filled = '';
    for (const { text, at, digits } of places) filled += at < 0 ? text : String(values[at]).padStart(digits, '0');
    return filled;
  };
}

/** Sort keys that a template makes: of which index, what all begin with, and what they look like. */
export interface Sorted {
  /** Absent for those of the table. */
  readonly index: LocalIndexName | typeof GLOBAL_INDEX.name | undefined;
  readonly prefix: string;
  readonly form: RegExp;
}

function sorted<T extends object>(template: string, target: T, index?: LocalIndexName): T & Sorted {
  let form: RegExp | undefined;
  return Object.defineProperties(target, {
    index: { value: index },
    prefix: { value: template.split('{')[0] },
    form: { get: () => (form ??= formOf(template)) },
  }) as T & Sorted;
}

const APP = '[A-Za-z0-9_-]{1,64}';
const ID = '\\d{1,16}';
/** What a placeholder looks like. */
function formOfPlaceholder(placeholder: string): string {
  const digits = DIGITS[placeholder.split(':')[1] ?? ''];
  if (digits) return `\\d{${digits}}`;
  if (placeholder === 'app') return APP;
  // A whole partition key.
  if (placeholder === 'partition') return '.+';
  if (placeholder.endsWith(':number')) return '\\d+';
  return placeholder === 'group' || USERS.some((name) => name === placeholder) ? ID : '[^#]+';
}

/** What texts of a template look like. A group of the expression has what stands for the placeholder of its name. */
export const formOf = (template: string): RegExp =>
  new RegExp(
    `^${template.replaceAll(/\{(([^}:]*)[^}]*)\}/g, (_, placeholder: string, name: string) => `(?<${name}>${formOfPlaceholder(placeholder)})`)}$`,
    'u',
  );

/** How the items of one kind lie in the table. Templates name their placeholders: see `Arguments`. */
export interface Shape {
  pk: string;
  sk: string;
  /** Sort keys of local indexes, by the name of the order that they make. */
  orders?: { readonly [name: string]: readonly [index: LocalIndexName, template: string] };
  /** Partition and sort key of the global index. */
  gsi1?: readonly [partition: string, sort: string];
  /**
   * The most bytes of an item, where that is more than one read unit (4 KB) or where lists hold many: with app ids of 64
   * characters, ids of 16 digits, and the longest texts that their parameters take, at 4 bytes per character. `Call.open`
   * plans by it how much it may read before it has proven the caller's rights. `test/data/sizes.test.ts` makes the largest
   * item of each kind.
   */
  bytes?: number;
  /** Whether the items carry a time to live: `some` where only those do that wait for something. */
  ttl?: 'all' | 'some';
  /** Changes of the items are events, so each carries the stamp of its last author: see stamp.ts. */
  stamped?: true;
  /**
   * Attributes that lists show besides keys: an index holds no more of an item. All kinds together may name 20 per index
   * (`projectedBy`), and 100 in all.
   */
  shows?: { readonly [index in LocalIndexName]?: readonly string[] };
  /** Number of the shape and the way to it, once it has changed: see versions.ts. */
  version?: number;
  upgrades?: { readonly [from: number]: (item: Record<string, unknown>) => Record<string, unknown> };
}

type Orders<O> = {
  readonly [N in keyof O]: O[N] extends readonly [string, infer T extends string]
    ? ((...values: Arguments<T>) => string) & Sorted
    : never;
};

/** A kind of items: its shape, and what makes its keys. Mark the call `@__PURE__`, or no bundle can leave it out. */
export function entity<const S extends Shape>(shape: S) {
  const names: string[] = [];
  const pk = filling(shape.pk, names);
  const sk = filling(shape.sk, names);
  const orders = Object.fromEntries(
    Object.entries(shape.orders ?? {}).map(([name, [index, template]]) => {
      const fill = filling(template, []);
      return [name, sorted(template, (...values: (string | number)[]) => fill(values), index)];
    }),
  );
  const indexNames: string[] = [];
  const [indexPk, indexSk] = (shape.gsi1 ?? ['', '']).map((template) => filling(template, indexNames)) as [Fill, Fill];
  const [pkForm, skForm] = [sorted(shape.pk, {}), sorted(shape.sk, {})];
  return {
    shape: shape as Shape,
    bytes: shape.bytes as S['bytes'],
    /** Whether a key is one of this kind. */
    has: (key: Key): boolean => skForm.form.test(key.sk) && pkForm.form.test(key.pk),
    /** The key of one item. */
    key: (...values: Arguments<`${S['pk']} ${S['sk']}`>): Key => ({
      pk: pk(values as (string | number)[]),
      sk: sk(values as (string | number)[]),
    }),
    partition: (...values: Arguments<S['pk']>): string => pk(values as (string | number)[]),
    /** Sort keys of the items. */
    sk: skForm,
    orders: orders as Orders<NonNullable<S['orders']>>,
    /** Keys of the global index. */
    gsi1: (
      ...values: S['gsi1'] extends readonly [infer P extends string, infer T extends string]
        ? Arguments<`${P} ${T}`>
        : never
    ) => ({
      gsi1pk: indexPk(values as (string | number)[]),
      gsi1sk: indexSk(values as (string | number)[]),
    }),
  };
}

export type Entity = Pick<ReturnType<typeof entity<Shape>>, 'shape' | 'has'>;
