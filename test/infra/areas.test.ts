import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { BUNDLE_FILE, bundle, bundleFolder } from '../../infra/bundle.ts';
import { readConfig } from '../../infra/config.ts';
import { apiFunctions, sharedFunctions } from '../../infra/functions.ts';
import { OPERATION, TABLE_NAME } from '../../shared/environment.ts';
import { routeKeysOf, routes } from '../../shared/routes/index.ts';
import { eventOf } from '../support/api.ts';
import { passed, type Resource, resourcesOf, resourcesOfRow, synthesizedTemplates, waitingOf } from './templates.ts';

/** Deployments whose operations share a function per area (`-c functions=area`). */
const own = synthesizedTemplates();
const templates = synthesizedTemplates(routes, { functions: 'area' });
const shared = sharedFunctions(routes);
const alone = routes.filter(({ memory }) => memory !== undefined);

/** Each permission of a role but for those on its log, as `action on resource`. */
function permissionsOf(from: typeof templates, row: { id: string }): string[] {
  const [, role] = resourcesOfRow(from, row).one('AWS::IAM::Role');
  type Statement = { Action: string | string[]; Resource: unknown };
  return role.Policies.flatMap(({ PolicyDocument }: { PolicyDocument: { Statement: Statement[] } }) =>
    PolicyDocument.Statement.flatMap(({ Action, Resource }) =>
      [Action].flat().map((action) => `${action} on ${JSON.stringify(passed(from, Resource))}`),
    ),
  ).filter((permission: string) => !permission.startsWith('logs:'));
}

describe('functions of areas', () => {
  it('every operation is in one function: that of its area, or its own where it hashes passwords', () => {
    const served = apiFunctions(routes, 'area').flatMap((row) => ('operations' in row ? row.operations : row));
    expect(new Set(served)).toEqual(new Set(routes));
    expect(served.length).toBe(routes.length);
    for (const { area, operations } of shared) expect(operations.every((row) => row.area === area)).toBe(true);
    expect(alone.map(({ id }) => id)).toEqual(expect.arrayContaining(['token/user', 'user/register/batch']));
  });

  it('every route leads to the function that serves it, which the API may call first', () => {
    const waits = waitingOf(templates);
    for (const { id, operations } of shared) {
      const { one } = resourcesOfRow(templates, { id });
      const [integration] = one('AWS::ApiGatewayV2::Integration');
      const [, { SourceArn, FunctionName }] = one('AWS::Lambda::Permission');
      expect(FunctionName).toEqual({ 'Fn::GetAtt': [one('AWS::Lambda::Function')[0], 'Arn'] });
      expect(SourceArn['Fn::Join'][1].at(-1)).toBe('/*/*/*');
      for (const row of operations) {
        const found = [...resourcesOf(templates, 'AWS::ApiGatewayV2::Route')].filter(([, { Properties }]) =>
          (routeKeysOf(row) as string[]).includes(Properties.RouteKey),
        );
        expect(found.length).toBe(routeKeysOf(row).length);
        for (const [route, { Properties }] of found) {
          expect(Properties.Target['Fn::Join'][1][1]).toEqual({ Ref: integration });
          expect([...waits(route)].some((each) => /Area\w+Permission/.test(each))).toBe(true);
        }
      }
    }
  });

  it('a shared function may do what its operations may, and nothing else', () => {
    for (const row of shared) {
      const each = row.operations.flatMap((operation) => permissionsOf(own, operation));
      expect(new Set(permissionsOf(templates, row))).toEqual(new Set(each));
    }
  });

  it('a shared function has the time of its slowest operation, and answers before the gateway gives up', () => {
    for (const row of shared) {
      const [, lambda] = resourcesOfRow(templates, row).one('AWS::Lambda::Function');
      const longest = Math.max(...row.operations.map(({ timeout = 10 }) => timeout));
      expect(lambda).toMatchObject({ FunctionName: `roster-dev-area-${row.area}`, MemorySize: 512, Timeout: longest });
      expect(lambda.Environment.Variables).toMatchObject({ AREA: row.area, OPERATION: row.id });
      expect(longest).toBeLessThan(30);
    }
  });

  it('changes of routes and integrations follow one another, as API Gateway demands', () => {
    const waits = waitingOf(templates);
    const ids = ['Integration', 'Route'].flatMap((name) => [
      ...resourcesOf(templates, `AWS::ApiGatewayV2::${name}`).keys(),
    ]);
    // In a chain, each waits for another number of changes.
    const numbers = ids.map((id) => ids.filter((other) => waits(id).has(other)).length);
    expect(numbers.sort((one, other) => one - other)).toEqual(ids.map((_, n) => n));
  });

  it('another form changes the targets of routes, and keeps everything but functions that serve other operations', () => {
    const [was, is] = [resourcesOf(own), resourcesOf(templates)];
    const content = ({ Type, Properties: { Target, ...rest } }: Resource) =>
      JSON.stringify(Type === 'AWS::ApiGatewayV2::Route' ? rest : { ...rest, Target });
    const isStack = (id: string) => (was.get(id) ?? is.get(id))!.Type === 'AWS::CloudFormation::Stack';
    const kept = [...was.keys()].filter((id) => is.has(id) && !isStack(id));
    expect(kept.filter((id) => content(was.get(id)!) !== content(is.get(id)!))).toEqual([]);
    const gone = [...was].filter(([id]) => !is.has(id) && !isStack(id)).map(([, { Type }]) => Type);
    expect([...new Set(gone)].sort()).toEqual([
      'AWS::ApiGatewayV2::Integration',
      'AWS::IAM::Role',
      'AWS::Lambda::Function',
      'AWS::Lambda::Permission',
      'AWS::Logs::LogGroup',
    ]);
    expect(gone.filter((type) => type === 'AWS::Lambda::Function').length).toBe(routes.length - alone.length);
  });

  it('no other form can be configured', () => {
    expect(() => readConfig({ functions: 'all' })).toThrow('Context "functions" is "all": use operation or area.');
  });
});

