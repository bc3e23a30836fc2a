/**
 * Public list prices in US dollars, on demand, in us-east-1, without the free tiers, from the pages below as of
 * November 2026. Check the pages before you rely on an estimate.
 */
export const PRICES = {
  date: '2026-11',
  region: 'us-east-1',
  sources: [
    'https://aws.amazon.com/api-gateway/pricing/',
    'https://aws.amazon.com/lambda/pricing/',
    'https://aws.amazon.com/dynamodb/pricing/on-demand/',
    'https://aws.amazon.com/s3/pricing/',
  ],
  /** HTTP API: per million requests of up to 512 KB, for the first 300 million per month. */
  gatewayMillionRequests: 1.0,
  lambdaMillionRequests: 0.2,
  /** arm64. */
  lambdaGbSecond: 0.0000133334,
  dynamoDbMillionReadUnits: 0.125,
  dynamoDbMillionWriteUnits: 0.625,
  /** Requests with presigned URLs: PUT, POST and COPY. */
  s3ThousandPuts: 0.005,
} as const;

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
