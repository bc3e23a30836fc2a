import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { authorizers } from '../../examples/authorizers/app.ts';
import { AUTHORIZERS } from '../../infra/authorizers/authorizers.ts';
import { BUNDLE_FILE, bundleFolder } from '../../infra/bundle.ts';
import { backgroundFunctions, routes } from '../../shared/routes/index.ts';
import type { Resource, Template } from './templates.ts';

const folder = mkdtempSync(join(tmpdir(), 'roster-authorizers-'));
let template: Template;

beforeAll(async () => {
  const assembly = await authorizers({ context: { stage: 'test', app: 'app-1' }, outdir: folder });
  template = assembly.getStackByName('Roster-test-Authorizers').template;
});
afterAll(() => rmSync(folder, { recursive: true }));

const all = (type: string): Resource[] => Object.values(template.Resources).filter(({ Type }) => Type === type);
const imported = (name: string) => ({ 'Fn::ImportValue': `Roster-test-Data-${name}` });

it('the example synthesizes a function for each service, which may read the table by keys and nothing else', () => {
  const functions = all('AWS::Lambda::Function').map(({ Properties }) => Properties);
  expect(functions.map(({ FunctionName }) => FunctionName).sort()).toEqual([
    'roster-test-access-appsync-authorizer',
    'roster-test-access-iot-authorizer',
  ]);
  for (const { Environment } of functions)
    expect(Environment.Variables).toMatchObject({
      TABLE_NAME: imported('TableName'),
      SERVED_APP: 'app-1',
      STAGE: 'test',
    });
  for (const { Properties } of all('AWS::IAM::Role')) {
    const [log, table, ...more] = Properties.Policies[0].PolicyDocument.Statement;
    expect(log.Action).toEqual(['logs:CreateLogStream', 'logs:PutLogEvents']);
    expect(table).toEqual({ Effect: 'Allow', Action: 'dynamodb:BatchGetItem', Resource: imported('TableArn') });
    expect(more).toEqual([]);
  }
});

it('AppSync asks the function at each of the three, and keeps no answer', () => {
  const [api] = all('AWS::AppSync::Api');
  const { AuthProviders, ...modes } = api!.Properties.EventConfig;
  expect(AuthProviders).toMatchObject([
    { AuthType: 'AWS_LAMBDA', LambdaAuthorizerConfig: { AuthorizerResultTtlInSeconds: 0 } },
  ]);
  const lambda = [{ AuthType: 'AWS_LAMBDA' }];
  expect(modes).toMatchObject({
    ConnectionAuthModes: lambda,
    DefaultPublishAuthModes: lambda,
    DefaultSubscribeAuthModes: lambda,
  });
  expect(
    all('AWS::AppSync::ChannelNamespace')
      .map(({ Properties }) => Properties.Name)
      .sort(),
  ).toEqual(['group', 'user']);
  expect(
    all('AWS::Lambda::Permission')
      .map(({ Properties }) => Properties.Principal)
      .sort(),
  ).toEqual(['appsync.amazonaws.com', 'iot.amazonaws.com']);
});

it('IoT Core asks the function without a signature of its own', () => {
  expect(all('AWS::IoT::Authorizer').map(({ Properties }) => Properties)).toMatchObject([
    { AuthorizerName: 'roster-test', Status: 'ACTIVE', SigningDisabled: true },
  ]);
});

it('the bundles weigh less than those of operations, and no stack of the product has them', () => {
  for (const { id } of AUTHORIZERS) {
    const file = join(bundleFolder(join(import.meta.dirname, '../../dist/authorizers'), id), BUNDLE_FILE);
    expect(statSync(file).size, id).toBeLessThan(160 * 1024);
    expect([...routes, ...backgroundFunctions].map((row) => row.id)).not.toContain(id);
  }
});
