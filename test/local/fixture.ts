/**
 * A small application with all that the laptop stack reads: an imported table, a nested stack with its parameters,
 * routes, mappings of a stream and a queue, an event bus and its rules, a schedule, a rule for a bucket's events. Its functions are files written here.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { App, NestedStack, Stack } from 'aws-cdk-lib';
import { CfnApi, CfnIntegration, CfnRoute, CfnStage } from 'aws-cdk-lib/aws-apigatewayv2';
import { AttributeType, StreamViewType, Table } from 'aws-cdk-lib/aws-dynamodb';
import { CfnEventBus, CfnRule } from 'aws-cdk-lib/aws-events';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  CfnEventInvokeConfig,
  CfnEventSourceMapping,
  type CfnFunction,
  CfnPermission,
  Code,
  Function as LambdaFunction,
  Runtime,
} from 'aws-cdk-lib/aws-lambda';
import { CfnBucket } from 'aws-cdk-lib/aws-s3';
import { CfnQueue, CfnQueuePolicy } from 'aws-cdk-lib/aws-sqs';

/** Handlers by name; the text is the module. */
const HANDLERS = {
  echo: 'export const handler = async (event) => ({ statusCode: 200, body: JSON.stringify(event) });',
  environment: 'export const handler = async (event, context) => ({ env: process.env, context });',
  fails: 'export const handler = async () => { throw new TypeError("no") };',
  slow: 'export const handler = () => new Promise(() => {});',
  // Keeps what it was told beside its code, so that every instance of it can answer. It fails for what is bad.
  stores: `
    import { appendFileSync, existsSync, readFileSync } from 'node:fs';
    const file = process.env.LAMBDA_TASK_ROOT + '/told.ndjson';
    export const handler = async (event) => {
      if (JSON.stringify(event).includes('bad')) throw new TypeError('bad');
      if (!event.routeKey) return appendFileSync(file, JSON.stringify(event) + '\\n');
      return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\\n').map((line) => JSON.parse(line)) : [];
    };`,
} as const;

/** What the mappings need. */
export const MAPPING_ACTIONS = [
  'dynamodb:DescribeStream',
  'dynamodb:GetRecords',
  'dynamodb:GetShardIterator',
  'dynamodb:ListStreams',
  'sqs:SendMessage',
  'sqs:ReceiveMessage',
  'sqs:DeleteMessage',
  'sqs:GetQueueAttributes',
];
const QUEUE_ARN = 'arn:aws:sqs:us-east-1:000000000000:failed';
const FIFO_ARN = 'arn:aws:sqs:us-east-1:000000000000:fixture.fifo';

type HandlerName = keyof typeof HANDLERS;

/**
 * Synthesizes the application into `folder` and gives the folder of the assembly. `mapping`: what the function of the
 * mappings may do with the stream and the queues.
 */
