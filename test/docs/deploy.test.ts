import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { PRICES } from '../../bench/prices.ts';
import { apiFunctions } from '../../infra/functions.ts';
import { routes } from '../../shared/routes/index.ts';
import { resourcesOf, synthesizedTemplates } from '../infra/templates.ts';

const page = (name: string) => readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8');
const [deploying, costPage] = [page('deploy.md'), page('costs.md')];

/** Prefix of IAM actions for the services of resource types. */
const PREFIX: Record<string, string> = { ApiGatewayV2: 'apigateway', CloudFormation: 'cloudformation' };

test('deploy.md names all services that deploying needs, and no others', () => {
  const types = [...resourcesOf(synthesizedTemplates()).values()].map(({ Type }) => Type.split('::')[1]!);
  const services = new Set(types.map((name) => PREFIX[name] ?? name.toLowerCase()));
  const [, section = ''] = /<!-- services -->([\s\S]+)<!-- end of services -->/.exec(deploying) ?? [];
  const named = [...section.matchAll(/`([a-z0-9]+)`/g)].map(([, name]) => name!);
  expect(named.sort()).toEqual([...services].sort());
});

/** Operations of the table's rows that are not named by their path. */
const NAMED: Record<string, string> = { 'joining an open group': 'group/apply', login: 'token/user' };
const costs: Record<string, { read: number; write: number }> = JSON.parse(
  readFileSync(new URL('../fixtures/costs.json', import.meta.url), 'utf8'),
);
const { lambdaGbSecond, dynamoDbMillionReadUnits: READ, dynamoDbMillionWriteUnits: WRITE, ...PER_MILLION } = PRICES;
/** Dollars for the log lines of a million calls, 1.8 KB each. */
const LOGS = 1.8 * 0.5;

test("costs.md computes what a call costs from the units on record and today's formula", () => {
  const rows = [
    ...costPage.matchAll(
      /^\| (.+) \| ([\d.]+) \| ([\d.]+)(?: \((?:([\d,]+) MiB, )?(\d+) ms\))? \| (\d+), (\d+) \| ([\d.]+) \| ([\d.]+) \| \*\*([\d.]+)\*\* \|$/gm,
    ),
  ];
  expect(rows).toHaveLength(6);
  let memory = 512;
  let milliseconds = 0;
  for (const [row, call, gateway, duration, mebibytes, ms, read, written, table, logs, sum] of rows) {
    if (mebibytes) memory = Number(mebibytes.replace(',', ''));
    if (ms) milliseconds = Number(ms);
    const seconds = milliseconds / 1000;
    const operation = NAMED[call!] ?? /`(.+)`/.exec(call!)![1]!.replaceAll('_', '-');
    expect([Number(read), Number(written)], row).toEqual([costs[operation]!.read, costs[operation]!.write]);
    expect(Number(gateway), row).toBeCloseTo(PER_MILLION.gatewayMillionRequests + PER_MILLION.lambdaMillionRequests, 2);
    expect(Number(duration), row).toBeCloseTo((memory / 1024) * seconds * lambdaGbSecond * 1e6, 1);
    expect(Number(table), row).toBeCloseTo(Number(read) * READ + Number(written) * WRITE, 1);
    expect(Number(logs), row).toBeCloseTo(LOGS, 2);
    expect(Number(sum), row).toBeCloseTo(Number(gateway) + Number(duration) + Number(table) + Number(logs), 1);
  }
});

test('costs.md computes the most an hour can cost from the quotas that it names', () => {
  const number = (text = '') => Number(text.replaceAll(',', ''));
  const hour = 3600;
  const [, section = ''] = /\n## The most an hour can cost\n([\s\S]+?)\n## /.exec(costPage) ?? [];
  const row = (what: string) => new RegExp(`^\\| ${what}.*\\| \\**([\\d.]+)\\** \\|$`, 'm').exec(section)!;
  const quota = (what: string) => number(/\| ([\d,]+) /.exec(row(what)[0])?.[1]);
  const dollars = (what: string) => Number(row(what)[1]);

  const { gatewayMillionRequests, lambdaMillionRequests } = PER_MILLION;
  expect(dollars('requests')).toBeCloseTo(
    (quota('requests') * hour * (gatewayMillionRequests + lambdaMillionRequests + LOGS)) / 1e6,
    1,
  );
  const memory = number(/more than ([\d,]+) MiB/.exec(section)?.[1]);
  const largest = Math.max(
    ...[...resourcesOf(synthesizedTemplates(), 'AWS::Lambda::Function').values()].map(
      ({ Properties }) => Properties.MemorySize,
    ),
  );
  expect(memory).toBe(largest);
  expect(dollars('functions')).toBeCloseTo(quota('functions') * (memory / 1024) * hour * lambdaGbSecond, 1);
  expect(dollars('units read')).toBeCloseTo((quota('units read') * hour * READ) / 1e6, 1);
  expect(dollars('units written')).toBeCloseTo((quota('units written') * hour * WRITE) / 1e6, 1);
  const parts = ['requests', 'functions', 'units read', 'units written'].map(dollars);
  expect(dollars('\\*\\*all')).toBeCloseTo(
    parts.reduce((sum, part) => sum + part, 0),
    1,
  );
});

test('deploy.md states the numbers of roles and functions of a stage', () => {
  const roles = (context = {}) => resourcesOf(synthesizedTemplates(routes, context), 'AWS::IAM::Role').size;
  expect(deploying).toContain(`a stage has ${roles()}, one per function`);
  expect(deploying).toContain(`With \`-c functions=area\` it has ${roles({ functions: 'area' })} |`);
  const [shared, own] = [apiFunctions(routes, 'area').length, routes.length];
  expect(deploying).toContain(`${shared} functions\nserve the API instead of ${own}`);
});
