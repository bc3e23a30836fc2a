/** What DynamoDB does to a single request at its worst, with its exact answers. */
import {
  type Answer,
  cancelled,
  conflict,
  divided,
  htmlUnavailable,
  type Input,
  inProgress,
  internalServerError,
  type Reason,
  type Reply,
  throttled,
  throughputExceeded,
  type WireRequest,
  withBody,
  withUnprocessed,
  writesOf,
} from './wire.ts';

export interface Fault {
  /** Whether the fault can happen to the request. */
  fits(request: WireRequest): boolean;
  /** @param perform has the database perform the request; a fault that does not call it leaves the request undone */
  reply(request: WireRequest, perform: (input: Input) => Promise<Answer>): Reply | Promise<Reply>;
}

export const isWrite = (request: WireRequest) => writesOf(request).length > 0;
const isTransaction = ({ operation }: WireRequest) => operation === 'TransactWriteItems';

/** The request is done, but the client receives this reply. */
const afterwards =
  (reply: Reply): Fault['reply'] =>
  async ({ input }, perform) => {
    await perform(input);
    return reply;
  };

/** The client does not learn the outcome of its request. */
const LOST = {
  reset: 'reset',
  silence: 'silence',
  InternalServerError: internalServerError,
  'HTML 503': htmlUnavailable,
} as const satisfies Record<string, Reply>;

const lost = Object.fromEntries(
  Object.entries(LOST).flatMap(([name, reply]): [string, Fault][] => [
    [`${name} before`, { fits: () => true, reply: () => reply }],
    // For a read, before and after are the same.
    [`${name} after`, { fits: isWrite, reply: afterwards(reply) }],
  ]),
) as Record<`${keyof typeof LOST} ${'before' | 'after'}`, Fault>;

/** A transaction is cancelled at its first item. */
const cancels = (reason: Reason): Fault => ({
  fits: isTransaction,
  reply: (request) => cancelled(writesOf(request).map((_, index) => (index === 0 ? reason : 'None'))),
});

export const FAULTS = {
  ...lost,
  'truncated JSON': {
    fits: () => true,
    async reply({ input }, perform) {
      const answer = await perform(input);
      return answer.status === 200 ? withBody(answer, answer.body.slice(0, answer.body.length / 2)) : answer;
    },
  },
  ThrottlingException: {
    fits: () => true,
    reply: (request) => throttled(`Table${isWrite(request) ? 'Write' : 'Read'}KeyRangeThroughputExceeded`),
  },
  ProvisionedThroughputExceededException: { fits: () => true, reply: () => throughputExceeded },
  TransactionConflictException: {
    fits: (request) => isWrite(request) && !isTransaction(request),
    reply: () => conflict,
  },
  'TransactionConflict at an item': cancels('TransactionConflict'),
  'ThrottlingError at an item': cancels('ThrottlingError'),
  'ProvisionedThroughputExceeded at an item': cancels('ProvisionedThroughputExceeded'),
  TransactionInProgressException: {
    fits: (request) => isTransaction(request) && request.input.ClientRequestToken !== undefined,
    reply: afterwards(inProgress),
  },
  UnprocessedKeys: {
    fits: ({ input: { RequestItems = {} } }) => Object.values(RequestItems).some(({ Keys }) => Keys?.length > 1),
    async reply({ input }, perform) {
      const { taken, left } = divided(input.RequestItems!, (_, index, { length }) => index < Math.ceil(length / 2));
      return withUnprocessed(await perform({ ...input, RequestItems: taken }), left);
    },
  },
  'page ends early': {
    fits: ({ operation, input: { Limit = 2 } }) => operation === 'Query' && Limit > 1,
    // A lower limit makes DynamoDB Local end the page, with a correct LastEvaluatedKey.
    reply: ({ input }, perform) => perform({ ...input, Limit: Math.ceil(Math.min(input.Limit ?? 4, 4) / 2) }),
  },
} as const satisfies Record<string, Fault>;

export type FaultName = keyof typeof FAULTS;
export const FAULT_NAMES = Object.keys(FAULTS) as FaultName[];
