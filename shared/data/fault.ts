import type { CancellationReason } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { isFull } from './item-collections.ts';
import { type Item, keyText } from './read.ts';
import type { Step } from './step.ts';

/**
 * The kinds of failed requests to DynamoDB. `condition`: a condition did not hold. `contended`: another transaction holds
 * an item; nothing was written. `throttled`: a table, an index or a key has no capacity left; nothing was written.
 * `unanswered`: the service failed or did not answer, so the write may have been done. `broken`: the request is wrong
 * and would fail again.
 */
export type Fault = 'condition' | 'contended' | 'throttled' | 'unanswered' | 'broken';

/** The fields by which errors of the SDK, Node.js and the protocol are distinguished. */
interface Failure {
  name?: string;
  /** Of Node.js: `ECONNRESET`, `EAI_AGAIN`, … */
  code?: unknown;
  $fault?: 'client' | 'server';
  /** The item of a failed condition, of a single write. */
  Item?: WireItem;
  CancellationReasons?: CancellationReason[];
}

const FAILED = 'ConditionalCheckFailed';

const THROTTLED = new Set([
  'ProvisionedThroughputExceededException',
  'ThrottlingException',
  'RequestLimitExceeded',
  'RequestThrottledException',
]);

/**
 * What the reasons of a cancelled transaction mean; the first that any item has decides. Throttling alone is not
 * contention: the write queue would only add to the load.
 */
const BY_REASON: [code: string, fault: Fault][] = [
  [FAILED, 'condition'],
  ['TransactionConflict', 'contended'],
  ['ThrottlingError', 'throttled'],
  ['ProvisionedThroughputExceeded', 'throttled'],
];

const BY_NAME: Record<string, Fault> = {
  ConditionalCheckFailedException: 'condition',
  TransactionConflictException: 'contended',
  // The same transaction still runs and may commit.
  TransactionInProgressException: 'unanswered',
  // The time limit of an attempt has passed.
  AbortError: 'unanswered',
  TimeoutError: 'unanswered',
};

export function faultOf(error: unknown): Fault {
  const { name = '', code, $fault, CancellationReasons: reasons = [] } = error as Failure;
  if (name === 'TransactionCanceledException')
    return BY_REASON.find(([code]) => reasons.some(({ Code }) => Code === code))?.[1] ?? 'broken';
  if (THROTTLED.has(name)) return 'throttled';
  return BY_NAME[name] ?? ($fault === 'server' || typeof code === 'string' ? 'unanswered' : 'broken');
}

/** An item as the wire has it. */
type WireItem = NonNullable<CancellationReason['Item']>;

/** The items whose conditions did not hold, as they are, by the text of their keys. */
export function foundBy(error: unknown, steps: Step[]): Map<string, Item | undefined> {
  const { Item: item, CancellationReasons: reasons = [{ Code: FAILED, Item: item }] } = error as Failure;
  return new Map(
    reasons.flatMap(({ Code, Item: found }, index) =>
      Code === FAILED ? [[keyText(steps[index]!.key), found && unmarshall(found)] as const] : [],
    ),
  );
}

/** The partition keys that have no room for the write. */
export function fullCollections(error: unknown, steps: Step[]): string[] {
  const { name, CancellationReasons: reasons = [{ Code: name }] } = error as Failure;
  return steps.flatMap(({ key }, index) => (isFull(reasons[index]?.Code) ? [key.pk] : []));
}
