import type { Key } from '../data/keys.ts';
import type { Item } from '../data/read.ts';
import * as schema from '../data/schema.ts';
import { isStamped, type Stamp, stampOf } from '../data/stamp.ts';
import type { AppId } from '../ids.ts';
import type { EventData, EventType } from './catalogue.ts';
import { factsOfGroup } from './facts-of-group.ts';
import { factsOfUser } from './facts-of-user.ts';

/** One write of an item, as the table's stream shows it: the item before, where there was one, and after. */
export interface Change {
  key: Key;
  before: Item | undefined;
  after: Item;
  /** The stamp of `after`. */
  stamp: Stamp;
}

/** A type with its data: what a change says by itself. */
export type Said = { [T in EventType]: readonly [type: T, data: EventData[T]] }[EventType];

/** What happened: an event but for its number. Its subject follows from type and data. */
export interface Fact {
  app: AppId;
  type: EventType;
  data: EventData[EventType];
  stamp: Stamp;
}

/**
 * The events of one write: a pure function of the item before and after. None where nothing changed that a reader could
 * see. Removals tell nothing: what ends leaves a tombstone, an item without its state, whose stamp says who ended it.
 */
export function factsOf(key: Key, before: Item | undefined, after: Item | undefined): Fact[] {
  if (!isStamped(key) || typeof after?.stamp !== 'string') return [];
  const stamp = stampOf(after.stamp);
  const change = { key, before, after, stamp };
  const ofGroup = key.pk.startsWith('G#') || schema.invitation.has(key);
  const said = ofGroup ? factsOfGroup(change) : factsOfUser(change);
  const app = key.pk.split('#')[1] as AppId;
  return said.map(([type, data]) => ({ app, type, data, stamp }));
}