describe('the bundle of an area', async () => {
  const dist = resolve(import.meta.dirname, '../../dist');
  mkdirSync(dist, { recursive: true });
  const outdir = mkdtempSync(join(dist, 'test-'));
  afterAll(() => rmSync(outdir, { recursive: true }));
  const row = shared.find(({ area }) => area === 'access')!;
  await bundle({ rows: [row], outdir });
  const file = join(bundleFolder(outdir, row.id), BUNDLE_FILE);
  const { handler } = (await import(/* @vite-ignore */ file)) as {
    handler: (event: APIGatewayProxyEventV2, context: Context) => Promise<APIGatewayProxyStructuredResultV2>;
  };
  const context = { awsRequestId: 'one', getRemainingTimeInMillis: () => 5000 } as Context;

  it('each call goes to the operation of its route, which the log line names', async () => {
    vi.stubEnv(TABLE_NAME, 'none').stubEnv(OPERATION, row.id).stubEnv('AWS_REGION', 'eu-west-1');
    const lines: string[] = [];
    const { write } = process.stdout;
    process.stdout.write = (line) => lines.push(String(line)) > 0;
    try {
      // Without an app, no call needs a database.
      for (const { methods, path } of row.operations) await handler(eventOf(methods[0]!, path, {}), context);
    } finally {
      process.stdout.write = write;
      vi.unstubAllEnvs();
    }
    expect(lines.map((line) => JSON.parse(line).operation)).toEqual(row.operations.map(({ id }) => id));
  });

  it('a route of another function is an error, not a call', async () => {
    await expect(handler(eventOf('GET', '/user/profile', {}), context)).rejects.toThrow('GET /user/profile');
  });

  it('it is little larger than that of one operation', () => {
    expect(statSync(file).size).toBeLessThan(200 * 1024);
  });
});
