/**
 * Read and write units as AWS charges them, computed from the items. DynamoDB Local counts single calls correctly, but
 * for a transaction it rounds the sum of the sizes, while AWS rounds and doubles the size of each item.
 */
import type { TableShape } from './table-shape.ts';

/** An item as the document client returns it. */
export type Image = Record<string, unknown>;

/** Bytes of an item. Names and texts count in UTF-8, numbers by their digits. */
export const itemBytes = (item: Image): number =>
  Object.entries(item).reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + valueBytes(value), 0);

function valueBytes(value: unknown): number {
  if (value === undefined) return 0;
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (typeof value === 'number') return numberBytes(value);
  if (value === null || typeof value === 'boolean') return 1;
  if (Array.isArray(value)) return 3 + value.reduce<number>((sum, entry) => sum + 1 + valueBytes(entry), 0);
  return (
    3 + Object.entries(value).reduce((sum, [name, entry]) => sum + 1 + Buffer.byteLength(name) + valueBytes(entry), 0)
  );
}

/** One byte per two significant digits, one more, and one for the sign. */
function numberBytes(value: number): number {
  const digits = Math.abs(value)
    .toString()
    .replace('.', '')
    .replace(/^0+|0+$/g, '').length;
  return Math.ceil(digits / 2) + 1 + (value < 0 ? 1 : 0);
}

/** Units of a strongly consistent read of so many bytes. A read that finds nothing costs one unit. */
export const readUnits = (bytes: number): number => Math.max(1, Math.ceil(bytes / 4096));

/** Kilobytes of the largest image, rounded up. */
const kilobytes = (images: (Image | undefined)[], more = 0) =>
  Math.max(1, ...images.map((image) => Math.ceil((image ? itemBytes(image) + more : 0) / 1024)));

/** Bytes of an index entry beside its attributes. */
const ENTRY_BYTES = 100;
const entryUnits = (...entries: Image[]) => kilobytes(entries, ENTRY_BYTES);

/** Units of writing (or, in a transaction, checking) one item that was `before` and is `after`. */
export function writeUnits(
  table: TableShape,
  before: Image | undefined,
  after: Image | undefined,
  inTransaction: boolean,
): number {
  return kilobytes([before, after]) * (inTransaction ? 2 : 1) + indexUnits(table, before, after);
}

/** Units of each index entry that is removed, added or changed. A changed sort key removes one and adds another. */
function indexUnits(table: TableShape, before: Image | undefined, after: Image | undefined): number {
  let units = 0;
  for (const { key, projected } of table.indexes) {
    const entryOf = (image: Image | undefined): Image | undefined => {
      if (!image || key.some((name) => image[name] === undefined)) return undefined;
      const names = new Set([...table.key, ...key, ...(projected ?? [])]);
      return projected ? Object.fromEntries(Object.entries(image).filter(([name]) => names.has(name))) : image;
    };
    const [old, now] = [entryOf(before), entryOf(after)];
    if (old && now && key.every((name) => old[name] === now[name])) {
      if (JSON.stringify(Object.entries(old).sort()) !== JSON.stringify(Object.entries(now).sort()))
        units += entryUnits(old, now);
    } else units += (old ? entryUnits(old) : 0) + (now ? entryUnits(now) : 0);
  }
  return units;
}