export function writeFixtureAssembly(folder: string, mapping = MAPPING_ACTIONS): string {
  const app = new App({
    outdir: join(folder, 'assembly'),
    analyticsReporting: false,
    builtinCloudFormationValidation: false,
  });
  const data = new Stack(app, 'Data');
  const table = new Table(data, 'Table', {
    tableName: 'fixture',
    partitionKey: { name: 'pk', type: AttributeType.STRING },
    sortKey: { name: 'sk', type: AttributeType.STRING },
    stream: StreamViewType.NEW_AND_OLD_IMAGES,
    timeToLiveAttribute: 'ttl',
  });
  table.addLocalSecondaryIndex({ indexName: 'lsi1', sortKey: { name: 'lsi1sk', type: AttributeType.STRING } });

  const stack = new Stack(app, 'Api');
  const api = new CfnApi(stack, 'Api', {
    name: 'fixture',
    protocolType: 'HTTP',
    corsConfiguration: { allowOrigins: ['*'], allowMethods: ['GET', 'POST'], allowHeaders: ['app_id'], maxAge: 600 },
  });
  new CfnStage(stack, 'Stage', {
    apiId: api.ref,
    stageName: '$default',
    autoDeploy: true,
    defaultRouteSettings: { throttlingRateLimit: 1000, throttlingBurstLimit: 500 },
    routeSettings: { 'GET /limited': { ThrottlingRateLimit: 1, ThrottlingBurstLimit: 2 } },
  });
  const nested = new NestedStack(stack, 'Nested');
  const failed = new CfnQueue(nested, 'Failed', { queueName: 'failed' });
  const dead = new CfnQueue(nested, 'Dead', { fifoQueue: true });
  const fifo = new CfnQueue(nested, 'Fifo', {
    queueName: 'fixture.fifo',
    fifoQueue: true,
    visibilityTimeout: 3,
    redrivePolicy: { deadLetterTargetArn: dead.attrArn, maxReceiveCount: 2 },
  });

  const functions = Object.fromEntries(
    Object.entries(HANDLERS).map(([name, source]) => {
      const code = join(folder, 'code', name);
      mkdirSync(code, { recursive: true });
      writeFileSync(join(code, 'index.mjs'), source);
      const role = new Role(nested, `${name}Role`, { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
      role.addToPolicy(new PolicyStatement({ actions: ['dynamodb:GetItem'], resources: [table.tableArn] }));
      if (name === 'stores') {
        role.addToPolicy(
          new PolicyStatement({ actions: mapping, resources: [table.tableStreamArn!, QUEUE_ARN, FIFO_ARN] }),
        );
      }
      const made = new LambdaFunction(nested, name, {
        functionName: `fixture-${name}`,
        runtime: Runtime.NODEJS_24_X,
        handler: 'index.handler',
        code: Code.fromAsset(code),
        role,
        environment: { TABLE_NAME: table.tableName, QUEUE_URL: fifo.ref, JOINED: `${nested.region}:${table.tableArn}` },
        memorySize: 256,
      });
      if (name === 'slow') (made.node.defaultChild as CfnFunction).timeout = 1;
      return [name, made];
    }),
  ) as Record<HandlerName, LambdaFunction>;

  const route = (key: string, name: HandlerName, options: { permitted?: boolean } = {}) => {
    const id = key.replace(/\W/g, '');
    const integration = new CfnIntegration(nested, `${id}Integration`, {
      apiId: api.ref,
      integrationType: 'AWS_PROXY',
      integrationUri: functions[name].functionArn,
      payloadFormatVersion: '2.0',
    });
    new CfnRoute(nested, `${id}Route`, { apiId: api.ref, routeKey: key, target: `integrations/${integration.ref}` });
    const [method, path] = key.split(' ');
    if (options.permitted === false) return;
    new CfnPermission(nested, `${id}Permission`, {
      action: 'lambda:InvokeFunction',
      functionName: functions[name].functionName,
      principal: 'apigateway.amazonaws.com',
      sourceArn: stack.formatArn({
        service: 'execute-api',
        resource: api.ref,
        resourceName: `*/${method === 'ANY' ? '*' : method}${path}`,
      }),
    });
  };
  route('POST /echo', 'echo');
  route('GET /echo', 'echo');
  route('ANY /items/{id}', 'echo');
  route('GET /limited', 'echo');
  route('GET /forbidden', 'echo', { permitted: false });
  route('GET /environment', 'environment');
  route('GET /fails', 'fails');
  route('GET /slow', 'slow');
  route('GET /told', 'stores');

  new CfnEventSourceMapping(nested, 'Mapping', {
    functionName: functions.stores.functionName,
    eventSourceArn: table.tableStreamArn!,
    startingPosition: 'TRIM_HORIZON',
    batchSize: 10,
    maximumRetryAttempts: 2,
    destinationConfig: { onFailure: { destination: QUEUE_ARN } },
    filterCriteria: {
      filters: [
        { pattern: JSON.stringify({ eventName: ['INSERT'], dynamodb: { Keys: { pk: { S: [{ prefix: 'J#' }] } } } }) },
      ],
    },
  });
  new CfnEventSourceMapping(nested, 'QueueMapping', {
    functionName: functions.stores.functionName,
    eventSourceArn: fifo.attrArn,
    batchSize: 10,
    functionResponseTypes: ['ReportBatchItemFailures'],
    scalingConfig: { maximumConcurrency: 2 },
  });
  new CfnBucket(stack, 'Bucket', {
    bucketName: 'fixture-files',
    corsConfiguration: {
      corsRules: [{ allowedOrigins: ['*'], allowedMethods: ['PUT', 'GET'], allowedHeaders: ['*'] }],
    },
    notificationConfiguration: { eventBridgeConfiguration: { eventBridgeEnabled: true } },
  });
  const rule = new CfnRule(nested, 'Rule', {
    eventPattern: {
      source: ['aws.s3'],
      'detail-type': ['Object Created'],
      detail: { object: { key: [{ prefix: 'files/' }] } },
    },
    targets: [{ id: 'Function', arn: functions.stores.functionArn }],
  });
  const bus = new CfnEventBus(nested, 'Bus', { name: 'fixture-bus' });
  const busRule = new CfnRule(nested, 'BusRule', {
    eventBusName: bus.ref,
    eventPattern: { source: ['fixture'] },
    targets: [
      { id: 'Function', arn: functions.stores.functionArn },
      { id: 'Queue', arn: failed.attrArn },
    ],
  });
  new CfnQueuePolicy(nested, 'QueuePolicy', {
    queues: [failed.ref],
    policyDocument: {
      Statement: [
        {
          Effect: 'Allow',
          Principal: { Service: 'events.amazonaws.com' },
          Action: 'sqs:SendMessage',
          Resource: failed.attrArn,
          Condition: { ArnEquals: { 'aws:SourceArn': busRule.attrArn } },
        },
      ],
    },
  });
  new CfnEventInvokeConfig(nested, 'Retries', {
    functionName: functions.stores.functionName,
    qualifier: '$LATEST',
    destinationConfig: { onFailure: { destination: failed.attrArn } },
  });
  const schedule = new CfnRule(nested, 'Hourly', {
    name: 'hourly',
    scheduleExpression: 'rate(1 hour)',
    targets: [{ id: 'Function', arn: functions.stores.functionArn }],
  });
  for (const [id, { attrArn }] of Object.entries({ Rule: rule, BusRule: busRule, Hourly: schedule })) {
    new CfnPermission(nested, `${id}Permission`, {
      action: 'lambda:InvokeFunction',
      functionName: functions.stores.functionArn,
      principal: 'events.amazonaws.com',
      sourceArn: attrArn,
    });
  }
  return app.synth().directory;
}
