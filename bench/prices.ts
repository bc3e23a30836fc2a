import { PRICES } from '../shared/prices.ts';

export { PRICES };

/** Assumed time of a round trip between a function and DynamoDB (ms). AWS promises single-digit milliseconds. */
export const ASSUMED_TRIP = 5;
/** Assumed time until Lambda has a place for a new instance and its code (ms). */
export const ASSUMED_PLACE = 150;
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

/** Sizes between which rows choose (MiB). */
export const SIZES = [256, 512, 768, 1024, 1769] as const;
/** Assumed share of calls that start an instance. */
export const COLD_SHARE = 0.01;

export interface Work {
  /** Sequential round trips. */
  trips: number;
  /** Processor time of a warm call, of loading, and of a first call (ms). */
  warm: number;
  load: number;
  first: number;
}

/** What calls of this kind cost and take with so much memory. Lambda charges the time of loading, too. */
export function withMemory({ trips, warm, load, first }: Work, memory: number) {
  const times = {
    warm: trips * ASSUMED_TRIP + warm / shareOf(memory),
    cold: firstAnswer({ load, call: first, trips, memory }),
  };
  const waiting = (1 - COLD_SHARE) * times.warm + COLD_SHARE * times.cold;
  // Per million calls: milliseconds become thousands of seconds.
  const dollars = waiting * 1000 * (memory / 1024) * PRICES.lambdaGbSecond;
  return { memory, ...times, waiting, dollars };
}

/** Sizes this near the best one count as equal. */
const FLAT = 1.1;

/**
 * The size with the least product of price and waiting: more memory must save a larger part of the time than it adds to
 * the price. The smallest of those that are as good, since prices are certain and times are assumed.
 */
export function bestMemory(work: Work): number {
  const product = (memory: number) => {
    const { dollars, waiting } = withMemory(work, memory);
    return dollars * waiting;
  };
  const least = Math.min(...SIZES.map(product));
  return SIZES.find((memory) => product(memory) <= least * FLAT)!;
}
