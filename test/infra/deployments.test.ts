import { describe, expect, it } from 'vitest';
import { backgroundFunctions, routes } from '../../shared/routes/index.ts';
import { ALL_SET, resourcesOf, synthesizedTemplates, type Template, waitingOf } from './templates.ts';

const usual = synthesizedTemplates();
const changed = synthesizedTemplates(undefined, ALL_SET);

const of = (type: string, templates: Map<string, Template>) =>
  [...resourcesOf(templates, type).values()].map(({ Properties }) => Properties);
const outputs = (templates: Map<string, Template>) => templates.get('Roster-dev-Api')!.Outputs;

describe('throttles', () => {
  const [stage] = of('AWS::ApiGatewayV2::Stage', usual);

  it('the throttles of logins and registrations, which need no token, are lower', () => {
    const settings = (rate: number, burst: number) =>
      Object.fromEntries(
        [
          ...['/token/user', '/token/id', '/token/login', '/token/exchange'],
          ...['/user/register/v2', '/user/register/push', '/user/register/anonymous'],
        ].map((path) => [`POST ${path}`, { ThrottlingRateLimit: rate, ThrottlingBurstLimit: burst }]),
      );
    expect(stage.RouteSettings).toEqual(settings(100, 200));
    expect(stage.DefaultRouteSettings).toEqual({ ThrottlingRateLimit: 2000, ThrottlingBurstLimit: 1000 });
    expect(of('AWS::ApiGatewayV2::Stage', changed)[0].RouteSettings).toEqual(settings(20, 150));
  });

  it('throttles are set only for routes that exist', () => {
    const account = new Map([['Account', usual.get('Account')!]]);
    const keys = of('AWS::ApiGatewayV2::Route', account).map(({ RouteKey }) => RouteKey);
    expect(keys).toEqual(expect.arrayContaining(Object.keys(stage.RouteSettings)));
  });
});

describe('changes of the API', () => {
  const waits = waitingOf(usual);
  const ofType = (name: string) => [...resourcesOf(usual, `AWS::ApiGatewayV2::${name}`)];
  const changes = [...ofType('Integration'), ...ofType('Route')];

  it('changes of routes and integrations follow one another, over all nested stacks', () => {
    expect(changes.length).toBeGreaterThan(240);
    const ids = changes.map(([id]) => id);
    const waitsFor = (one: string, other: string) => waits(one).has(other);
    const atOnce = ids.flatMap((one, index) =>
      ids
        .slice(index + 1)
        .flatMap((other) => (waitsFor(one, other) || waitsFor(other, one) ? [] : [`${one} with ${other}`])),
    );
    expect(atOnce).toEqual([]);
  });

  it('the stage waits for all routes and integrations, and then deploys each change by itself', () => {
    const [[stage] = []] = ofType('Stage');
    expect(changes.map(([id]) => id).filter((id) => !waits(stage!).has(id))).toEqual([]);
  });
});

describe('reserved concurrency', () => {
  const reserved = (templates: Map<string, Template>) =>
    of('AWS::Lambda::Function', templates)
      .filter(({ ReservedConcurrentExecutions }) => ReservedConcurrentExecutions !== undefined)
      .map(({ Environment, ReservedConcurrentExecutions }) => [
        Environment.Variables.OPERATION,
        ReservedConcurrentExecutions,
      ]);

  it('no concurrency is reserved by default, so that new accounts can deploy', () => {
    expect(reserved(usual)).toEqual([]);
  });

  it('concurrency is reserved for background functions only', () => {
    expect(reserved(changed)).toEqual(backgroundFunctions.map(({ id }) => [id, 5]));
  });
});

it('the API and uploads allow the configured origins, and any origin may download', () => {
  const origins = ['https://app.example.com', 'https://admin.example.com'];
  expect(of('AWS::ApiGatewayV2::Api', changed)[0].CorsConfiguration.AllowOrigins).toEqual(origins);
  const [downloads, uploads] = of('AWS::S3::Bucket', changed)[0].CorsConfiguration.CorsRules;
  expect([downloads.AllowedOrigins, uploads.AllowedOrigins]).toEqual([['*'], origins]);
});

