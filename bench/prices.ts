/**
 * Public list prices in US dollars, on demand, region us-east-1, beyond the free tiers. From the pages named here, as
 * they were in November 2026; look there before an estimate matters.
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
  /** HTTP API, a million requests of up to 512 KB; the first 300 million of a month. */
  gatewayMillionRequests: 1.0,
  lambdaMillionRequests: 0.2,
  /** arm64. */
  lambdaGbSecond: 0.0000133334,
  dynamoDbMillionReadUnits: 0.125,
  dynamoDbMillionWriteUnits: 0.625,
  /** What a client does by a presigned URL: PUT, POST and COPY; GET and HEAD. */
  s3ThousandPuts: 0.005,
  s3ThousandGets: 0.0004,
} as const;

/** What is taken for a round trip between a function and DynamoDB (ms): AWS promises single-digit milliseconds. */
export const ASSUMED_TRIP = 5;
/** MiB of memory at which Lambda gives a function one whole processor. */
const WHOLE_PROCESSOR = 1769;

export interface CallCost {
  trips: number;
  read: number;
  write: number;
  /** Processor time of the whole call, SDK included, on a whole processor (ms). */
  cpu: number;
  /** MiB. */
  memory: number;
}

/** Dollars for a million warm calls, by service. */
export function dollarsPerMillion({ trips, read, write, cpu, memory }: CallCost) {
  const duration = trips * ASSUMED_TRIP + cpu / Math.min(1, memory / WHOLE_PROCESSOR);
  const gateway = PRICES.gatewayMillionRequests;
  const lambda = PRICES.lambdaMillionRequests + (duration / 1000) * (memory / 1024) * PRICES.lambdaGbSecond * 1_000_000;
  const database = read * PRICES.dynamoDbMillionReadUnits + write * PRICES.dynamoDbMillionWriteUnits;
  return { gateway, lambda, database, total: gateway + lambda + database };
}
