import type { Rates } from './capacity.ts';
import type { FaultName } from './faults.ts';

/** How unkind the database is. */
export interface Manners {
  /** The probability (0…1) of each fault, for a request that it fits. */
  faults: { [name in FaultName]?: number };
  /** Milliseconds for which a transaction keeps its items from others: at least, at most. */
  hold: readonly [number, number];
  /** The probability that an answer is late, and by how many milliseconds: at least, at most. */
  late: { chance: number; by: readonly [number, number] };
  /** Units per second that each partition key takes; undefined: no limit. */
  rates: Rates | undefined;
}

/** AWS on a bad day: about one request in ten fails or is late. */
export const UNKIND: Manners = {
  faults: {
    'reset before': 0.01,
    'reset after': 0.015,
    'silence before': 0.001,
    'silence after': 0.002,
    'InternalServerError before': 0.01,
    'InternalServerError after': 0.01,
    'HTML 503 before': 0.005,
    'HTML 503 after': 0.005,
    'truncated JSON': 0.005,
    ThrottlingException: 0.01,
    ProvisionedThroughputExceededException: 0.01,
    TransactionConflictException: 0.02,
    'TransactionConflict at an item': 0.02,
    'ThrottlingError at an item': 0.01,
    'ProvisionedThroughputExceeded at an item': 0.01,
    TransactionInProgressException: 0.01,
    UnprocessedKeys: 0.05,
    'page ends early': 0.1,
  },
  hold: [5, 40],
  late: { chance: 0.02, by: [50, 300] },
  rates: { read: 3000, write: 1000 },
};

/** The database does only what DynamoDB Local does. */
export const KIND: Manners = { faults: {}, hold: [0, 0], late: { chance: 0, by: [0, 0] }, rates: undefined };
