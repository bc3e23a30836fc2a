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
/** Assumed time until a new connection to DynamoDB is open (ms): a round trip each for TCP and for TLS, within a region. */
export const ASSUMED_CONNECTION = 2;
/** MiB of memory at which a Lambda function has one whole processor. */
export const WHOLE_PROCESSOR = 1769;
/** MiB of a function whose row names none. */
export const MEMORY = 512;

/** The share of a processor that Lambda gives a function while it handles a call. */
export const shareOf = (memory: number): number => Math.min(1, memory / WHOLE_PROCESSOR);

/**
 * The first answer of a new instance on Lambda (ms), without what is the same for all (a machine, the download of the
 * code, the start of the runtime's own client). Lambda gives a whole processor while a function loads, and a share of it
 * from the first event on.
 * @param load @param call processor time until the bundle is loaded, and from then to the first answer (ms)
 */
export const firstAnswer = ({
  load,
  call,
  trips,
  memory,
}: {
  load: number;
  call: number;
  trips: number;
  memory: number;
}) => load + call / shareOf(memory) + trips * ASSUMED_TRIP + (trips > 0 ? ASSUMED_CONNECTION : 0);

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
  const duration = trips * ASSUMED_TRIP + cpu / shareOf(memory);
  const gateway = PRICES.gatewayMillionRequests;
  const lambda = PRICES.lambdaMillionRequests + (duration / 1000) * (memory / 1024) * PRICES.lambdaGbSecond * 1_000_000;
  const database = read * PRICES.dynamoDbMillionReadUnits + write * PRICES.dynamoDbMillionWriteUnits;
  return { gateway, lambda, database, total: gateway + lambda + database };
}
