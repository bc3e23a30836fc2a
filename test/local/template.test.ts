/* biome-ignore-all lint/suspicious/noTemplateCurlyInString: Fn::Sub is written so. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Deployment, type FunctionDefinition, readDeployment } from '../../infra/local/deployment.ts';
import { readRules } from '../../infra/local/event-bus/rules.ts';
import { readQueueMapping, readQueues } from '../../infra/local/read-queues.ts';
import { type Assembly, type Json, type Resource, readAssembly } from '../../infra/local/template.ts';
import { writeFixtureAssembly } from './fixture.ts';

const folder = mkdtempSync(join(tmpdir(), 'template-test-'));
afterAll(() => rmSync(folder, { recursive: true }));

let made = 0;
/** The assembly of these stacks, without nested ones. */
function assemblyOf(stacks: Record<string, Json>): Assembly {
  const directory = join(folder, `assembly${made++}`);
  mkdirSync(directory);
  const artifacts = Object.keys(stacks).map((name) => [
    name,
    { type: 'aws:cloudformation:stack', properties: { templateFile: `${name}.json` } },
  ]);
  writeFileSync(join(directory, 'manifest.json'), JSON.stringify({ artifacts: Object.fromEntries(artifacts) }));
  for (const [name, template] of Object.entries(stacks)) {
    writeFileSync(join(directory, `${name}.json`), JSON.stringify(template));
  }
  return readAssembly(directory, { api: 'http://here', queues: 'http://queues' });
}
/** What a value of a template stands for, in a stack `S` with a table `T` and a parameter `P`. */
function resolved(value: Json): Json {
  const assembly = assemblyOf({
    Other: {
      Outputs: { O: { Value: { Ref: 'AWS::StackName' }, Export: { Name: { 'Fn::Sub': 'Other:${AWS::Region}' } } } },
    },
    S: {
      Parameters: { P: { Default: 'default' }, Q: {} },
      Resources: {
        T: { Type: 'AWS::DynamoDB::Table', Properties: { TableName: 'the-table' } },
        X: { Type: 'X', Properties: { value } },
      },
    },
  });
  return assembly.resources('X')[0]?.properties.value;
}

describe('the resolver', () => {
  it.each([
    [{ Ref: 'T' }, 'the-table'],
    [{ Ref: 'X' }, 'S-X'],
    [{ Ref: 'P' }, 'default'],
    [{ Ref: 'AWS::Partition' }, 'aws'],
    [
      [1, { Ref: 'AWS::NoValue' }, 'a'],
      [1, 'a'],
    ],
    [{ a: { Ref: 'AWS::NoValue' }, b: 1 }, { b: 1 }],
    [{ 'Fn::GetAtt': ['T', 'Arn'] }, 'arn:aws:dynamodb:us-east-1:000000000000:table/the-table'],
    [{ 'Fn::GetAtt': 'T.StreamArn' }, 'arn:aws:dynamodb:us-east-1:000000000000:table/the-table/stream/local'],
    [{ 'Fn::Join': ['/', ['a', { Ref: 'T' }]] }, 'a/the-table'],
    [{ 'Fn::Join': ['', { 'Fn::Split': ['-', { Ref: 'T' }] }] }, 'thetable'],
    [{ 'Fn::Select': ['1', { 'Fn::Split': ['-', { Ref: 'T' }] }] }, 'table'],
    [
      { 'Fn::Sub': '${T} ${T.Arn} ${!T} ${AWS::AccountId}' },
      'the-table arn:aws:dynamodb:us-east-1:000000000000:table/the-table ${T} 000000000000',
    ],
    [{ 'Fn::Sub': ['${own} ${T}', { own: { Ref: 'P' } }] }, 'default the-table'],
    [{ 'Fn::ImportValue': 'Other:us-east-1' }, 'Other'],
    // Only an object of one field is a function.
    [
      { Ref: 'not', one: 1 },
      { Ref: 'not', one: 1 },
    ],
  ])('the resolver gives for %j: %j', (value, expected) => {
    expect(resolved(value)).toEqual(expected);
  });

  it.each([
    [{ 'Fn::FindInMap': ['a', 'b', 'c'] }, 'cannot resolve Fn::FindInMap (in stack S)'],
    [{ Ref: 'Missing' }, 'Missing is neither a resource nor a parameter of stack S'],
    [{ Ref: 'Q' }, 'The parameter Q of stack S has no value'],
    [{ 'Fn::GetAtt': ['T', 'Unknown'] }, 'does not know Unknown of AWS::DynamoDB::Table (T in S)'],
    [{ 'Fn::ImportValue': 'nothing' }, 'No stack exports nothing'],
  ])('the resolver refuses by name: %j', (value, message) => {
    expect(() => resolved(value)).toThrow(message);
  });
});

