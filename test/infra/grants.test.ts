import { describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { backgroundFunctions, type Grant, grantsOf, type Operation, routes } from '../../shared/routes/index.ts';
import { passed, type Resource, resourcesOf, resourcesOfRow, synthesizedTemplates } from './templates.ts';

const templates = synthesizedTemplates();

const TABLE = { 'Fn::ImportValue': 'Roster-dev-Data-TableArn' };
const index = (name: string) => ({ 'Fn::Join': ['', [TABLE, `/index/${name}`]] });
const objects = (pattern: string) => ({
  'Fn::Join': ['', [{ 'Fn::ImportValue': 'Roster-dev-Data-BucketArn' }, `/${pattern}`]],
});
const [INCOMING, FILES, EVENTS] = ['incoming/*', 'files/*', 'events/*'].map(objects);
const [PARTS, REFUSED] = ['imports/*/*/parts/*', 'imports/*/*/refused/*'].map(objects);
const [INCOMING_AVATARS, AVATARS] = ['incoming/*/avatars/*', 'files/*/avatars/*'].map(objects);

/** Logical id of the only resource of a type whose logical id begins so. */
const idOf = (type: string, prefix: string) => {
  const ids = [...resourcesOf(templates, type).keys()].map((id) => id.split('/')[1]!);
  return ids.find((id) => id.startsWith(prefix))!;
};
const IMPORTS = { 'Fn::GetAtt': [idOf('AWS::SQS::Queue', 'ImportsQueue'), 'Arn'] };
const QUEUE = { 'Fn::GetAtt': [idOf('AWS::SQS::Queue', 'EventsWebhooks'), 'Arn'] };
const BUS = { 'Fn::GetAtt': [idOf('AWS::Events::EventBus', 'EventsBus'), 'Arn'] };

const REFRESH = {
  'Fn::Join': [
    '',
    [
      'arn:',
      { Ref: 'AWS::Partition' },
      ':lambda:',
      { Ref: 'AWS::Region' },
      ':',
      { Ref: 'AWS::AccountId' },
      ':function:roster-dev-background-refresh-keys',
    ],
  ],
};

/** Written out again, apart from infra's table: a slip there must not slip through here. */
const PERMISSIONS: Record<Grant, [action: string, resource: unknown][]> = {
  get: [['dynamodb:GetItem', TABLE]],
  'batch-get': [['dynamodb:BatchGetItem', TABLE]],
  query: [['dynamodb:Query', TABLE]],
  'query-lsi1': [['dynamodb:Query', index('lsi1')]],
  'query-lsi2': [['dynamodb:Query', index('lsi2')]],
  'query-lsi3': [['dynamodb:Query', index('lsi3')]],
  'query-gsi1': [['dynamodb:Query', index('gsi1')]],
  put: [['dynamodb:PutItem', TABLE]],
  update: [['dynamodb:UpdateItem', TABLE]],
  delete: [['dynamodb:DeleteItem', TABLE]],
  check: [['dynamodb:ConditionCheckItem', TABLE]],
  'presign-put': [['s3:PutObject', INCOMING]],
  'presign-post': [['s3:PutObject', INCOMING]],
  'presign-avatar': [['s3:PutObject', INCOMING_AVATARS]],
  'presign-get': [['s3:GetObject', FILES]],
  'head-object': [['s3:GetObject', INCOMING]],
  'publish-object': [
    ['s3:GetObject', INCOMING],
    ['s3:DeleteObject', INCOMING],
    ['s3:PutObject', FILES],
    ['s3:DeleteObject', FILES],
  ],
  'publish-avatar': [
    ['s3:GetObject', INCOMING_AVATARS],
    ['s3:PutObject', AVATARS],
  ],
  'archive-events': [['s3:PutObject', EVENTS]],
  'delete-object': [
    ['s3:DeleteObject', INCOMING],
    ['s3:DeleteObject', FILES],
  ],
  'send-webhooks': [['sqs:SendMessage', QUEUE]],
  'receive-webhooks': [
    ['sqs:ReceiveMessage', QUEUE],
    ['sqs:DeleteMessage', QUEUE],
    ['sqs:ChangeMessageVisibility', QUEUE],
    ['sqs:GetQueueAttributes', QUEUE],
  ],
  'take-imports': [
    ['sqs:SendMessage', IMPORTS],
    ['sqs:ReceiveMessage', IMPORTS],
    ['sqs:DeleteMessage', IMPORTS],
    ['sqs:ChangeMessageVisibility', IMPORTS],
    ['sqs:GetQueueAttributes', IMPORTS],
  ],
  'read-import-parts': [
    ['s3:GetObject', PARTS],
    ['s3:DeleteObject', PARTS],
  ],
  'put-refused-lines': [['s3:PutObject', REFUSED]],
  'put-events': [['events:PutEvents', BUS]],
  'refresh-keys': [['lambda:InvokeFunction', REFRESH]],
};

/** Every permission of a policy, one `action on resource` each. */
function permissionsOf(role: Resource['Properties']): string[] {
  // biome-ignore lint/suspicious/noExplicitAny: CloudFormation JSON
  const statements: any[] = role.Policies.flatMap((policy: any) => policy.PolicyDocument.Statement);
  return statements
    .flatMap(({ Effect, Action, Resource, ...rest }) => {
      expect([Effect, rest]).toEqual(['Allow', {}]);
      return [Action]
        .flat()
        .flatMap((action: string) =>
          [Resource].flat().map((on) => `${action} on ${JSON.stringify(passed(templates, on))}`),
        );
    })
    .sort();
}

const logPermissions = (logGroup: string): [string, unknown][] =>
  ['logs:CreateLogStream', 'logs:PutLogEvents'].map((action) => [action, { 'Fn::GetAtt': [logGroup, 'Arn'] }]);

const written = (permissions: [string, unknown][]): string[] =>
  [...new Set(permissions.map(([action, on]) => `${action} on ${JSON.stringify(on)}`))].sort();

describe.each(routes.map((row) => [row.id, row] as const))('%s', (_, row) => {
  it('a function may do what its grants say and write its log, nothing else', () => {
    const { one } = resourcesOfRow(templates, row);
    const [logGroupId] = one('AWS::Logs::LogGroup');
    const [, role] = one('AWS::IAM::Role');
    expect(role.ManagedPolicyArns).toBeUndefined();
    expect(permissionsOf(role)).toEqual(
      written([...grantsOf(row).flatMap((grant) => PERMISSIONS[grant]), ...logPermissions(logGroupId)]),
    );
  });
});

describe('background functions', () => {
  const rowOf = (id: string) => {
    const row = backgroundFunctions.find((one) => one.id === id)!;
    const { one } = resourcesOfRow(templates, row);
    const [logGroupId] = one('AWS::Logs::LogGroup');
    const [, role] = one('AWS::IAM::Role');
    const queueArn = () => ({ 'Fn::GetAtt': [one('AWS::SQS::Queue')[0], 'Arn'] });
    return { row, role, logGroupId, queueArn };
  };

  it.each(['background/clean-up', 'background/relay'])(
    '%s may read the stream, fill its queue and do what its grants say, nothing else',
    (id) => {
      const { row, role, logGroupId, queueArn } = rowOf(id);
      const stream = { 'Fn::ImportValue': 'Roster-dev-Data-StreamArn' };
      const streamActions = ['DescribeStream', 'GetRecords', 'GetShardIterator', 'ListStreams'];
      expect(permissionsOf(role)).toEqual(
        written([
          ...grantsOf(row).flatMap((grant) => PERMISSIONS[grant]),
          ...logPermissions(logGroupId),
          ...streamActions.map((action): [string, unknown] => [`dynamodb:${action}`, stream]),
          ['sqs:SendMessage', queueArn()],
        ]),
      );
    },
  );

  it('publish-file may fill the queue and do what its grants say, nothing else', () => {
    const { row, role, logGroupId, queueArn } = rowOf('background/publish-file');
    expect(permissionsOf(role)).toEqual(
      written([
        ...grantsOf(row).flatMap((grant) => PERMISSIONS[grant]),
        ...logPermissions(logGroupId),
        ['sqs:SendMessage', queueArn()],
      ]),
    );
  });
});

describe('the function that delivers webhooks', () => {
  it('deliver may do what its grants say, nothing else', () => {
    const row = backgroundFunctions.find(({ id }) => id === 'background/deliver')!;
    const { one } = resourcesOfRow(templates, row);
    const [logGroupId] = one('AWS::Logs::LogGroup');
    expect(permissionsOf(one('AWS::IAM::Role')[1])).toEqual(
      written([...grantsOf(row).flatMap((grant) => PERMISSIONS[grant]), ...logPermissions(logGroupId)]),
    );
  });
});

describe('all roles', () => {
  it('no permission has a wildcard, except for the prefixes of objects', () => {
    for (const [id, { Properties }] of resourcesOf(templates, 'AWS::IAM::Role')) {
      for (const permission of permissionsOf(Properties)) {
        const rest = [INCOMING, FILES, EVENTS, INCOMING_AVATARS, AVATARS, PARTS, REFUSED].reduce(
          (left, pattern) => left.replace(JSON.stringify(pattern), ''),
          permission,
        );
        expect([id, rest]).not.toEqual([id, expect.stringContaining('*')]);
      }
    }
    expect(resourcesOf(templates, 'AWS::IAM::Policy').size).toBe(0);
    expect(resourcesOf(templates, 'AWS::IAM::ManagedPolicy').size).toBe(0);
  });
});

describe('a new row of the route table', () => {
  const row: Operation = {
    id: 'group/leaflet',
    path: '/group/leaflet',
    methods: ['POST'],
    area: 'group',
    access: 'anyone',
    section: '7.99',
    summary: 'A row that is not there',
    request: () => z.object({}),
    reply: () => z.object({}),
    grants: ['put', 'presign-put', 'head-object'],
  };

  const asLast = synthesizedTemplates([...routes, row]);

  it('a row that presigns gets the bucket name and exactly the object permissions that it names', () => {
    const { one } = resourcesOfRow(asLast, row);
    const [logGroupId] = one('AWS::Logs::LogGroup');
    expect(one('AWS::Lambda::Function')[1].Environment.Variables).toMatchObject({
      BUCKET_NAME: { 'Fn::ImportValue': 'Roster-dev-Data-BucketName' },
    });
    expect(permissionsOf(one('AWS::IAM::Role')[1])).toEqual(
      written([
        ...(['batch-get', 'update', 'put'] as const).flatMap((grant) => PERMISSIONS[grant]),
        ['s3:PutObject', INCOMING],
        ['s3:GetObject', INCOMING],
        ...logPermissions(logGroupId),
      ]),
    );
  });
});
