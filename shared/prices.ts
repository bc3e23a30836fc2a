/**
 * Public list prices in US dollars, on demand, in us-east-1, without the free tiers, from the pages below as of
 * November 2026. Check the pages before you rely on an estimate. Imports nothing.
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