describe('a domain', () => {
  it('a domain is mapped to the stage with TLS 1.2, and outputs name its DNS record', () => {
    expect(of('AWS::ApiGatewayV2::DomainName', changed)).toEqual([
      {
        DomainName: 'im.example.com',
        DomainNameConfigurations: [
          { CertificateArn: ALL_SET.certificateArn, EndpointType: 'REGIONAL', SecurityPolicy: 'TLS_1_2' },
        ],
      },
    ]);
    expect(of('AWS::ApiGatewayV2::ApiMapping', changed)).toEqual([
      { ApiId: { Ref: 'Api' }, DomainName: { Ref: 'Domain' }, Stage: { Ref: 'Stage' } },
    ]);
    expect(outputs(changed)).toMatchObject({
      ApiUrl: { Value: 'https://im.example.com', Export: { Name: 'Roster-dev-Api-Url' } },
      DnsTarget: { Value: { 'Fn::GetAtt': ['Domain', 'RegionalDomainName'] } },
      DnsTargetZone: { Value: { 'Fn::GetAtt': ['Domain', 'RegionalHostedZoneId'] } },
    });
  });

  it('a domain may be the only address of the API', () => {
    expect(of('AWS::ApiGatewayV2::Api', changed)[0].DisableExecuteApiEndpoint).toBe(true);
  });

  it('there is no domain by default', () => {
    expect(of('AWS::ApiGatewayV2::DomainName', usual)).toEqual([]);
    expect(of('AWS::ApiGatewayV2::Api', usual)[0].DisableExecuteApiEndpoint).toBeUndefined();
    expect(outputs(usual)).toMatchObject({ ApiUrl: { Value: { 'Fn::GetAtt': ['Api', 'ApiEndpoint'] } } });
  });
});

describe('a restored table', () => {
  const tableArn = 'arn:aws:dynamodb:eu-west-1:123456789012:table/roster-dev-20261122';
  const tableStreamArn = `${tableArn}/stream/2026-11-22T03:04:05.678`;
  const after = synthesizedTemplates(undefined, { tableStreamArn });

  it('a restored table changes nothing in the data stack', () => {
    expect(after.get('Roster-dev-Data')).toEqual(usual.get('Roster-dev-Data'));
  });

  it('a restored table is in the environment, role and stream of every function, and nothing else changes', () => {
    // Nested stacks name their templates by content; of the dashboard all text is one, and it is looked at below.
    const elsewhere = ['AWS::CloudFormation::Stack', 'AWS::CloudWatch::Dashboard'];
    const text = (templates: Map<string, Template>) =>
      JSON.stringify([...resourcesOf(templates)].filter(([, { Type }]) => !elsewhere.includes(Type)));
    const imported = (name: string) => `{"Fn::ImportValue":"Roster-dev-Data-${name}"}`;
    const expected = text(usual)
      .replaceAll(imported('TableName'), '"roster-dev-20261122"')
      .replaceAll(imported('StreamArn'), `"${tableStreamArn}"`)
      .replace(
        /\{"Fn::Join":\["",\[\{"Fn::ImportValue":"Roster-dev-Data-TableArn"\},"([^"]+)"\]\]\}/g,
        `"${tableArn}$1"`,
      )
      .replaceAll(imported('TableArn'), `"${tableArn}"`);
    expect(text(after)).toBe(expected);
    // Pages know no table.
    const tables = of('AWS::Lambda::Function', after)
      .map(({ Environment }) => Environment?.Variables.TABLE_NAME)
      .filter((name) => name !== undefined);
    expect(tables).toEqual(Array(routes.length + backgroundFunctions.length).fill('roster-dev-20261122'));
    expect(JSON.stringify(of('AWS::CloudWatch::Dashboard', after))).toContain('roster-dev-20261122');
  });
});
