import { Unavailable } from '../errors.ts';
import type { Entity, Key, Shape } from './entity.ts';

type Item = Record<string, unknown>;

/**
 * Kinds of items whose shape has changed since the first release. To change a shape: give its kind the next `version`
 * and an upgrade from the one before, change its attributes, and list the kind here. From then on
 *
 * - every item that is read comes in the new shape, whatever shape it is stored in;
 * - every item that is put or updated carries the number of its shape, as `v`. Items of the first shape carry none, so
 *   the number costs nothing until a shape changes;
 * - a write that meets an item of an older shape fails its condition: the item is upgraded, and the write decided again;
 * - `npm run ops -- migrate` upgrades the items that nothing writes. After it, the upgrade can go.
 *
 * Functions of the release before do not know the new shape: while a deployment replaces them, they answer 503 to calls
 * that meet it. A change that must not interrupt anything is made without versions, in two releases: the first writes
 * old and new attributes, the second only the new ones.
 */
export const CHANGED: Entity[] = [];

const shapeOf = (key: Key): Shape | undefined => CHANGED.find((kind) => kind.has(key))?.shape;

/** The number that an item of this key carries when it is written; undefined for the first shape. */
export const versionOf = (key: Key): number | undefined => (CHANGED.length > 0 ? shapeOf(key)?.version : undefined);

/**
 * The item in the shape of today; the same object where it is stored so.
 * @throws Unavailable where a later release has written it
 */
export function current<I extends Item>(item: I & Partial<Key>): I {
  if (item.v === undefined && CHANGED.length === 0) return item;
  const { version = 1, upgrades = {} } = shapeOf(item as Key) ?? {};
  let upgraded: Item = item;
  for (let from = Number(item.v ?? 1); from !== version; from++) {
    const upgrade = upgrades[from];
    if (!upgrade) throw new Unavailable(`version ${from} of an item ${String(item.pk)[0]}# is unknown to this release`);
    upgraded = { ...upgrade(upgraded), v: from + 1 };
  }
  return upgraded as I;
}
