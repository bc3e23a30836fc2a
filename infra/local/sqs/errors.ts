import { AwsError } from '../aws-json.ts';

const OLD = 'AWS.SimpleQueueService';

/** The codes of the query protocol, where they differ from the names of today. */
const QUERY_CODES: Record<string, string> = {
  BatchEntryIdsNotDistinct: `${OLD}.BatchEntryIdsNotDistinct`,
  BatchRequestTooLong: `${OLD}.BatchRequestTooLong`,
  EmptyBatchRequest: `${OLD}.EmptyBatchRequest`,
  InvalidBatchEntryId: `${OLD}.InvalidBatchEntryId`,
  MessageNotInflight: `${OLD}.MessageNotInflight`,
  QueueDoesNotExist: `${OLD}.NonExistentQueue`,
  TooManyEntriesInBatchRequest: `${OLD}.TooManyEntriesInBatchRequest`,
  UnsupportedOperation: `${OLD}.UnsupportedOperation`,
};

/** An error that SQS's API defines. */
export const sqsError = (name: string, message: string): AwsError =>
  new AwsError(`com.amazonaws.sqs#${name}`, message, QUERY_CODES[name] ?? name);

export const invalid = (message: string): AwsError =>
  new AwsError('com.amazon.coral.service#InvalidParameterValueException', message, 'InvalidParameterValue');

export const invalidValue = (parameter: string, value: unknown, reason: string): AwsError =>
  invalid(`Value ${value} for parameter ${parameter} is invalid. Reason: ${reason}`);

export const missing = (parameter: string): AwsError =>
  new AwsError(
    'com.amazon.coral.service#MissingRequiredParameterException',
    `The request must contain the parameter ${parameter}.`,
    'MissingParameter',
  );

/** @throws AwsError unless the number is an integer of the range, or undefined */
export function checkRange(parameter: string, value: number | undefined, least: number, most: number) {
  if (value === undefined || (Number.isInteger(value) && value >= least && value <= most)) return;
  throw invalidValue(parameter, value, `Must be between ${least} and ${most}, if provided.`);
}
