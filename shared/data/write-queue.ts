import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { pause } from '../deadline.ts';
import type { Database } from './database.ts';
import { absent, all, any, atMost, type Condition, Expression, equal, exists, missing } from './expression.ts';
import { type Key, leaseKey, queuedKey, queuedSince } from './keys.ts';
import { asRecord, getItem, type Item, keyText, type Query } from './read.ts';
import { put, remove, type Step, update } from './step.ts';

/**
 * Many writes may count on one item at once: 200 users join one group. A write that keeps conflicting is put into a
 * queue beside the item. One of the waiting calls then writes the queue, up to 100 items by one transaction. So the item
 * is written once for some twenty joins, in the order of the queue. A write without conflicts never uses the queue. See
 * docs/decisions/0060-write-queue.md.
 */

/**
 * What a step adds to its item, in a form in which several steps can be added up. The item must have the values of
 * `equal`, and after the addition each attribute of `most` must have at most that value.
 */
export interface Sum {
  add: Record<string, number>;
  equal: Item;
  most: Record<string, number>;
}

/** A step that only adds. Several such steps on one item can be written as one, so their writes may be queued. */
export function sumStep(key: Key, sum: Sum): Step {
  return { ...update(key, { add: sum.add }, sumCondition(sum)), sum, queued: writeQueued };
}

/** What must hold of the item before a sum is added. */
export const sumCondition = ({ add, equal: same, most }: Sum): Condition =>
  all(
    ...Object.entries(same).map(([name, value]) => equal(name, value)),
    ...Object.entries(most).map(([name, value]) => atMost(name, value - (add[name] ?? 0))),
  );

/** A waiting write. The transaction that performs it deletes it, or else the call that queued it. */
interface Queued {
  pk: string;
  sk: string;
  /** Its steps: see `packed`. */
  steps: string;
  /** The items whose conditions failed, as JSON. Such a write is not performed. */
  failed?: string;
}

/** A step as data. */
interface Frozen extends Pick<Step, 'key' | 'action' | 'item' | 'sum'> {
  set?: Item;
  remove?: string[];
  add?: Record<string, number>;
  condition?: { text: string } & Pick<Expression, 'names' | 'values'>;
}

/** How long a queued write waits (ms). It is not performed later, since its call has been answered. */
const LIFE = 5000;
/** After this time another call takes over from one that stopped while it wrote the queue (ms). */
const LEASE = 1500;
/** Time between two reads of a queued write (ms). */
const [SHORTEST, LONGEST] = [25, 75];
/** Queued writes read for one transaction, which performs some twenty. */
const AT_ONCE = 30;
/** TransactWriteItems holds no more. */
const MAX_STEPS = 100;

/** How a queued write ended. Where it was refused, `db` has the items whose conditions failed. */
export type QueueOutcome = 'done' | 'refused' | 'too late';

/** Writes the steps through the queue of the item that one of them adds to. */
async function writeQueued(db: Database, steps: Step[]): Promise<QueueOutcome> {
  const { key: counted } = steps.find(({ sum }) => sum)!;
  const began = Date.now();
  const own = queuedKey(counted, began, randomUUID());
  const mine = getItem<Queued>(own);
  const lease = getItem<{ expiresAt: number }>(leaseKey(counted));
  // Once: after a lost response the write may have been performed already, and must not be queued again.
  await db.write([{ ...put(own, { steps: packed(steps), ttl: Math.ceil((began + LIFE) / 1000) }), once: true }]);
  for (;;) {
    await pause(SHORTEST + Math.random() * (LONGEST - SHORTEST));
    const [waiting, led] = await db.read([mine, lease] as const);
    if (!waiting) return 'done';
    if (waiting.failed !== undefined) return takeFailure(db, waiting);
    if (Date.now() - began > LIFE) {
      // The condition fails where another call performs or refuses the write at this moment.
      if (await db.write([remove(own, all(exists, absent('failed')))])) return 'too late';
    } else if ((led?.expiresAt ?? 0) <= Date.now()) await lead(db.beside(), counted, own);
  }
}

/** The write was refused: the items that its conditions found let the next decision give the reason. */
async function takeFailure(db: Database, { pk, sk, failed = '[]' }: Queued): Promise<QueueOutcome> {
  const found = JSON.parse(failed) as [key: string, item: Item | null][];
  await db.write([remove({ pk, sk })]);
  db.takeOver(new Map(found.map(([key, item]) => [key, item ?? undefined])));
  return 'refused';
}

/**
 * Writes the queue in its order until this call's own write has ended.
 * @param db not the call's own view, which must learn only of its own write
 */
async function lead(db: Database, counted: Key, own: Key): Promise<void> {
  const key = leaseKey(counted);
  const holder = randomUUID();
  const now = Date.now();
  const expiresAt = now + LEASE;
  const taken = put(
    key,
    { holder, expiresAt, ttl: Math.ceil(expiresAt / 1000) },
    any(missing, atMost('expiresAt', now)),
  );
  if (!(await db.write([taken]))) return;
  while (Date.now() < expiresAt && (await writeSome(db, counted, keyText(own))));
  await db.write([remove(key, equal('holder', holder))]);
}

