/** EventBridge's PutEvents: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html */
import { LOCAL_CREDENTIALS, localArn } from '../aws.ts';
import { AwsError, type JsonService, unknownOperation } from '../aws-json.ts';
import type { Json } from '../template.ts';
import { type EventBuses, toEvent } from './bus.ts';

/** Bytes of all entries of a request. */
const SIZE_LIMIT = 1024 * 1024;

/**
 * Tools may also send events of AWS's own sources, which EventBridge allows nobody. An event of the source `aws.events`
 * with the ARN of a rule among its resources runs the rule, as its schedule does.
 */
export function putEventsService({ publish }: Pick<EventBuses, 'publish'>): JsonService {
  return ({ operation, input, accessKeyId, authorize }) => {
    if (operation !== 'PutEvents') throw unknownOperation(`AWSEvents.${operation}`);
    const entries: Json[] = input.Entries ?? [];
    if (entries.length < 1 || entries.length > 10) {
      throw invalid(
        `1 validation error detected: Value at 'entries' failed to satisfy constraint: Member must have length between 1 and 10`,
      );
    }
    if (entries.reduce((sum, entry) => sum + sizeOf(entry), 0) > SIZE_LIMIT) {
      throw invalid('Total size of the entries in the request is over the limit.');
    }
    const named = entries.map(({ EventBusName = 'default', ...entry }) => ({
      bus: EventBusName.split('/').at(-1),
      entry,
    }));
    for (const { bus } of named) authorize('events:PutEvents', localArn('events', `event-bus/${bus}`));
    const Entries = named.map(({ bus, entry }) => {
      const failed = failureOf(entry, accessKeyId === LOCAL_CREDENTIALS.accessKeyId);
      if (failed) return failed;
      const event = toEvent({
        source: entry.Source,
        type: entry.DetailType,
        time: entry.Time === undefined ? new Date() : new Date(entry.Time * 1000),
        resources: entry.Resources ?? [],
        detail: JSON.parse(entry.Detail),
      });
      // A bus that does not exist drops its events without an error, as EventBridge does.
      publish(bus, event);
      return { EventId: event.id };
    });
    return { FailedEntryCount: Entries.filter((entry) => 'ErrorCode' in entry).length, Entries };
  };
}

function failureOf(entry: Json, isTool: boolean): { ErrorCode: string; ErrorMessage: string } | undefined {
  for (const name of ['Source', 'DetailType', 'Detail']) {
    if (!entry[name])
      return failure('InvalidArgument', `Parameter ${name} is not valid. Reason: ${name} is a required argument.`);
  }
  if (entry.Source.startsWith('aws.') && !isTool) {
    return failure('NotAuthorizedForSourceException', 'Not authorized for the source.');
  }
  return isObject(entry.Detail) ? undefined : failure('MalformedDetail', 'Detail is malformed.');
}

const failure = (ErrorCode: string, ErrorMessage: string) => ({ ErrorCode, ErrorMessage });

function isObject(text: string): boolean {
  try {
    const value = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

/** https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevent-size.html */
const sizeOf = ({ Time, Source, DetailType, Detail, Resources = [] }: Json): number =>
  [Source, DetailType, Detail, ...Resources].reduce(
    (sum, text) => sum + Buffer.byteLength(text ?? ''),
    Time === undefined ? 0 : 14,
  );

const invalid = (message: string) => new AwsError('com.amazon.coral.validate#ValidationException', message);
