/**
 * Names and attributes of the one table and its indexes: what infra creates and what the repositories use.
 * Local indexes exist only from the table's creation on, so all of them are here from the first day.
 * Imports nothing. The entity chart is in `keys.ts`.
 */
export const PARTITION_KEY = 'pk';
export const SORT_KEY = 'sk';
/** Epoch seconds after which DynamoDB may remove the item (hours to days late: expiry is always checked on read). */
export const TTL_ATTRIBUTE = 'ttl';

/** Another order within a partition, readable with strong consistency. `projected` undefined means all attributes. */
export const LOCAL_INDEXES = [
  { name: 'lsi1', sortKey: 'lsi1sk', projected: undefined },
  {
    name: 'lsi2',
    sortKey: 'lsi2sk',
    projected: ['name', 'joined', 'banned', 'bannedUntil', 'settled', 'blocked', 'role'],
  },
  { name: 'lsi3', sortKey: 'lsi3sk', projected: ['name', 'joined', 'role'] },
] as const;

/** Eventually consistent: background work and operators only, never a client's list or look-up. Keys only. */
export const GLOBAL_INDEX = { name: 'gsi1', partitionKey: 'gsi1pk', sortKey: 'gsi1sk' } as const;

export type LocalIndexName = (typeof LOCAL_INDEXES)[number]['name'];
