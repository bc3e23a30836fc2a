/**
 * What a failed request to DynamoDB comes to. `condition`: a condition did not hold. `contended`: another transaction
 * has an item, so nothing was done. `throttled`: nothing was done. `unanswered`: the service failed or did not answer,
 * so the request may have been done. `broken`: the request is wrong, and would fail again.
 */
export type Fault = 'condition' | 'contended' | 'throttled' | 'unanswered' | 'broken';

/** The fields by which the SDK, Node.js and the protocol tell faults apart. */
interface Failure {
  name?: string;
  /** Of Node.js: `ECONNRESET`, `EAI_AGAIN`, … */
  code?: unknown;
  $fault?: 'client' | 'server';
  CancellationReasons?: { Code?: string }[];
}

const THROTTLED = new Set([
  'ProvisionedThroughputExceededException',
  'ThrottlingException',
  'RequestLimitExceeded',
  'RequestThrottledException',
]);

const BY_NAME: Record<string, Fault> = {
  ConditionalCheckFailedException: 'condition',
  TransactionConflictException: 'contended',
  // The very transaction still runs: it may yet be done.
  TransactionInProgressException: 'unanswered',
  // The time of an attempt was over.
  AbortError: 'unanswered',
  TimeoutError: 'unanswered',
};

const PASSING_REASONS = new Set(['TransactionConflict', 'ThrottlingError', 'ProvisionedThroughputExceeded']);

export function faultOf(error: unknown): Fault {
  const { name = '', code, $fault, CancellationReasons: reasons = [] } = error as Failure;
  if (name === 'TransactionCanceledException') {
    if (reasons.some(({ Code }) => Code === 'ConditionalCheckFailed')) return 'condition';
    return reasons.some(({ Code = '' }) => PASSING_REASONS.has(Code)) ? 'contended' : 'broken';
  }
  if (THROTTLED.has(name)) return 'throttled';
  return BY_NAME[name] ?? ($fault === 'server' || typeof code === 'string' ? 'unanswered' : 'broken');
}
