/** Functions, routes, tables, buckets, queues and event sources of an assembly, as plain data. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { TableProperties } from './dynamodb-local.ts';
import { type EventRule, readRules } from './event-bus/rules.ts';
import { type RoleDefinition, readRoles } from './iam/roles.ts';
import { type ApiDefinition, readApi } from './read-api.ts';
import { type QueueMapping, readQueueMapping, readQueues } from './read-queues.ts';
import { readSourceMapping, type SourceMapping } from './source-mapping.ts';
import type { QueueDefinition } from './sqs/queue.ts';
import { StartUpError } from './start-up.ts';
import type { Assembly, Json, Resource } from './template.ts';

export interface FunctionDefinition {
  name: string;
  arn: string;
  /** Module file that `handler` (`index.handler`) names. */
  modulePath: string;
  handler: string;
  environment: Record<string, string>;
  /** MiB */
  memory: number;
  /** Milliseconds */
  timeout: number;
  /** An access key of its own, by which a server knows the function that calls. */
  accessKeyId: string;
  role: RoleDefinition;
  /** Name of its log group. */
  logGroup: string;
}

interface TableDefinition {
  name: string;
  properties: TableProperties;
}

export interface BucketDefinition {
  name: string;
  corsRules: Json[];
  /** Whether its events go to EventBridge. */
  sendsEvents: boolean;
}

export interface StreamMapping extends SourceMapping {
  id: string;
  streamArn: string;
  tableName: string;
  startingPosition: 'TRIM_HORIZON' | 'LATEST';
  /** -1: no limit. */
  maximumRetryAttempts: number;
  bisectOnError: boolean;
}

export interface Deployment {
  functions: FunctionDefinition[];
  api: ApiDefinition;
  tables: TableDefinition[];
  buckets: BucketDefinition[];
  queues: QueueDefinition[];
  eventRules: EventRule[];
  /**
   * ARNs of queues and the like, to which Lambda sends events that failed in all attempts, in the function's role:
   * those of an event source mapping, or without one those of asynchronous invocations.
   */
  failureDestinations: { function: FunctionDefinition; arn: string; mapping: string | undefined }[];
  streamMappings: StreamMapping[];
  queueMappings: QueueMapping[];
}

/** Reads all that the laptop stack serves. @throws StartUpError if the templates hold something that it cannot serve */
export function readDeployment(assembly: Assembly): Deployment {
  const functions = new Map<string, FunctionDefinition>();
  const roles = readRoles(assembly);
  for (const resource of assembly.resources('AWS::Lambda::Function')) {
    functions.set(resource.arn, readFunction(resource, assembly, roles));
  }
  // By its name, or by its ARN, which may stand in an address.
  const functionOf = (named: string): FunctionDefinition => {
    const [arn = ''] = /arn:aws:lambda:[^:]+:[^:]+:function:[^:/]+/.exec(named) ?? [];
    const found = functions.get(arn) ?? [...functions.values()].find(({ name }) => name === named);
    if (!found) throw new StartUpError(`The templates refer to a function that they do not define: ${named}.`);
    return found;
  };
  const queues = readQueues(assembly.resources('AWS::SQS::Queue'));
  const mappings = assembly.resources('AWS::Lambda::EventSourceMapping');
  const isOfQueue = ({ properties }: Resource) => properties.EventSourceArn.startsWith('arn:aws:sqs:');
  return {
    functions: [...functions.values()],
    api: readApi(assembly, functionOf),
    tables: assembly
      .resources('AWS::DynamoDB::Table', 'AWS::DynamoDB::GlobalTable')
      .map(({ physicalId, properties }) => ({ name: physicalId, properties })),
    buckets: assembly.resources('AWS::S3::Bucket').map(readBucket),
    queues,
    eventRules: readRules(assembly, functionOf),
    failureDestinations: [...mappings, ...assembly.resources('AWS::Lambda::EventInvokeConfig')].flatMap(
      ({ type, physicalId, properties: { FunctionName, DestinationConfig } }) => {
        const arn: string | undefined = DestinationConfig?.OnFailure?.Destination;
        const mapping = type === 'AWS::Lambda::EventSourceMapping' ? physicalId : undefined;
        return arn ? [{ function: functionOf(FunctionName), arn, mapping }] : [];
      },
    ),
    streamMappings: mappings
      .filter((mapping) => !isOfQueue(mapping))
      .map((mapping) => readStreamMapping(mapping, functionOf)),
    queueMappings: mappings.filter(isOfQueue).map((mapping) => readQueueMapping(mapping, queues, functionOf)),
  };
}

function readFunction(resource: Resource, assembly: Assembly, roles: Map<string, RoleDefinition>): FunctionDefinition {
  const { Code, Handler, Environment, MemorySize, Timeout, Role, LoggingConfig } = resource.properties;
  const file = Handler.split('.')[0];
  const folder = assembly.assetPath(Code.S3Key);
  const modulePath = ['.mjs', '.js', '.cjs'].map((ending) => join(folder, file + ending)).find(existsSync);
  if (!modulePath)
    throw new StartUpError(`The bundle of ${resource.physicalId} has no file ${file}.mjs, ${file}.js or ${file}.cjs.`);
  return {
    name: resource.physicalId,
    arn: resource.arn,
    modulePath,
    handler: Handler,
    environment: Environment?.Variables ?? {},
    memory: MemorySize ?? 128,
    timeout: (Timeout ?? 3) * 1000,
    accessKeyId: `ASIA${createHash('sha256').update(resource.arn).digest('hex').slice(0, 16).toUpperCase()}`,
    role: roles.get(Role) ?? { name: Role, statements: [], unreadable: [Role] },
    logGroup: LoggingConfig?.LogGroup ?? `/aws/lambda/${resource.physicalId}`,
  };
}

function readBucket({ physicalId, properties }: Resource): BucketDefinition {
  const { CorsConfiguration, NotificationConfiguration = {} } = properties;
  const { EventBridgeConfiguration, ...direct } = NotificationConfiguration;
  if (Object.keys(direct).length > 0) {
    throw new StartUpError('The laptop stack sends the events of a bucket only to EventBridge.');
  }
  return {
    name: physicalId,
    corsRules: CorsConfiguration?.CorsRules ?? [],
    sendsEvents: EventBridgeConfiguration?.EventBridgeEnabled ?? false,
  };
}

function readStreamMapping(mapping: Resource, functionOf: (named: string) => FunctionDefinition): StreamMapping {
  const properties = mapping.properties;
  const tableName = /:table\/([^/]+)\/stream\//.exec(properties.EventSourceArn)?.[1];
  if (!tableName)
    throw new StartUpError(`The laptop stack does not know the event source ${properties.EventSourceArn}.`);
  return {
    ...readSourceMapping(mapping, 100, functionOf),
    id: mapping.physicalId,
    streamArn: properties.EventSourceArn,
    tableName,
    startingPosition: properties.StartingPosition,
    maximumRetryAttempts: properties.MaximumRetryAttempts ?? -1,
    bisectOnError: properties.BisectBatchOnFunctionError ?? false,
  };
}
