import { describe, expect, it } from 'vitest';
import { constructIdOf, functionNameOf, slugOf } from '../../infra/names.ts';
import {
  backgroundFunctions,
  CONSOLE_PATHS,
  DOCS_PATHS,
  pages,
  routeKeysOf,
  routes,
} from '../../shared/routes/index.ts';
import { passed, resourcesOf, resourcesOfRow, synthesizedTemplates, type Template } from './templates.ts';

const templates = synthesizedTemplates();
const everyRow = [...routes, ...backgroundFunctions];
/** Logical id of the only resource of a type whose logical id begins so. */
const idOf = (type: string, prefix: string, from = templates) => {
  const ids = [...resourcesOf(from, type).keys()].map((id) => id.split('/')[1]!);
  return ids.find((id) => id.startsWith(prefix))!;
};

describe.each(routes.map((row) => [row.id, row] as const))('%s', (_, row) => {
  const { one, all } = resourcesOfRow(templates, row);
  const [functionId, lambda] = one('AWS::Lambda::Function');
  const [logGroupId, logGroup] = one('AWS::Logs::LogGroup');
  const [roleId, role] = one('AWS::IAM::Role');
  const [integrationId, integration] = one('AWS::ApiGatewayV2::Integration');
  const permissions = all('AWS::Lambda::Permission');
  const functionArn = { 'Fn::GetAtt': [functionId, 'Arn'] };

  it('an operation has one function, on the table and under its own role', () => {
    expect(lambda).toMatchObject({
      FunctionName: functionNameOf('dev', row.id),
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      Handler: 'index.handler',
      MemorySize: row.memory ?? 512,
      Timeout: row.timeout ?? 10,
      Role: { 'Fn::GetAtt': [roleId, 'Arn'] },
      LoggingConfig: { LogGroup: { Ref: logGroupId } },
    });
    const usesObjects = JSON.stringify(role.Policies).includes('"s3:');
    const usesQueue = JSON.stringify(role.Policies).includes('"sqs:');
    const invokes = JSON.stringify(role.Policies).includes('"lambda:');
    const variables = Object.entries(lambda.Environment.Variables).map(([name, value]) => [
      name,
      passed(templates, value),
    ]);
    expect(Object.fromEntries(variables)).toEqual({
      TABLE_NAME: { 'Fn::ImportValue': 'Roster-dev-Data-TableName' },
      OPERATION: row.id,
      STAGE: 'dev',
      AREA: row.area,
      STATISTICS: '10',
      ...(usesObjects && { BUCKET_NAME: { 'Fn::ImportValue': 'Roster-dev-Data-BucketName' } }),
      ...(usesQueue && { WEBHOOK_QUEUE_URL: { Ref: idOf('AWS::SQS::Queue', 'EventsWebhooks') } }),
      ...(invokes && { REFRESH_FUNCTION: 'roster-dev-background-refresh-keys' }),
    });
  });

  it('a function ends before the gateway gives up on it', () => {
    expect(lambda.Timeout).toBeLessThan(30);
  });

  it('a function keeps its log for 30 days', () => {
    expect(logGroup).toEqual({ LogGroupName: `/aws/lambda/roster-dev-${slugOf(row.id)}`, RetentionInDays: 30 });
  });

  it('an operation has a route for each method, all to one integration', () => {
    expect(integration).toMatchObject({
      IntegrationType: 'AWS_PROXY',
      IntegrationUri: functionArn,
      PayloadFormatVersion: '2.0',
    });
    const target = { 'Fn::Join': ['', ['integrations/', { Ref: integrationId }]] };
    const found = all('AWS::ApiGatewayV2::Route').map(({ RouteKey, Target }) => [RouteKey, Target]);
    expect(found.sort()).toEqual(
      routeKeysOf(row)
        .map((key) => [key, target])
        .sort(),
    );
  });

  it('a function may be called by the API on its own paths only', () => {
    for (const permission of permissions) {
      expect(permission).toMatchObject({
        Action: 'lambda:InvokeFunction',
        FunctionName: functionArn,
        Principal: 'apigateway.amazonaws.com',
      });
      expect(JSON.stringify(permission.SourceArn)).toContain(':execute-api:');
    }
    const called = permissions.map(({ SourceArn }) => SourceArn['Fn::Join'][1].at(-1));
    expect(called.sort()).toEqual(
      [...new Set(routeKeysOf(row).map((key) => `/*/*${key.slice(key.indexOf('/'))}`))].sort(),
    );
  });
});