describe('a deployment', () => {
  let deployment: Deployment;
  beforeAll(() => {
    deployment = readDeployment(
      readAssembly(writeFixtureAssembly(folder), { api: 'http://here', queues: 'http://queues' }),
    );
  });
  const functionOf = (name: string) => deployment.functions.find((definition) => definition.name === `fixture-${name}`);

  it('the functions have the properties of their templates, with references across stacks resolved', () => {
    expect(functionOf('echo')).toMatchObject({
      arn: 'arn:aws:lambda:us-east-1:000000000000:function:fixture-echo',
      modulePath: expect.stringMatching(/asset\.[0-9a-f]+\/index\.mjs$/),
      handler: 'index.handler',
      memory: 256,
      timeout: 3000,
      environment: {
        TABLE_NAME: 'fixture',
        JOINED: 'us-east-1:arn:aws:dynamodb:us-east-1:000000000000:table/fixture',
      },
    });
    expect(functionOf('echo')?.role.statements).toContainEqual({
      Action: 'dynamodb:GetItem',
      Effect: 'Allow',
      Resource: 'arn:aws:dynamodb:us-east-1:000000000000:table/fixture',
    });
    const keys = deployment.functions.map(({ accessKeyId }) => accessKeyId);
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('a route without a permission to call its function is marked', () => {
    const routes = deployment.api.routes.map(({ key, function: { name }, permitted }) => [key, name, permitted]);
    expect(routes).toContainEqual(['POST /echo', 'fixture-echo', true]);
    expect(routes).toContainEqual(['ANY /items/{id}', 'fixture-echo', true]);
    expect(routes).toContainEqual(['GET /forbidden', 'fixture-echo', false]);
  });

  it('the API has the throttles and CORS rules of its templates', () => {
    expect(deployment.api.throttle('POST /echo')).toEqual({ rate: 1000, burst: 500 });
    expect(deployment.api.throttle('GET /limited')).toEqual({ rate: 1, burst: 2 });
    expect(deployment.api.cors).toMatchObject({ allowOrigins: ['*'], allowMethods: ['GET', 'POST'], maxAge: 600 });
  });

  it('table, stream mapping and bucket have the properties of their templates', () => {
    expect(deployment.tables).toMatchObject([{ name: 'fixture' }]);
    expect(deployment.streamMappings).toMatchObject([
      {
        tableName: 'fixture',
        function: { name: 'fixture-stores' },
        batchSize: 10,
        maximumRetryAttempts: 2,
        bisectOnError: false,
      },
    ]);
    expect(deployment.buckets).toMatchObject([{ name: 'fixture-files', sendsEvents: true }]);
  });

  it('the rule matches events of the bucket, and names its function', () => {
    const [rule] = deployment.eventRules;
    expect(rule?.targets).toMatchObject([{ to: { name: 'fixture-stores' } }]);
    const event = (key: string) => ({
      source: 'aws.s3',
      'detail-type': 'Object Created',
      detail: { object: { key } },
    });
    expect(rule?.matches(event('files/x'))).toBe(true);
    expect(rule?.matches(event('elsewhere/x'))).toBe(false);
  });

  it('rules have their bus, schedule and targets', () => {
    const rules = deployment.eventRules.map(({ arn, bus, nextRun, targets }) => [
      arn.split(':rule/')[1],
      bus,
      nextRun !== undefined,
      targets.map(({ to }) => ('queueArn' in to ? to.queueArn : to.name)),
    ]);
    const failed = 'arn:aws:sqs:us-east-1:000000000000:failed';
    expect(rules).toEqual([
      [expect.stringMatching(/Rule$/), 'default', false, ['fixture-stores']],
      [expect.stringMatching(/^fixture-bus\/.*BusRule$/), 'fixture-bus', false, ['fixture-stores', failed]],
      ['hourly', 'default', true, ['fixture-stores']],
    ]);
  });

  it('queues and their mappings have the properties of their templates', () => {
    expect(deployment.queues).toMatchObject([
      { name: 'failed', fifo: false, visibilityTimeout: 30, redrive: undefined },
      { name: expect.stringMatching(/Dead\.fifo$/), fifo: true },
      { name: 'fixture.fifo', fifo: true, visibilityTimeout: 3, redrive: { maxReceiveCount: 2 } },
    ]);
    expect(deployment.queueMappings).toMatchObject([
      {
        function: { name: 'fixture-stores' },
        queueArn: 'arn:aws:sqs:us-east-1:000000000000:fixture.fifo',
        batchSize: 10,
        window: 0,
        maximumConcurrency: 2,
        reportsItemFailures: true,
      },
    ]);
  });
});

describe('queues and mappings that AWS refuses', () => {
  const resource = (properties: Json) =>
    ({ logicalId: 'M', physicalId: 'http://queues/0/q', arn: 'arn:q', properties }) as Resource;
  const target = { timeout: 30_000 } as FunctionDefinition;
  it.each([
    [{}, { BatchSize: 11 }, 'a batch of more than 10 messages needs a batching window'],
    [{ FifoQueue: true }, { MaximumBatchingWindowInSeconds: 1 }, 'a FIFO queue allows no batch'],
    [{ VisibilityTimeout: 29 }, {}, 'Queue visibility timeout: 29 seconds is less than Function timeout: 30 seconds'],
    [{}, { EventSourceArn: 'arn:other' }, 'the templates do not define the queue arn:other'],
  ])('a mapping of the queue %j with %j is refused', (queue, mapping, message) => {
    const queues = readQueues([resource(queue)]);
    const read = () => readQueueMapping(resource({ EventSourceArn: 'arn:q', ...mapping }), queues, () => target);
    expect(read).toThrow(message);
  });

  it('a dead-letter queue of another type is refused', () => {
    const redrive = { RedrivePolicy: { deadLetterTargetArn: 'arn:q', maxReceiveCount: 1 } };
    const source = { ...resource({ ...redrive, FifoQueue: true }), arn: 'arn:source' };
    expect(() => readQueues([source, resource({})])).toThrow('The dead-letter queue of q must be');
    expect(readQueues([source, resource({ FifoQueue: true })])).toHaveLength(2);
  });
});

describe('rules that the laptop stack or EventBridge refuses', () => {
  const functionArn = 'arn:aws:lambda:us-east-1:000000000000:function:f';
  const queueArn = 'arn:aws:sqs:us-east-1:000000000000:q';
  const ruleArn = { 'Fn::GetAtt': ['Rule', 'Arn'] };
  const permission = { FunctionName: 'f', Principal: 'events.amazonaws.com', SourceArn: ruleArn };
  const statement = {
    Effect: 'Allow',
    Principal: { Service: 'events.amazonaws.com' },
    Action: 'sqs:SendMessage',
    Resource: queueArn,
    Condition: { ArnEquals: { 'aws:SourceArn': ruleArn } },
  };
  const rulesOf = (rule: Json, { permissions = [permission], statements = [statement] } = {}) => {
    const Resources = {
      Rule: { Type: 'AWS::Events::Rule', Properties: { EventPattern: { source: ['a'] }, ...rule } },
      Policy: { Type: 'AWS::SQS::QueuePolicy', Properties: { PolicyDocument: { Statement: statements } } },
      ...Object.fromEntries(
        permissions.map((Properties, index) => [`P${index}`, { Type: 'AWS::Lambda::Permission', Properties }]),
      ),
    };
    return readRules(
      assemblyOf({ Stack: { Resources } }),
      () => ({ name: 'f', arn: functionArn }) as FunctionDefinition,
    );
  };
  const targets = { Targets: [{ Arn: functionArn }, { Arn: queueArn, Input: '{"own":1}' }] };

  it('a rule whose targets allow it is read, unless it is disabled', () => {
    expect(rulesOf(targets)).toMatchObject([
      { targets: [{ to: { name: 'f' } }, { to: { queueArn }, input: { own: 1 } }] },
    ]);
    expect(rulesOf({ ...targets, State: 'DISABLED' })).toEqual([]);
  });

  it.each<[Json, Parameters<typeof rulesOf>[1], string]>([
    [targets, { permissions: [] }, 'No permission lets the rule Rule call the function f'],
    [targets, { permissions: [{ ...permission, Principal: 's3.amazonaws.com' }] }, 'No permission lets the rule'],
    [targets, { statements: [] }, `No policy lets the rule Rule send to the queue ${queueArn}`],
    [targets, { statements: [{ ...statement, Action: 'sqs:ReceiveMessage' }] }, 'No policy lets the rule'],
    [targets, { statements: [{ ...statement, Resource: 'arn:aws:sqs:other' }] }, 'No policy lets the rule'],
    [{ EventBusName: 'absent' }, {}, 'the templates do not define the bus absent'],
    [{ Targets: [{ Arn: functionArn, InputPath: '$.detail' }] }, {}, 'cannot transform the events of the rule Rule'],
    [{ ScheduleExpression: 'rate(1 week)' }, {}, 'does not know the schedule rate(1 week)'],
  ])('a rule that cannot be served prevents the start: %#', (rule, more, message) => {
    expect(() => rulesOf(rule, more)).toThrow(message);
  });

  it('a schedule, and no other rule, matches the event that names it', () => {
    const [rule] = rulesOf({ EventPattern: undefined, ScheduleExpression: 'rate(1 hour)' });
    const event = (resource: string) => ({ source: 'aws.events', resources: [resource] });
    expect(rule?.matches(event(rule.arn))).toBe(true);
    expect(rule?.matches(event('arn:aws:events:us-east-1:000000000000:rule/other'))).toBe(false);
    expect(rulesOf({})[0]?.matches(event(rule!.arn))).toBe(false);
  });
});
