import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { pause } from '../deadline.ts';
import type { Database } from './database.ts';
import { absent, all, any, atMost, type Condition, Expression, equal, exists, missing } from './expression.ts';
import { type Key, leaseKey, queuedKey, queuedSince } from './keys.ts';
import { getItem, type Item, keyText, type Query } from './read.ts';
import { put, remove, type Step, update } from './step.ts';

/**
 * A write that keeps meeting others on one counted item (200 people who join one group at once) is not tried again and
 * again: it is laid into a queue beside the item, and one of those who wait writes up to 100 items of the queue by one
 * transaction. So the item is written once for some twenty joins, and who came first is first. A write that meets
 * nobody never sees the queue. See docs/decisions/0060-write-queue.md.
 */

/**
 * What a step adds to its item, in a form that can be added up: `equal` must hold of the item, and after the addition
 * each attribute of `most` is at most that.
 */
export interface Sum {
  add: Record<string, number>;
  equal: Item;
  most: Record<string, number>;
}

/** A step that only adds. Several of them, of one item, can be written as one: their writes may be queued. */
export function sumStep(key: Key, sum: Sum): Step {
  return { ...update(key, { add: sum.add }, conditionOf(sum)), sum, queued: writeQueued };
}

const conditionOf = ({ add, equal: same, most }: Sum): Condition =>
  all(
    ...Object.entries(same).map(([name, value]) => equal(name, value)),
    ...Object.entries(most).map(([name, value]) => atMost(name, value - (add[name] ?? 0))),
  );

/** A write that waits in the queue. Deleted by the transaction that does it, or by the call that made it. */
interface Queued {
  pk: string;
  sk: string;
  /** Its steps: see `packed`. */
  steps: string;
  /** Items of conditions that did not hold, as JSON: the write will not be done. */
  failed?: string;
}

/** A step as data. */
interface Frozen extends Pick<Step, 'key' | 'action' | 'item' | 'sum'> {
  set?: Item;
  remove?: string[];
  add?: Record<string, number>;
  condition?: { text: string } & Pick<Expression, 'names' | 'values'>;
}

/** Milliseconds that a queued write waits. Nobody does it later: the call that made it has been answered. */
const LIFE = 5000;
/** Milliseconds after which another call takes over from one that stopped while it wrote for others. */
const LEASE = 1500;
/** Milliseconds between two looks at a queued write. */
const [SHORTEST, LONGEST] = [25, 75];
/** Queued writes looked at for one transaction, which takes some twenty. */
const AT_ONCE = 30;
/** TransactWriteItems holds no more. */
const MAX_STEPS = 100;

/** How a queued write ended: `false` with the items of the conditions that did not hold, which `db` takes over. */
export type QueueOutcome = 'done' | 'refused' | 'too late';

/** Writes the steps through the queue of the item that one of them adds to. */
async function writeQueued(db: Database, steps: Step[]): Promise<QueueOutcome> {
  const { key: counted } = steps.find(({ sum }) => sum)!;
  const began = Date.now();
  const own = queuedKey(counted, began, randomUUID());
  const mine = getItem<Queued>(own);
  const lease = getItem<{ expiresAt: number }>(leaseKey(counted));
  // Laid into the queue twice, since an answer was lost, it might be done before the second time.
  await db.write([{ ...put(own, { steps: packed(steps), ttl: Math.ceil((began + LIFE) / 1000) }), once: true }]);
  for (;;) {
    await pause(SHORTEST + Math.random() * (LONGEST - SHORTEST));
    const [waiting, led] = await db.read([mine, lease] as const);
    if (!waiting) return 'done';
    if (waiting.failed !== undefined) return takeFailure(db, waiting);
    if (Date.now() - began > LIFE) {
      // Whatever somebody else does with it at this moment shows in this write.
      if (await db.write([remove(own, all(exists, absent('failed')))])) return 'too late';
    } else if ((led?.expiresAt ?? 0) <= Date.now()) await lead(db.beside(), counted, own);
  }
}

/** The write was refused: what its conditions found is taken over, so that the same decision finds the reason. */
async function takeFailure(db: Database, { pk, sk, failed = '[]' }: Queued): Promise<QueueOutcome> {
  const found = JSON.parse(failed) as [key: string, item: Item | null][];
  await db.write([remove({ pk, sk })]);
  db.takeOver(new Map(found.map(([key, item]) => [key, item ?? undefined])));
  return 'refused';
}

/**
 * Writes for others, the first come first, until this call's own write has been dealt with.
 * @param db not the call's own view: that one takes over its own write when it is done
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
  // Of a write that its call has taken back there is nothing to tell.
  for (const [text, found] of done ? [] : db.refused) {
    const queued = chosen.owners.get(text);
    if (queued && text !== keyText(queued)) failures.set(queued, [...(failures.get(queued) ?? []), [text, found]]);
  }
  await Promise.all(
    [...failures].map(([queued, items]) =>
      db.write([update(keyOf(queued), { set: { failed: JSON.stringify(items) } }, exists)]),
    ),
  );
  const settled = [...failures.keys(), ...(done ? chosen.writes : [])].some((queued) => keyText(queued) === own);
  return !settled && (found.length === AT_ONCE || waiting.some((queued) => keyText(queued) === own));
}

/** Whether what the write adds can be added to the item as it is. */
const fits = (queued: Queued, item: Item | undefined): boolean =>
  stepsOf(queued).every(({ sum }) => !sum || (item !== undefined && allows(sum, item)));

const allows = ({ add, equal: same, most }: Sum, item: Item): boolean =>
  Object.entries(same).every(([name, value]) => item[name] === value) &&
  Object.entries(most).every(([name, value]) => ((item[name] as number | undefined) ?? 0) + (add[name] ?? 0) <= value);

/** As many of the writes as one transaction holds and the item has room for, in their order. The others wait. */
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
  // Written as it is, or not at all: this write goes into no queue.
  return { steps: [...steps.values()].map((step) => ({ ...step, queued: undefined })), writes, owners };
}

/** Two steps on one item as one; undefined where they cannot be. */
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

/** Writes that wait, the first come first. */
const queuedOf = (counted: Key, since: number): Query<Queued[]> => ({
  query: { ...queuedSince(counted, since), limit: AT_ONCE },
  parse: ({ items }) => items as unknown as Queued[],
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

/** Steps as text: compressed, a join stays below the kilobyte that one write unit pays for. */
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