describe('background/clean-up', () => {
  const row = backgroundFunctions.find(({ id }) => id === 'background/clean-up')!;
  const { one } = resourcesOfRow(templates, row);
  const [functionId, lambda] = one('AWS::Lambda::Function');
  const [queueId, queue] = one('AWS::SQS::Queue');
  const stream = { 'Fn::ImportValue': 'Roster-dev-Data-StreamArn' };
  const queueArn = { 'Fn::GetAtt': [queueId, 'Arn'] };

  it('the clean-up gets new and touched jobs from the stream one by one, with bounded retries', () => {
    const [, mapping] = one('AWS::Lambda::EventSourceMapping');
    expect(mapping).toMatchObject({
      EventSourceArn: stream,
      FunctionName: { 'Fn::GetAtt': [functionId, 'Arn'] },
      StartingPosition: 'TRIM_HORIZON',
      BatchSize: 1,
      ParallelizationFactor: 10,
      MaximumRetryAttempts: 10,
      DestinationConfig: { OnFailure: { Destination: queueArn } },
    });
    expect(mapping.FilterCriteria.Filters.map(({ Pattern }: { Pattern: string }) => JSON.parse(Pattern))).toEqual([
      { eventName: ['INSERT', 'MODIFY'], dynamodb: { Keys: { pk: { S: [{ prefix: 'J#' }] } } } },
    ]);
    expect(lambda.Timeout).toBe(row.timeout);
  });

  it('failed jobs go to an encrypted queue that accepts TLS only', () => {
    expect(queue).toMatchObject({ SqsManagedSseEnabled: true, MessageRetentionPeriod: 14 * 86_400 });
    const [, policy] = one('AWS::SQS::QueuePolicy');
    expect(policy.PolicyDocument.Statement).toMatchObject([
      { Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } }, Resource: queueArn },
    ]);
  });
});

