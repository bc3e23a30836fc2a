import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { resourcesOf, synthesizedTemplates } from '../infra/templates.ts';

const document = readFileSync(new URL('../../docs/deploy.md', import.meta.url), 'utf8');

/** Prefix of IAM actions for the services of resource types. */
const PREFIX: Record<string, string> = { ApiGatewayV2: 'apigateway', CloudFormation: 'cloudformation' };

test('deploy.md names the services that deploying needs, all and no others', () => {
  const types = [...resourcesOf(synthesizedTemplates()).values()].map(({ Type }) => Type.split('::')[1]!);
  const services = new Set(types.map((name) => PREFIX[name] ?? name.toLowerCase()));
  const [, told = ''] = /<!-- services -->([\s\S]+)<!-- end of services -->/.exec(document) ?? [];
  const named = [...told.matchAll(/`([a-z0-9]+)`/g)].map(([, name]) => name!);
  expect(named.sort()).toEqual([...services].sort());
});

test("deploy.md computes what a call costs from today's formula", () => {
  const rows = [
    ...document.matchAll(
      /^\| .+ \| ([\d.]+) \| ([\d.]+)(?: \((?:([\d,]+) MiB, )?(\d+) ms\))? \| (\d+), (\d+) \| ([\d.]+) \| ([\d.]+) \| \*\*([\d.]+)\*\* \|$/gm,
    ),
  ];
  expect(rows).toHaveLength(6);
  let memory = 512;
  let milliseconds = 0;
  for (const [row, gateway, duration, mebibytes, ms, read, written, table, logs, sum] of rows) {
    if (mebibytes) memory = Number(mebibytes.replace(',', ''));
    if (ms) milliseconds = Number(ms);
    const seconds = milliseconds / 1000;
    expect(Number(duration), row).toBeCloseTo((memory / 1024) * seconds * 0.0000133334 * 1e6, 1);
    expect(Number(table), row).toBeCloseTo(Number(read) * 0.125 + Number(written) * 0.625, 1);
    expect(Number(sum), row).toBeCloseTo(Number(gateway) + Number(duration) + Number(table) + Number(logs), 1);
  }
});
