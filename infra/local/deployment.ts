/** What an assembly says should run: functions, routes, tables, buckets and event sources, as plain data. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { TableProperties } from './dynamodb-local.ts';
import { type Pattern, parsePattern } from './event-pattern.ts';
import { StartUpError } from './start-up.ts';
import type { Assembly, Json, Resource } from './template.ts';

export interface FunctionDefinition {
  name: string;
  arn: string;
  /** File of the bundle that `handler` (`index.handler`) names. */
  modulePath: string;
  handler: string;
  environment: Record<string, string>;
  /** MiB */
  memory: number;
  /** Milliseconds */
  timeout: number;
  /** Its own key, so that a server can tell which function calls. */
  accessKeyId: string;
  role: RoleDefinition;
  /** Name of the log group that it writes to. */
  logGroup: string;
}

interface RoleDefinition {
  name: string;
  /** Of its inline policies, in the role or beside it. */
  statements: Json[];
  /** What is not read: managed policies, a permissions boundary, a role from elsewhere. */
  unreadable: string[];
}

export interface RouteDefinition {
  /** `GET /path`, `ANY /path` or `$default` */
  key: string;
  function: FunctionDefinition;
  /** Milliseconds until the gateway stops waiting. */
  timeout: number;
  /** False when no AWS::Lambda::Permission lets the gateway call it: then it answers 500, as on AWS. */
  permitted: boolean;
}

export interface Throttle {
  /** Requests a second, and how many may come at once. */
  rate: number;
  burst: number;
}

export interface CorsDefinition {
  allowOrigins: string[];
  allowMethods: string[];
  allowHeaders: string[];
  exposeHeaders: string[];
  /** Seconds */
  maxAge: number | undefined;
}