describe('events', () => {
  const queue = [...resourcesOf(templates, 'AWS::SQS::Queue').values()].find(
    ({ Properties }) => Properties.QueueName === 'roster-dev-webhooks.fifo',
  )!.Properties;
  const row = (id: string) => backgroundFunctions.find((one) => one.id === id)!;

  it('the relay gets changes, pages of events and what is held back, and tries a batch until the stream forgets it', () => {
    const { one } = resourcesOfRow(templates, row('background/relay'));
    const mapping = one('AWS::Lambda::EventSourceMapping')[1];
    expect(mapping).toMatchObject({
      StartingPosition: 'TRIM_HORIZON',
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      BisectBatchOnFunctionError: true,
      DestinationConfig: { OnFailure: { Destination: { 'Fn::GetAtt': [one('AWS::SQS::Queue')[0], 'Arn'] } } },
    });
    const keys = mapping.FilterCriteria.Filters.map(({ Pattern }: { Pattern: string }) => {
      const { eventName, dynamodb } = JSON.parse(Pattern);
      expect(eventName).toEqual(['INSERT', 'MODIFY']);
      return dynamodb;
    });
    expect(keys).toEqual([
      { NewImage: { stamp: { S: [{ exists: true }] } } },
      { Keys: { pk: { S: [{ prefix: 'V#' }] }, sk: { S: ['~'] } } },
      { Keys: { pk: { S: [{ prefix: 'A#' }] }, sk: { S: [{ prefix: '~' }] } } },
    ]);
    const { BUS_NAME, WEBHOOK_QUEUE_URL } = one('AWS::Lambda::Function')[1].Environment.Variables;
    expect(passed(templates, BUS_NAME)).toEqual({ Ref: idOf('AWS::Events::EventBus', 'EventsBus') });
    expect(passed(templates, WEBHOOK_QUEUE_URL)).toEqual({ Ref: idOf('AWS::SQS::Queue', 'EventsWebhooks') });
  });

  it('webhooks wait in a FIFO queue that orders each subject alone, for longer than they are tried', () => {
    expect(queue).toMatchObject({
      FifoQueue: true,
      DeduplicationScope: 'messageGroup',
      FifoThroughputLimit: 'perMessageGroupId',
      SqsManagedSseEnabled: true,
      MessageRetentionPeriod: 14 * 86_400,
      RedrivePolicy: { maxReceiveCount: 1000 },
    });
    const { one } = resourcesOfRow(templates, row('background/deliver'));
    expect(queue.VisibilityTimeout).toBe(6 * one('AWS::Lambda::Function')[1].Timeout);
    const mapping = one('AWS::Lambda::EventSourceMapping')[1];
    expect(mapping).toMatchObject({
      BatchSize: 10,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      ScalingConfig: { MaximumConcurrency: 50 },
    });
    expect(passed(templates, mapping.EventSourceArn)).toEqual({
      'Fn::GetAtt': [idOf('AWS::SQS::Queue', 'EventsWebhooks'), 'Arn'],
    });
  });

  it.each([
    ['5', 5],
    ['1', 2],
    ['80', 50],
  ])('with a reserved concurrency of %s, %i invocations deliver', (backgroundConcurrency, expected) => {
    const reserved = synthesizedTemplates(routes, { backgroundConcurrency });
    const { one } = resourcesOfRow(reserved, row('background/deliver'));
    expect(one('AWS::Lambda::EventSourceMapping')[1].ScalingConfig).toEqual({ MaximumConcurrency: expected });
  });

  it('a bus of the name of the stage gets the events', () => {
    const buses = [...resourcesOf(templates, 'AWS::Events::EventBus').values()];
    expect(buses.map(({ Properties }) => Properties.Name)).toEqual(['roster-dev']);
  });

  it('-c events=false leaves out bus, queue and their functions, and tells all others', () => {
    const without = synthesizedTemplates(routes, { events: 'false' });
    const functions = [...resourcesOf(without, 'AWS::Lambda::Function').values()].map(({ Properties }) => Properties);
    const of = (area: string) => functions.filter(({ FunctionName }) => FunctionName.startsWith(`roster-dev-${area}-`));
    expect(of('background').map(({ FunctionName }) => FunctionName)).toEqual([
      'roster-dev-background-clean-up',
      'roster-dev-background-import',
      'roster-dev-background-refresh-keys',
      'roster-dev-background-publish-file',
    ]);
    expect([...resourcesOf(without, 'AWS::Events::EventBus').keys()]).toEqual([]);
    expect(JSON.stringify([...without])).not.toMatch(/webhooks\.fifo|"events:PutEvents"/);
    for (const { Environment } of functions.filter(
      ({ FunctionName }) => !/^roster-dev-(docs|console)$/.test(FunctionName),
    ))
      expect(Environment.Variables).toMatchObject({ EVENTS: 'off' });
    expect(JSON.stringify([...templates])).not.toContain('"EVENTS"');
  });
});

