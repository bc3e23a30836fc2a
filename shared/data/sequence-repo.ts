import type { AppId, GroupId } from '../ids.ts';
import { absent } from './expression.ts';
import { type Get, getItem } from './read.ts';
import type { ItemOf } from './schema.ts';
import * as schema from './schema.ts';
import { type Step, update } from './step.ts';

/**
 * The numbers that a group has given, apart from the item that joins write. A call takes a number by writing the one
 * that it read, plus 1, on the condition that it is unchanged.
 */
export type Sequence = ItemOf<typeof schema.sequenceFields>;

export const sequenceOf = (app: AppId, group: GroupId): Get<Sequence | undefined> =>
  getItem(schema.sequence.key(app, group));

/** From now on no file is added. */
export const close = (app: AppId, group: GroupId): Step =>
  update(schema.sequence.key(app, group), { set: { closed: true } });
export const NOT_CLOSED = absent('closed');

/** Nothing is left to number. The item stays for an hour: calls that have begun must find it closed. */
export const expire = (app: AppId, group: GroupId, now: number): Step =>
  update(schema.sequence.key(app, group), { set: { ttl: Math.ceil(now / 1000) + 3600 } });
