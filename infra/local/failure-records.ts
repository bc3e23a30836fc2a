/**
 * What Lambda sends to the failure destination of an event source mapping or of asynchronous invocations.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html and
 * https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
 */
import type { FunctionDefinition } from './deployment.ts';
import type { Outcome } from './function-pool.ts';
import type { DiscardedBatch } from './stream-source.ts';
import type { Json } from './template.ts';

/** The place of a batch in its stream. The records themselves are not in it. */
export function streamFailure(
  target: FunctionDefinition,
  { records, shardId, attempts, outcome }: DiscardedBatch,
): Json {
  const timeOf = (record: Json) =>
    new Date(record.dynamodb.ApproximateCreationDateTime * 1000).toISOString().replace('.000Z', 'Z');
  const [first, last] = [records[0], records.at(-1)];
  return {
    requestContext: contextOf(target.arn, 'RetryAttemptsExhausted', attempts, outcome),
    responseContext: responseOf(outcome),
    version: '1.0',
    timestamp: new Date().toISOString(),
    DDBStreamBatchInfo: {
      shardId,
      startSequenceNumber: first.dynamodb.SequenceNumber,
      endSequenceNumber: last.dynamodb.SequenceNumber,
      approximateArrivalOfFirstRecord: timeOf(first),
      approximateArrivalOfLastRecord: timeOf(last),
      batchSize: records.length,
      streamArn: first.eventSourceARN,
    },
  };
}

/** The event of an asynchronous invocation, and the error of its last attempt. */
export function invocationFailure(target: FunctionDefinition, event: Json, outcome: Outcome, attempts: number): Json {
  return {
    version: '1.0',
    timestamp: new Date().toISOString(),
    requestContext: contextOf(`${target.arn}:$LATEST`, 'RetriesExhausted', attempts, outcome),
    requestPayload: event,
    responseContext: responseOf(outcome),
    responsePayload: outcome.ok
      ? outcome.payload
      : { errorMessage: outcome.errorMessage, errorType: outcome.errorType, trace: outcome.trace },
  };
}

const contextOf = (functionArn: string, condition: string, attempts: number, { requestId }: Outcome) => ({
  requestId,
  functionArn,
  condition,
  approximateInvokeCount: attempts,
});

const responseOf = ({ ok }: Outcome) => ({
  statusCode: 200,
  executedVersion: '$LATEST',
  ...(!ok && { functionError: 'Unhandled' }),
});