describe('background/publish-file', () => {
  const row = backgroundFunctions.find(({ id }) => id === 'background/publish-file')!;
  const { one } = resourcesOfRow(templates, row);
  const [functionId, lambda] = one('AWS::Lambda::Function');
  const [queueId] = one('AWS::SQS::Queue');
  const [ruleId, rule] = one('AWS::Events::Rule');
  const functionArn = { 'Fn::GetAtt': [functionId, 'Arn'] };
  const queueArn = { 'Fn::GetAtt': [queueId, 'Arn'] };
  const ruleArn = { 'Fn::GetAtt': [ruleId, 'Arn'] };

  it('publish-file gets every object that is created below incoming/ of the bucket', () => {
    expect(rule.EventPattern).toEqual({
      source: ['aws.s3'],
      'detail-type': ['Object Created'],
      detail: {
        bucket: { name: [{ 'Fn::ImportValue': 'Roster-dev-Data-BucketName' }] },
        object: { key: [{ prefix: 'incoming/' }] },
      },
    });
    expect(rule.Targets).toEqual([{ Id: 'Function', Arn: functionArn, DeadLetterConfig: { Arn: queueArn } }]);
    expect(one('AWS::Lambda::Permission')[1]).toEqual({
      Action: 'lambda:InvokeFunction',
      FunctionName: functionArn,
      Principal: 'events.amazonaws.com',
      SourceArn: ruleArn,
    });
    expect(lambda.Timeout).toBe(row.timeout);
  });

  it('an event is tried three times, and then left in a queue, as is one that was not delivered', () => {
    expect(one('AWS::Lambda::EventInvokeConfig')[1]).toEqual({
      FunctionName: functionArn,
      Qualifier: '$LATEST',
      MaximumRetryAttempts: 2,
      DestinationConfig: { OnFailure: { Destination: queueArn } },
    });
    const [, policy] = one('AWS::SQS::QueuePolicy');
    expect(policy.PolicyDocument.Statement).toMatchObject([
      { Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } },
      {
        Effect: 'Allow',
        Action: 'sqs:SendMessage',
        Principal: { Service: 'events.amazonaws.com' },
        Resource: queueArn,
        Condition: { ArnEquals: { 'aws:SourceArn': ruleArn } },
      },
    ]);
  });
});

describe('background/import', () => {
  const row = backgroundFunctions.find(({ id }) => id === 'background/import')!;

  it('takes one message at a time, of as many lanes as an import may have', () => {
    const { one } = resourcesOfRow(templates, row);
    const mapping = one('AWS::Lambda::EventSourceMapping')[1];
    expect(mapping).toMatchObject({
      BatchSize: 1,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      ScalingConfig: { MaximumConcurrency: 16 },
    });
    const id = idOf('AWS::SQS::Queue', 'ImportsQueue');
    expect(passed(templates, mapping.EventSourceArn)).toEqual({ 'Fn::GetAtt': [id, 'Arn'] });
    const { Environment, Timeout } = one('AWS::Lambda::Function')[1];
    expect(passed(templates, Environment.Variables.IMPORT_QUEUE_URL)).toEqual({ Ref: id });
    const queues = [...resourcesOf(templates, 'AWS::SQS::Queue').values()].map(({ Properties }) => Properties);
    expect(queues.find(({ QueueName }) => QueueName === 'roster-dev-imports.fifo')).toMatchObject({
      ...{ FifoQueue: true, SqsManagedSseEnabled: true, MessageRetentionPeriod: 14 * 86_400 },
      ...{ VisibilityTimeout: 6 * Timeout, RedrivePolicy: { maxReceiveCount: 60 } },
    });
    const reserved = resourcesOfRow(synthesizedTemplates(routes, { backgroundConcurrency: '5' }), row);
    const [, limited] = reserved.one('AWS::Lambda::EventSourceMapping');
    expect(limited.ScalingConfig).toEqual({ MaximumConcurrency: 5 });
  });
});

describe('background/archive', () => {
  const row = backgroundFunctions.find(({ id }) => id === 'background/archive')!;
  const { one } = resourcesOfRow(templates, row);
  const functionArn = { 'Fn::GetAtt': [one('AWS::Lambda::Function')[0], 'Arn'] };
  const queueArn = { 'Fn::GetAtt': [one('AWS::SQS::Queue')[0], 'Arn'] };

  it('the archive runs once per hour, is tried three times, and then leaves a dead letter', () => {
    const [ruleId, rule] = one('AWS::Events::Rule');
    expect(rule).toEqual({
      Name: 'roster-dev-background-archive',
      ScheduleExpression: 'rate(1 hour)',
      Targets: [{ Id: 'Function', Arn: functionArn, DeadLetterConfig: { Arn: queueArn } }],
    });
    expect(one('AWS::Lambda::Permission')[1]).toMatchObject({ SourceArn: { 'Fn::GetAtt': [ruleId, 'Arn'] } });
    expect(one('AWS::Lambda::EventInvokeConfig')[1]).toMatchObject({ MaximumRetryAttempts: 2 });
  });
});