/** One transaction of queued writes. @returns whether `own` may still wait */
async function writeSome(db: Database, counted: Key, own: string): Promise<boolean> {
  const [found, item] = await db.read([queuedOf(counted, Date.now() - LIFE), getItem<Item>(counted)] as const);
  const waiting = found.filter(({ failed }) => failed === undefined);
  const failures = new Map<Queued, [key: string, item: Item | undefined][]>();
  for (const queued of waiting) if (!fits(queued, item)) failures.set(queued, [[keyText(counted), item]]);
  const chosen = combined(
    waiting.filter((queued) => !failures.has(queued)),
    item,
  );
  const done = await db.write(chosen.steps);
  // A write that its call has taken back has no failure to report.
  for (const [text, found] of done ? [] : db.refused) {
    const queued = chosen.owners.get(text);
    if (queued && text !== keyText(queued)) failures.set(queued, [...(failures.get(queued) ?? []), [text, found]]);
  }
  await Promise.all(
    [...failures].map(([queued, items]) =>
      db.write([update(keyOf(queued), { set: { failed: JSON.stringify(items) } }, exists)]),
    ),
  );
  const ended = [...failures.keys(), ...(done ? chosen.writes : [])].some((queued) => keyText(queued) === own);
  return !ended && (found.length === AT_ONCE || waiting.some((queued) => keyText(queued) === own));
}

/** Whether the item as it was read allows what the write adds. */
const fits = (queued: Queued, item: Item | undefined): boolean =>
  stepsOf(queued).every(({ sum }) => !sum || (item !== undefined && allows(sum, item)));

const allows = ({ add, equal: same, most }: Sum, item: Item): boolean =>
  Object.entries(same).every(([name, value]) => item[name] === value) &&
  Object.entries(most).every(([name, value]) => ((item[name] as number | undefined) ?? 0) + (add[name] ?? 0) <= value);

/** As many writes as one transaction holds and the item allows, in their order. The others wait. */
function combined(waiting: readonly Queued[], item: Item | undefined) {
  let steps = new Map<string, Step>();
  const writes: Queued[] = [];
  const owners = new Map<string, Queued>();
  for (const queued of waiting) {
    const next = new Map(steps);
    const own = [...stepsOf(queued), remove(keyOf(queued), all(exists, absent('failed')))];
    const joins = own.every((step) => {
      const both = united(next.get(keyText(step.key)), step);
      if (!both || (both.sum && item && !allows(both.sum, item))) return false;
      next.set(keyText(step.key), both);
      return true;
    });
    if (!joins || next.size > MAX_STEPS) continue;
    steps = next;
    writes.push(queued);
    for (const step of own) if (!step.sum) owners.set(keyText(step.key), queued);
  }
  // This write itself is never queued.
  return { steps: [...steps.values()].map((step) => ({ ...step, queued: undefined })), writes, owners };
}

/** Two steps on one item as one; undefined where that is impossible. */
function united(one: Step | undefined, other: Step): Step | undefined {
  if (!one) return other;
  if (one.sum && other.sum) {
    const [a, b] = [one.sum, other.sum];
    const same = Object.entries(b.equal).every(([name, value]) => !(name in a.equal) || a.equal[name] === value);
    if (!same) return undefined;
    const add = { ...a.add };
    for (const [name, by] of Object.entries(b.add)) add[name] = (add[name] ?? 0) + by;
    const most = { ...a.most };
    for (const [name, value] of Object.entries(b.most)) most[name] = Math.min(most[name] ?? value, value);
    return sumStep(one.key, { add, equal: { ...a.equal, ...b.equal }, most });
  }
  return one.action === 'check' && isDeepStrictEqual(frozen(one), frozen(other)) ? one : undefined;
}

/** Waiting writes in the order of the queue. */
const queuedOf = (counted: Key, since: number): Query<Queued[]> => ({
  query: { ...queuedSince(counted, since), limit: AT_ONCE },
  parse: ({ items }) => items.map(asRecord<Queued>),
});

const keyOf = ({ pk, sk }: Queued): Key => ({ pk, sk });

function frozen({ key, action, item, sum, changes: { set = {}, add } = {}, condition }: Step): Frozen {
  if (sum) return { key, action, sum };
  const expression = new Expression();
  const text = condition?.(expression);
  const { names, values } = expression;
  const removed = Object.keys(set).filter((name) => set[name] === undefined);
  return {
    key,
    action,
    ...(item && { item }),
    ...(action === 'update' && { set, remove: removed, ...(add && { add }) }),
    ...(text && { condition: { text, names, values } }),
  };
}

/** Loaded only where a queue has formed. */
const zlib = () => process.getBuiltinModule('node:zlib');

/** Steps as compressed text, so that a join fits into the kilobyte of one write unit. */
const packed = (steps: Step[]): string =>
  zlib()
    .deflateRawSync(JSON.stringify(steps.map(frozen)))
    .toString('base64');

/** The steps of a queued write. */
export const stepsOf = ({ steps }: Pick<Queued, 'steps'>): Step[] =>
  (JSON.parse(zlib().inflateRawSync(Buffer.from(steps, 'base64')).toString()) as Frozen[]).map(thawed);

function thawed({ key, action, item, sum, set = {}, remove: removed = [], add, condition }: Frozen): Step {
  if (sum) return sumStep(key, sum);
  for (const name of removed) set[name] = undefined;
  return {
    key,
    action,
    ...(item && { item }),
    ...(action === 'update' && { changes: { set, ...(add && { add }) } }),
    ...(condition && {
      condition: (expression) => {
        Object.assign(expression.names, condition.names);
        return condition.text.replace(/:v\d+/g, (placeholder) => expression.value(condition.values[placeholder]));
      },
    }),
  };
}
