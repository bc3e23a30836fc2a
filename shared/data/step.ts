import { isDeepStrictEqual } from 'node:util';
import type { MeasuredEvent } from '../metrics.ts';
import type { Database } from './database.ts';
import { all, any, type Condition, Expression, equal, missing, unchanged } from './expression.ts';
import type { Key } from './keys.ts';
import type { Item } from './read.ts';
import { type Author, isStamped, stampText, type Why } from './stamp.ts';
import { current, versionOf } from './versions.ts';
import type { QueueOutcome, Sum } from './write-queue.ts';

/** What an update does to attributes. A `set` to undefined removes. */
export interface Changes {
  set?: Item;
  /** Added to a number, which counts as 0 where absent. */
  add?: Record<string, number>;
}

/** The write of one item, as plain data: it can be sent, merged with others and applied to a record in memory. */
export interface Step {
  key: Key;
  action: 'put' | 'update' | 'delete' | 'check';
  /** The attributes of a put. */
  item?: Item;
  changes?: Changes;
  condition?: Condition;
  /** Goes by a transaction even alone, so that the database does not write it twice. */
  once?: true;
  /** Counted once this is written. */
  event?: MeasuredEvent;
  /** Part of the item's stamp. */
  why?: Why;
  /** The values that a check proves, if it proves nothing else. */
  equal?: Item;
  /** The whole of an update that only adds; see write-queue.ts. */
  sum?: Sum;
  /** Writes a transaction with this step through the queue of its item, where conflicts keep failing it. */
  queued?: ((db: Database, steps: Step[]) => Promise<QueueOutcome>) | undefined;
}

const step = (action: Step['action'], key: Key, condition: Condition | undefined, rest?: Partial<Step>): Step => ({
  key,
  action,
  ...rest,
  ...(condition && { condition }),
});
export function put(key: Key, item: object, condition?: Condition): Step {
  const v = versionOf(key);
  return step('put', key, condition, { item: { ...item, ...key, ...(v !== undefined && { v }) } });
}
export function update(key: Key, changes: Changes, condition?: Condition): Step {
  const v = versionOf(key);
  if (v === undefined) return step('update', key, condition, { changes });
  // An item of an older shape would be left half changed: see versions.ts.
  const ofToday = any(missing, equal('v', v));
  const set = { ...changes.set, v };
  return step('update', key, condition ? all(condition, ofToday) : ofToday, { changes: { ...changes, set } });
}
export const remove = (key: Key, condition?: Condition) => step('delete', key, condition);
export const check = (key: Key, condition: Condition) => step('check', key, condition);

/** Brings a stored item into the shape of today; undefined where it is stored so. It is written only as it was read. */
export function upgrade(stored: Item): Step | undefined {
  const now: Item = current(stored);
  if (now === stored) return undefined;
  const { pk, sk, ...attributes } = stored;
  const gone = Object.fromEntries(Object.keys(attributes).map((name) => [name, undefined]));
  const { pk: _pk, sk: _sk, ...set } = { ...gone, ...now };
  const asRead = unchanged(stored, 'v', ...Object.keys(attributes));
  return step('update', { pk: String(pk), sk: String(sk) }, asRead, { changes: { set } });
}

/**
 * One step goes alone at half the price. A step that must not be done twice needs the token of a transaction: an addition,
 * and one marked `once`.
 */
export const goesAlone = ([only, ...others]: Step[]) =>
  others.length === 0 && only !== undefined && only.action !== 'check' && !only.changes?.add && !only.once;

/** The step, counted as an event once it is written. */
export const measured = (event: MeasuredEvent, step: Step): Step => ({ ...step, event });

/** The step, whose stamp says why: what the images of the item do not show. */
export const because = (step: Step, why: Why): Step => ({ ...step, why: { ...step.why, ...why } });

/** The step with the stamp of its author, where its item carries one. Counts of the write queue tell no event. */
export function stamped(step: Step, author: Author, now: number): Step {
  const { key, action, item, changes, sum, why } = step;
  if (sum || (action !== 'put' && action !== 'update') || !isStamped(key)) return step;
  const stamp = stampText(author, now, why);
  return item
    ? { ...step, item: { ...item, stamp } }
    : { ...step, changes: { ...changes, set: { ...changes?.set, stamp } } };
}

/** The item as the step leaves it. */
export function itemAfter(step: Step, item: Item | undefined): Item | undefined {
  switch (step.action) {
    case 'put':
      return step.item;
    case 'delete':
      return undefined;
    case 'check':
      return item;
    case 'update': {
      const changed: Item = { ...step.key, ...item, ...step.changes?.set };
      for (const [name, by] of Object.entries(step.changes?.add ?? {}))
        changed[name] = ((item?.[name] as number | undefined) ?? 0) + by;
      for (const name of Object.keys(changed)) if (changed[name] === undefined) delete changed[name];
      return changed;
    }
  }
}

/**
 * Whether the item is as the step would have left it. After a lost answer, this distinguishes the own write from
 * another's.
 */
export function isDone(step: Step, item: Item | undefined): boolean {
  if (step.action === 'delete') return item === undefined;
  if (item === undefined) return false;
  const set = step.action === 'put' ? { ...emptied(item), ...step.item } : { ...step.changes?.set };
  return Object.entries(set).every(([name, value]) => isDeepStrictEqual(item[name], value));
}

/** The same attributes without values. */
const emptied = (item: Item): Item => Object.fromEntries(Object.keys(item).map((name) => [name, undefined]));

/** The step as TransactWriteItems and the single-item commands take it. */
export function statement(step: Step, table: string) {
  const expression = new Expression();
  const update = step.changes && updateText(step.changes, expression);
  const condition = step.condition?.(expression);
  return {
    TableName: table,
    ...(step.action === 'put' ? { Item: step.item ?? {} } : { Key: step.key }),
    ...(update && { UpdateExpression: update }),
    ...(condition && { ConditionExpression: condition }),
    ...expression.placeholders(),
    ...(condition && { ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const }),
  };
}

function updateText({ set = {}, add = {} }: Changes, e: Expression): string {
  const clause = (word: string, parts: string[]) => (parts.length > 0 ? [`${word} ${parts.join(', ')}`] : []);
  const entries = Object.entries(set);
  return [
    ...clause(
      'SET',
      entries.filter(([, value]) => value !== undefined).map(([name, value]) => `${e.name(name)} = ${e.value(value)}`),
    ),
    ...clause(
      'REMOVE',
      entries.filter(([, value]) => value === undefined).map(([name]) => e.name(name)),
    ),
    ...clause(
      'ADD',
      Object.entries(add).map(([name, by]) => `${e.name(name)} ${e.value(by)}`),
    ),
  ].join(' ');
}