describe('all stacks', () => {
  it('every stack holds at most 400 resources, 100 below the limit', () => {
    for (const [stack, { Resources }] of templates) {
      expect([stack, Object.keys(Resources).length <= 400]).toEqual([stack, true]);
    }
  });

  it('the stacks hold the functions of the route table and the pages, and no others', () => {
    const names = [...resourcesOf(templates, 'AWS::Lambda::Function').values()].map(
      ({ Properties }) => Properties.FunctionName,
    );
    expect(names.sort()).toEqual([...everyRow, ...pages].map(({ id }) => functionNameOf('dev', id)).sort());
  });

  it.each([
    { id: 'docs', scope: 'Docs', paths: DOCS_PATHS, environment: undefined },
    { id: 'console', scope: 'Console', paths: CONSOLE_PATHS, environment: { Variables: { STAGE: 'dev' } } },
  ])('the page $id is open to everybody, by a function that may only log', ({ id, scope, paths, environment }) => {
    const of = (from: Map<string, Template>, type: string) =>
      [...resourcesOf(from, type)].filter(([name]) => name.startsWith(`Roster-dev-Api/${scope}`));
    const [[, lambda] = []] = of(templates, 'AWS::Lambda::Function');
    expect(lambda?.Properties).toMatchObject({ FunctionName: `roster-dev-${id}`, MemorySize: 256 });
    expect(lambda?.Properties.Environment).toEqual(environment);
    const [[, role] = []] = of(templates, 'AWS::IAM::Role');
    const actions = role?.Properties.Policies.flatMap(
      (policy: { PolicyDocument: { Statement: { Action: string[] }[] } }) =>
        policy.PolicyDocument.Statement.flatMap(({ Action }) => Action),
    );
    expect(actions).toEqual(['logs:CreateLogStream', 'logs:PutLogEvents']);
    const routes = of(templates, 'AWS::ApiGatewayV2::Route').map(([, { Properties }]) => Properties.RouteKey);
    expect(routes.sort()).toEqual(paths.map((path) => `GET ${path}`).sort());
    expect(of(synthesizedTemplates(undefined, { [id]: 'false' }), 'AWS::Lambda::Function')).toEqual([]);
  });

  it('no two rows have the same name without separators', () => {
    for (const name of [slugOf, constructIdOf]) {
      expect(new Set(everyRow.map(({ id }) => name(id))).size).toBe(everyRow.length);
    }
  });
});

describe('the HTTP API', () => {
  const { Resources, Outputs } = templates.get('Roster-dev-Api')!;
  const properties = (type: string) => Object.values(Resources).find(({ Type }) => Type === type)!.Properties;

  it('the API answers preflights of any origin for the headers and methods that clients use', () => {
    const { CorsConfiguration, ProtocolType } = properties('AWS::ApiGatewayV2::Api');
    expect(ProtocolType).toBe('HTTP');
    expect(CorsConfiguration).toEqual({
      AllowOrigins: ['*'],
      AllowMethods: ['GET', 'POST', 'PUT', 'DELETE'],
      AllowHeaders: ['content-type', 'access-token', 'app_id', 'user_id', 'group_id', 'idempotency-key'],
      ExposeHeaders: ['retry-after', 'apigw-requestid'],
      MaxAge: 7200,
    });
  });

  it('the API throttles, and logs each request without its path, query or headers', () => {
    const stage = properties('AWS::ApiGatewayV2::Stage');
    expect(stage).toMatchObject({
      StageName: '$default',
      AutoDeploy: true,
      DefaultRouteSettings: { ThrottlingRateLimit: 2000, ThrottlingBurstLimit: 1000 },
    });
    const format: Record<string, string> = JSON.parse(stage.AccessLogSettings.Format);
    expect(Object.values(format)).toEqual(
      expect.arrayContaining([
        '$context.requestId',
        '$context.routeKey',
        '$context.status',
        '$context.responseLatency',
      ]),
    );
    expect(stage.AccessLogSettings.Format).not.toMatch(/path|query|header|authorizer/i);
  });

  it('the API stack exports the address of the API', () => {
    expect(Outputs).toMatchObject({ ApiUrl: { Export: { Name: 'Roster-dev-Api-Url' } } });
  });
});
