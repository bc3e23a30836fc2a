import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readConfig } from '../../infra/config.ts';
import { configurationKeys, withConfiguration } from '../../infra/pages.ts';

const root = resolve(import.meta.dirname, '../..');
const stream = 'arn:aws:dynamodb:eu-west-1:123456789012:table/roster-prod-2/stream/2026-11-22T03:04:05.678';
const certificate = 'arn:aws:acm:eu-west-1:123456789012:certificate/1b2c3d4e-aaaa-bbbb-cccc-0123456789ab';

describe('the configuration', () => {
  it('the defaults of the configuration are those of its documentation', () => {
    const config = readConfig({});
    const keys = configurationKeys();
    expect(keys.map(({ name }) => name)).toEqual(Object.keys(config));
    for (const { name, usual } of keys) {
      const value = config[name as keyof typeof config];
      if (usual === 'none') expect(value).toBeUndefined();
      else if (name !== 'logRetentionDays') expect(usual).toBe(`\`${value}\``);
    }
    expect(config.logRetentionDays).toBe(30);
    expect(readConfig({ stage: 'prod' }).logRetentionDays).toBe(365);
  });

  it('settings may be texts of the command line or values of cdk.json', () => {
    const given = { retain: 'false', throttleBurst: '500', backgroundConcurrency: '0', logRetentionDays: '90' };
    const read = { retain: false, throttleBurst: 500, backgroundConcurrency: 0, logRetentionDays: 90 };
    expect(readConfig(given)).toMatchObject(read);
    expect(readConfig(read)).toMatchObject(read);
    expect(readConfig({ maxReadUnits: '4000' })).toMatchObject({ maxReadUnits: 4000, maxWriteUnits: undefined });
    const origins = ['https://a.example.com', 'http://localhost:3000'];
    expect(readConfig({ corsOrigins: origins.join(', ') }).corsOrigins).toEqual(origins);
    expect(readConfig({ corsOrigins: origins }).corsOrigins).toEqual(origins);
    expect(readConfig({ tableStreamArn: stream }).tableStreamArn).toBe(stream);
    expect(
      readConfig({ domainName: 'im.example.com', certificateArn: certificate, defaultEndpoint: 'false' }),
    ).toMatchObject({
      domainName: 'im.example.com',
      defaultEndpoint: false,
    });
  });

  it.each([
    ['stage', 'Prod!'],
    ['stage', 'a'.repeat(17)],
    ['retain', 'no'],
    ['logRetentionDays', '2'],
    ['logRetentionDays', '9999'],
    ['throttleRate', 'many'],
    ['throttleRate', '0'],
    ['throttleBurst', '1.5'],
    ['signInThrottleRate', '-1'],
    ['signInThrottleBurst', ''],
    ['maxReadUnits', '0'],
    ['maxWriteUnits', 'unlimited'],
    ['backgroundConcurrency', 'x'],
    ['corsOrigins', 'app.example.com'],
    ['corsOrigins', 'https://app.example.com/'],
    ['corsOrigins', '*,https://app.example.com'],
    ['domainName', 'https://im.example.com'],
    ['certificateArn', 'im.example.com'],
    ['defaultEndpoint', '1'],
    ['tableStreamArn', 'roster-prod-2'],
    ['alarms', 'none'],
    ['alarmEmail', 'ops'],
    ['alarmEmail', 'a@example.com,b@example.com'],
  ])('the configuration refuses %s=%s with a message that names it', (key, value) => {
    expect(() => readConfig({ [key]: value })).toThrow(`Context "${key}" is "${value}": use `);
  });

  it.each([
    [{ throtleRate: '5' }, 'Context "throtleRate" is unknown: use stage, retain, '],
    [{ stage: 'prod', retain: 'false' }, 'Context "retain=false" is not allowed for stage "prod".'],
    [{ domainName: 'im.example.com' }, 'Context "domainName" requires "certificateArn".'],
    [{ certificateArn: certificate }, 'Context "certificateArn" requires "domainName".'],
    [{ alarms: 'false', alarmEmail: 'a@b.example' }, 'Context "alarmEmail" cannot be combined with "alarms=false"'],
    [{ defaultEndpoint: 'false' }, 'Context "defaultEndpoint=false" requires "domainName"'],
  ])('the configuration refuses %j', (context, sentence) => {
    expect(() => readConfig(context)).toThrow(sentence);
  });

  it("the configuration ignores CDK's own context", () => {
    const own = { 'aws:cdk:enable-asset-metadata': true, '@aws-cdk/core:x': true, 'acknowledged-issue-numbers': [1] };
    expect(readConfig(own)).toEqual(readConfig({}));
  });

  it('docs/configuration.md lists the configuration as it is (npm run docs writes it)', () => {
    const page = readFileSync(join(root, 'docs/configuration.md'), 'utf8');
    expect(withConfiguration(page)).toBe(page);
  });

  it('the documents name only settings that exist', () => {
    const keys = configurationKeys().map(({ name }) => name);
    for (const file of globSync(['README.md', 'docs/**/*.md'], { cwd: root })) {
      // Another app of CDK has settings of its own.
      for (const [, name] of readFileSync(join(root, file), 'utf8')
        .replace(/--app .*/g, '')
        .matchAll(/-c (\w+)=/g))
        expect(keys, file).toContain(name);
    }
  });
});
