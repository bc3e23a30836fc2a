import type { ItemCollectionMetrics } from '@aws-sdk/client-dynamodb';
import { PARTITION_KEY } from './table.ts';

/** GB. A partition key of a table with local indexes holds 10, the entries of its items there included. */
const LARGE = 5;

/** Partition keys with half of what they may hold or more, of those that a write has changed: DynamoDB's estimate. */
export const largeCollections = (metrics: readonly ItemCollectionMetrics[] = []): string[] =>
  metrics.flatMap(({ ItemCollectionKey, SizeEstimateRangeGB: [, most = 0] = [] }) =>
    most >= LARGE ? [String(ItemCollectionKey?.[PARTITION_KEY])] : [],
  );

/** The answer to a write that a partition key has no room for: an exception's name, or the code of a transaction's reason. */
export const isFull = (name: string | undefined) => name?.startsWith('ItemCollectionSizeLimitExceeded') === true;
