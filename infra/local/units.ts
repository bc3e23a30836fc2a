import { projectedBy } from '../../shared/data/schema.ts';
import { GLOBAL_INDEX, LOCAL_INDEXES, PARTITION_KEY, SORT_KEY } from '../../shared/data/table.ts';

/**
 * Read and write units as AWS charges them, from the items themselves. DynamoDB Local's own count is right for single
 * calls only: of a transaction it rounds the sum of the sizes, where AWS rounds and doubles each item.
 */

/** An item as the document client gives it. */
export type Image = Record<string, unknown>;

/** Bytes of an item: names and values in UTF-8, numbers by their digits. */
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

/** A byte for each two significant digits, one more, and one for the sign. */
function numberBytes(value: number): number {
  const digits = Math.abs(value)
    .toString()
    .replace('.', '')
    .replace(/^0+|0+$/g, '').length;
  return Math.ceil(digits / 2) + 1 + (value < 0 ? 1 : 0);
}

/** Units of a strongly consistent read of so many bytes; nothing found costs as much as the smallest item. */
export const readUnits = (bytes: number): number => Math.max(1, Math.ceil(bytes / 4096));

const kilobytes = (images: (Image | undefined)[], more = 0) =>
  Math.max(1, ...images.map((image) => Math.ceil((image ? itemBytes(image) + more : 0) / 1024)));

/** What an index entry holds beside the attributes. */
const ENTRY_BYTES = 100;
const entryUnits = (...entries: Image[]) => kilobytes(entries, ENTRY_BYTES);

/** Units of writing (or, in a transaction, checking) one item that was `before` and is `after`. */
export function writeUnits(before: Image | undefined, after: Image | undefined, inTransaction: boolean): number {
  return kilobytes([before, after]) * (inTransaction ? 2 : 1) + indexUnits(before, after);
}

const INDEXES = [
  ...LOCAL_INDEXES.map(({ name, sortKey }) => ({ keys: [sortKey], projected: projectedBy(name) })),
  { keys: [GLOBAL_INDEX.partitionKey, GLOBAL_INDEX.sortKey], projected: [] as readonly string[] },
];

/** Each index entry that goes, comes or changes; one whose sort key changes does both. */
function indexUnits(before: Image | undefined, after: Image | undefined): number {
  let units = 0;
  for (const { keys, projected } of INDEXES) {
    const entry = (image: Image | undefined): Image | undefined => {
      if (!image || keys.some((key) => image[key] === undefined)) return undefined;
      const names = new Set([PARTITION_KEY, SORT_KEY, ...keys, ...(projected ?? [])]);
      return projected ? Object.fromEntries(Object.entries(image).filter(([name]) => names.has(name))) : image;
    };
    const [old, now] = [entry(before), entry(after)];
    if (old && now && keys.every((key) => old[key] === now[key])) {
      if (JSON.stringify(Object.entries(old).sort()) !== JSON.stringify(Object.entries(now).sort()))
        units += entryUnits(old, now);
    } else units += (old ? entryUnits(old) : 0) + (now ? entryUnits(now) : 0);
  }
  return units;
}
