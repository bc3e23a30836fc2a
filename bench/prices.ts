import { PRICES } from '../shared/prices.ts';

export { PRICES };

/** Assumed time of a round trip between a function and DynamoDB (ms). AWS promises single-digit milliseconds. */
export const ASSUMED_TRIP = 5;
/** MiB of memory at which a Lambda function has one whole processor. */
export const WHOLE_PROCESSOR = 1769;

export interface CallCost {
  trips: number;
  read: number;
  write: number;
  /** Processor time of the whole call, SDK included, on a whole processor (ms). */
  cpu: number;
  /** MiB. */
  memory: number;
}

/** Dollars per million warm calls, by service. */
export function dollarsPerMillion({ trips, read, write, cpu, memory }: CallCost) {
  const duration = trips * ASSUMED_TRIP + cpu / Math.min(1, memory / WHOLE_PROCESSOR);
  const gateway = PRICES.gatewayMillionRequests;
  const lambda = PRICES.lambdaMillionRequests + (duration / 1000) * (memory / 1024) * PRICES.lambdaGbSecond * 1_000_000;
  const database = read * PRICES.dynamoDbMillionReadUnits + write * PRICES.dynamoDbMillionWriteUnits;
  return { gateway, lambda, database, total: gateway + lambda + database };
}
