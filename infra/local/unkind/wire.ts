/** The part of DynamoDB's protocol that the unkind database reads and writes: AWS JSON 1.0 with typed values. */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { TableShape } from '../table-shape.ts';

export type WireItem = Record<string, AttributeValue>;
export type Verb = 'Put' | 'Update' | 'Delete' | 'ConditionCheck';

/** One item of a transaction, or a single write. */
export interface Statement {
  TableName?: string;
  Key?: WireItem;
  Item?: WireItem;
}

/** The keys that a BatchGetItem requests, by table. */
export type Batches = Record<string, { Keys: WireItem[]; ConsistentRead?: boolean }>;

export interface Input extends Statement {
  ClientRequestToken?: string;
  TransactItems?: { [verb in Verb]?: Statement }[];
  RequestItems?: Batches;
  Limit?: number;
  KeyConditionExpression?: string;
  ExpressionAttributeValues?: WireItem;
}

export interface WireRequest {
  /** `TransactWriteItems`, `Query`, … */
  operation: string;
  input: Input;
}

export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

/** What the client receives: an answer, a connection reset, or nothing. */
export type Reply = Answer | 'reset' | 'silence';

export interface Write {
  verb: Verb;
  statement: Statement;
}

const SINGLE_WRITES: Record<string, Verb> = { PutItem: 'Put', UpdateItem: 'Update', DeleteItem: 'Delete' };

/** Each item that a PutItem, UpdateItem, DeleteItem or TransactWriteItems names; none for other operations. */
export function writesOf({ operation, input }: WireRequest): Write[] {
  const single = SINGLE_WRITES[operation];
  if (single) return [{ verb: single, statement: input }];
  if (operation !== 'TransactWriteItems') return [];
  return (input.TransactItems ?? []).map((item) => {
    const [verb, statement] = Object.entries(item)[0] as [Verb, Statement];
    return { verb, statement };
  });
}

/** Shapes of the tables that the database serves, by name. */
export type Tables = (name: string | undefined) => TableShape | undefined;

export function keyOf({ TableName, Key, Item }: Statement, tables: Tables): WireItem {
  const whole = Key ?? Item ?? {};
  const names = tables(TableName)?.key ?? [];
  return Object.fromEntries(names.flatMap((name) => (whole[name] ? [[name, whole[name]]] : [])));
}

/** A text that is the same for the same item of the same table, and no other. */
export const itemText = (statement: Statement, tables: Tables): string =>
  JSON.stringify([statement.TableName, keyOf(statement, tables)]);

/** Divides the keys of a batch into those that `takes` accepts and the others. */
export function divided(
  batches: Batches,
  takes: (item: Statement, index: number, keys: WireItem[]) => boolean,
): { taken: Batches; left: Batches } {
  const taken: Batches = {};
  const left: Batches = {};
  for (const [TableName, batch] of Object.entries(batches))
    for (const [index, Key] of batch.Keys.entries()) {
      const part = takes({ TableName, Key }, index, batch.Keys) ? taken : left;
      part[TableName] ??= { ...batch, Keys: [] };
      part[TableName].Keys.push(Key);
    }
  return { taken, left };
}

const answerOf = (status: number, type: string, body: string): Answer => ({
  status,
  headers: { 'content-type': type },
  body,
});

const SERVICE = 'com.amazonaws.dynamodb.v20120810';

/** An exception as DynamoDB sends it. The SDK names it by the part of `type` after the `#`. */
const exception = (status: number, type: string, fields: object): Answer =>
  answerOf(status, 'application/x-amz-json-1.0', JSON.stringify({ __type: type, ...fields }));

/** The same answer with another body, and so without the checksum of the old one. */
export function withBody({ status, headers }: Answer, body: string): Answer {
  const { 'x-amz-crc32': _, ...kept } = headers;
  return { status, headers: kept, body };
}

/** The answer to a BatchGetItem, with these keys as unprocessed. */
export function withUnprocessed(answer: Answer, left: Batches): Answer {
  if (answer.status !== 200) return answer;
  const { UnprocessedKeys = {}, ...body } = JSON.parse(answer.body) as { UnprocessedKeys?: Batches };
  for (const [table, batch] of Object.entries(left))
    UnprocessedKeys[table] = { ...batch, Keys: [...(UnprocessedKeys[table]?.Keys ?? []), ...batch.Keys] };
  return withBody(answer, JSON.stringify({ ...body, UnprocessedKeys }));
}

export const htmlUnavailable = answerOf(
  503,
  'text/html',
  '<html><head><title>503 Service Temporarily Unavailable</title></head><body></body></html>\r\n',
);

export const internalServerError = exception(500, `${SERVICE}#InternalServerError`, {
  message: 'Internal server error',
});

/** Why a transaction was cancelled at an item. */
export type Reason = 'TransactionConflict' | 'ThrottlingError' | 'ProvisionedThroughputExceeded' | 'None';

const THROTTLED =
  'Throughput exceeds the current capacity of your table or index. DynamoDB is automatically scaling your table or ' +
  'index so please try again shortly. If exceptions persist, check if you have a hot key: ' +
  'https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html';
const PROVISIONED =
  'The level of configured provisioned throughput for the table was exceeded. Consider increasing your provisioning ' +
  'level with the UpdateTable API.';
const CONFLICT = 'Transaction is ongoing for the item';

const MESSAGES: Record<Reason, string | undefined> = {
  TransactionConflict: CONFLICT,
  ThrottlingError: THROTTLED,
  ProvisionedThroughputExceeded: PROVISIONED,
  None: undefined,
};

/** TransactionCanceledException with a reason for each item, in the order of the request. */
export const cancelled = (reasons: readonly Reason[]): Answer =>
  exception(400, `${SERVICE}#TransactionCanceledException`, {
    Message: `Transaction cancelled, please refer cancellation reasons for specific reasons [${reasons.join(', ')}]`,
    CancellationReasons: reasons.map((Code) => ({ Code, Message: MESSAGES[Code] })),
  });

export const conflict = exception(400, `${SERVICE}#TransactionConflictException`, { message: CONFLICT });

export const inProgress = exception(400, `${SERVICE}#TransactionInProgressException`, {
  Message: 'A transaction with the same client request token is in progress',
});

export const parameterMismatch = exception(400, `${SERVICE}#IdempotentParameterMismatchException`, {
  Message: 'The request uses the same client token as a previous, but non-identical request',
});

/** How tables with on-demand capacity throttle. `reason` names the limit: `TableWriteKeyRangeThroughputExceeded`. */
export const throttled = (reason: string): Answer =>
  exception(400, 'com.amazon.coral.availability#ThrottlingException', {
    message: THROTTLED,
    throttlingReasons: [{ reason }],
  });

export const throughputExceeded = exception(400, `${SERVICE}#ProvisionedThroughputExceededException`, {
  message: PROVISIONED,
});