export interface ApiDefinition {
  id: string;
  routes: RouteDefinition[];
  cors: CorsDefinition | undefined;
  throttle(routeKey: string): Throttle | undefined;
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

/** A rule of EventBridge's default bus: events that match go to each of the functions. */
interface EventRule {
  matches: Pattern;
  functions: FunctionDefinition[];
}

export interface StreamMapping {
  id: string;
  streamArn: string;
  tableName: string;
  function: FunctionDefinition;
  /** A record is delivered if any of these matches; all are, if there is none. */
  patterns: Pattern[];
  startingPosition: 'TRIM_HORIZON' | 'LATEST';
  batchSize: number;
  /** -1: until it succeeds. */
  maximumRetryAttempts: number;
  bisectOnError: boolean;
  reportsItemFailures: boolean;
}

export interface Deployment {
  functions: FunctionDefinition[];
  api: ApiDefinition;
  tables: TableDefinition[];
  buckets: BucketDefinition[];
  eventRules: EventRule[];
  /** Where Lambda puts, in the role of the function, what failed for good: ARNs of queues and the like. */
  failureDestinations: { function: FunctionDefinition; arn: string }[];
  streamMappings: StreamMapping[];
}

/** Collects what the laptop stack serves. Throws StartUpError if the templates hold what it cannot serve. */
export function readDeployment(assembly: Assembly): Deployment {
  const functions = new Map<string, FunctionDefinition>();
  const roles = readRoles(assembly);
  for (const resource of assembly.resources('AWS::Lambda::Function')) {
    functions.set(resource.arn, readFunction(resource, assembly, roles));
  }
  const functionOf = (uri: string): FunctionDefinition => {
    const arn = /arn:aws:lambda:[^:]+:[^:]+:function:[^:/]+/.exec(uri)?.[0] ?? '';
    const found = functions.get(arn);
    if (!found) throw new StartUpError(`The templates name a function that they do not hold: ${uri}.`);
    return found;
  };
  return {
    functions: [...functions.values()],
    api: readApi(assembly, functionOf),
    tables: assembly
      .resources('AWS::DynamoDB::Table', 'AWS::DynamoDB::GlobalTable')
      .map(({ physicalId, properties }) => ({ name: physicalId, properties })),
    buckets: assembly.resources('AWS::S3::Bucket').map(readBucket),
    eventRules: assembly.resources('AWS::Events::Rule').map((rule) => readRule(rule, assembly, functionOf)),
    failureDestinations: assembly
      .resources('AWS::Lambda::EventSourceMapping', 'AWS::Lambda::EventInvokeConfig')
      .flatMap(({ properties: { FunctionName, DestinationConfig } }) => {
        const arn: string | undefined = DestinationConfig?.OnFailure?.Destination;
        return arn ? [{ function: functionOf(functionArn(FunctionName, functions)), arn }] : [];
      }),
    streamMappings: assembly
      .resources('AWS::Lambda::EventSourceMapping')
      .map((mapping) => readStreamMapping(mapping, (name) => functionOf(functionArn(name, functions)))),
  };
}

function functionArn(nameOrArn: string, functions: Map<string, FunctionDefinition>): string {
  return [...functions.values()].find(({ name }) => name === nameOrArn)?.arn ?? nameOrArn;
}

function readFunction(resource: Resource, assembly: Assembly, roles: Map<string, RoleDefinition>): FunctionDefinition {
  const { Code, Handler, Environment, MemorySize, Timeout, Role, LoggingConfig } = resource.properties;
  const file = Handler.split('.')[0];
  const folder = assembly.assetPath(Code.S3Key);
  const modulePath = ['.mjs', '.js', '.cjs'].map((ending) => join(folder, file + ending)).find(existsSync);
  if (!modulePath) throw new StartUpError(`The bundle of ${resource.physicalId} holds no ${file}.mjs (or .js, .cjs).`);
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

/** Roles by ARN, with the statements of AWS::IAM::Policy resources too. */
function readRoles(assembly: Assembly): Map<string, RoleDefinition> {
  const roles = assembly.resources('AWS::IAM::Role').map(({ arn, physicalId: name, properties }) => {
    const { Policies = [], ManagedPolicyArns = [], PermissionsBoundary } = properties;
    const statements: Json[] = Policies.flatMap((policy: Json) => policy.PolicyDocument.Statement);
    return { arn, name, statements, unreadable: [...ManagedPolicyArns, PermissionsBoundary].flat().filter(Boolean) };
  });
  const attach = (properties: Json, to: (role: RoleDefinition) => void) => {
    const names: string[] = properties.Roles ?? [properties.RoleName];
    for (const role of roles) if (names.includes(role.name)) to(role);
  };
  for (const { properties } of assembly.resources('AWS::IAM::Policy', 'AWS::IAM::RolePolicy')) {
    attach(properties, ({ statements }) => statements.push(...[properties.PolicyDocument.Statement].flat()));
  }
  for (const { logicalId, properties } of assembly.resources('AWS::IAM::ManagedPolicy')) {
    attach(properties, ({ unreadable }) => unreadable.push(logicalId));
  }
  return new Map(roles.map(({ arn, ...role }) => [arn, role]));
}

function readApi(assembly: Assembly, functionOf: (uri: string) => FunctionDefinition): ApiDefinition {
  const [api, second] = assembly.resources('AWS::ApiGatewayV2::Api');
  if (!api || second)
    throw new StartUpError('The laptop stack serves exactly one HTTP API; the templates hold none or several.');
  const stage = assembly
    .resources('AWS::ApiGatewayV2::Stage')
    .find(({ properties }) => properties.ApiId === api.physicalId);
  if (stage?.properties.StageName !== '$default') throw new StartUpError('The HTTP API needs a stage $default.');
  const integrations = new Map(
    assembly.resources('AWS::ApiGatewayV2::Integration').map(({ physicalId, properties }) => [physicalId, properties]),
  );
  const permissions = assembly.resources('AWS::Lambda::Permission').map(({ properties }) => properties);

  const routes = assembly.resources('AWS::ApiGatewayV2::Route').map(({ properties }): RouteDefinition => {
    const integration = integrations.get(String(properties.Target).replace(/^integrations\//, ''));
    if (!integration) throw new StartUpError(`The route ${properties.RouteKey} has no integration.`);
    if (integration.PayloadFormatVersion !== '2.0') {
      throw new StartUpError(`The integration of ${properties.RouteKey} is not of payload format 2.0.`);
    }
    const target = functionOf(integration.IntegrationUri);
    const [method, path] = properties.RouteKey.split(' ');
    const source = `${api.physicalId}/$default/${method === 'ANY' ? '*' : method}${path ?? ''}`;
    const permitted = permissions.some(
      ({ FunctionName, Principal, SourceArn }) =>
        [target.name, target.arn].includes(FunctionName) &&
        Principal === 'apigateway.amazonaws.com' &&
        (SourceArn === undefined || matchesGlob(SourceArn.split(':').slice(5).join(':'), source)),
    );
    return { key: properties.RouteKey, function: target, timeout: integration.TimeoutInMillis ?? 30_000, permitted };
  });

  const { CorsConfiguration: cors } = api.properties;
  const { DefaultRouteSettings: defaults, RouteSettings: byRoute } = stage.properties;
  return {
    id: api.physicalId,
    routes,
    cors: cors && {
      allowOrigins: cors.AllowOrigins ?? [],
      allowMethods: cors.AllowMethods ?? [],
      allowHeaders: cors.AllowHeaders ?? [],
      exposeHeaders: cors.ExposeHeaders ?? [],
      maxAge: cors.MaxAge,
    },
    throttle(routeKey) {
      const settings = { ...defaults, ...byRoute?.[routeKey] };
      if (settings.ThrottlingRateLimit === undefined) return undefined;
      return {
        rate: settings.ThrottlingRateLimit,
        burst: settings.ThrottlingBurstLimit ?? settings.ThrottlingRateLimit,
      };
    },
  };
}

/** `*` in a pattern stands for anything. */
function matchesGlob(pattern: string, text: string): boolean {
  const expression = pattern.replace(/[.*+?^${}()|[\]\\]/g, (sign) => (sign === '*' ? '.*' : `\\${sign}`));
  return new RegExp(`^${expression}$`, 's').test(text);
}

function readBucket({ physicalId, properties }: Resource): BucketDefinition {
  const { CorsConfiguration, NotificationConfiguration = {} } = properties;
  const { EventBridgeConfiguration, ...direct } = NotificationConfiguration;
  if (Object.keys(direct).length > 0) {
    throw new StartUpError('The laptop stack sends events of a bucket to EventBridge only.');
  }
  return {
    name: physicalId,
    corsRules: CorsConfiguration?.CorsRules ?? [],
    sendsEvents: EventBridgeConfiguration?.EventBridgeEnabled ?? false,
  };
}

function readRule(rule: Resource, assembly: Assembly, functionOf: (uri: string) => FunctionDefinition): EventRule {
  const { EventPattern, Targets } = rule.properties;
  const permissions = assembly.resources('AWS::Lambda::Permission').map(({ properties }) => properties);
  const functions = Targets.map(({ Arn }: Json) => functionOf(Arn));
  for (const { name, arn } of functions) {
    const permitted = permissions.some(
      ({ FunctionName, Principal, SourceArn }) =>
        [name, arn].includes(FunctionName) && Principal === 'events.amazonaws.com' && SourceArn === rule.arn,
    );
    if (!permitted) throw new StartUpError(`No permission lets the rule ${rule.logicalId} call the function ${name}.`);
  }
  return { matches: parsePattern(JSON.stringify(EventPattern)), functions };
}

function readStreamMapping(mapping: Resource, functionOf: (name: string) => FunctionDefinition): StreamMapping {
  const properties = mapping.properties;
  const tableName = /:table\/([^/]+)\/stream\//.exec(properties.EventSourceArn)?.[1];
  if (!tableName) throw new StartUpError(`The laptop stack knows no event source ${properties.EventSourceArn}.`);
  return {
    id: mapping.physicalId,
    streamArn: properties.EventSourceArn,
    tableName,
    function: functionOf(properties.FunctionName),
    patterns: (properties.FilterCriteria?.Filters ?? []).map((filter: Json) => parsePattern(filter.Pattern)),
    startingPosition: properties.StartingPosition,
    batchSize: properties.BatchSize ?? 100,
    maximumRetryAttempts: properties.MaximumRetryAttempts ?? -1,
    bisectOnError: properties.BisectBatchOnFunctionError ?? false,
    reportsItemFailures: (properties.FunctionResponseTypes ?? []).includes('ReportBatchItemFailures'),
  };
}
