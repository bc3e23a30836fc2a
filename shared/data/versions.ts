import { type Entity, isOf, type Key, type Shape } from './entity.ts';

type Item = Record<string, unknown>;

/**
 * Kinds of items whose shape has changed since the first release. To change a shape: give its kind the next `version`
 * and an upgrade from the one before, change its attributes, and list the kind here. From then on
 *
 * - every item that is read comes in the new shape, whatever shape it was written in;
 * - every item that is put or updated carries the number of its shape, as `v`. Items of the first shape carry none, so
 *   the number costs nothing until a shape changes;
 * - `npm run ops -- migrate` rewrites the items that nothing has written since, after which the upgrade can go.
 *
 * An update sees the item as it is stored: until the migration has run, it may neither condition on a new attribute
 * alone nor leave an old one behind.
 */
export const CHANGED: Entity[] = [];

const shapeOf = (key: Key): Shape | undefined => CHANGED.find((kind) => isOf(kind)(key))?.shape;

/** The number that an item of this key carries when it is written; undefined for the first shape. */
export const versionOf = (key: Key): number | undefined => (CHANGED.length > 0 ? shapeOf(key)?.version : undefined);

/**
 * The item in the shape of today.
 * @throws Error where a later release has written it, or where an upgrade is missing
 */
export function current<I extends Item>(item: I & Partial<Key>): I {
  if (CHANGED.length === 0) return item;
  const { version = 1, upgrades = {} } = shapeOf(item as Key) ?? {};
  let upgraded: Item = item;
  for (let from = Number(item.v ?? 1); from !== version; from++) {
    const upgrade = upgrades[from];
    if (!upgrade) throw new Error(`no way from version ${from} to ${version} of the item ${item.pk} ${item.sk}`);
    upgraded = { ...upgrade(upgraded), v: from + 1 };
  }
  return upgraded as I;
}
