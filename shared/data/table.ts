/**
 * Names and attributes of the one table and its indexes: what infra creates and what the repositories use.
 * Local indexes exist only from the table's creation on, so all of them are here from the first day.
 * Imports nothing. The kinds of items are in `schema.ts`.
 */
export const PARTITION_KEY = 'pk';
export const SORT_KEY = 'sk';
/** Epoch seconds after which DynamoDB may remove the item (hours to days late: expiry is always checked on read). */
export const TTL_ATTRIBUTE = 'ttl';

/** Other orders within a partition, readable with strong consistency. What each holds of an item: see `projectedBy`. */
export const LOCAL_INDEXES = [
  { name: 'lsi1', sortKey: 'lsi1sk' },
  { name: 'lsi2', sortKey: 'lsi2sk' },
  { name: 'lsi3', sortKey: 'lsi3sk' },
] as const;

/** Eventually consistent: background work and operators only, never a client's list or look-up. Keys only. */
export const GLOBAL_INDEX = { name: 'gsi1', partitionKey: 'gsi1pk', sortKey: 'gsi1sk' } as const;

export type LocalIndexName = (typeof LOCAL_INDEXES)[number]['name'];
