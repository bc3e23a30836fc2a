import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { functionNameOf } from '../../infra/names.ts';
import { EVENTS } from '../../shared/metrics.ts';
import { backgroundFunctions, routes } from '../../shared/routes/index.ts';
import { type Resource, resourcesOf, synthesizedTemplates, type Template } from './templates.ts';

const runbook = readFileSync(join(resolve(import.meta.dirname, '../..'), 'docs/runbook.md'), 'utf8');
/** What is watched does not depend on the operations there are (the last test): a few are enough, and quick. */
const few = routes.slice(0, 2);
const templates = synthesizedTemplates(few, { alarmEmail: 'ops@example.com' });
const of = (type: string, from: Map<string, Template> = templates): Resource['Properties'][] =>
  [...resourcesOf(from, type).values()].map(({ Properties }) => Properties);

const alarms = of('AWS::CloudWatch::Alarm');
const nameOf = ({ AlarmName }: Resource['Properties']) => String(AlarmName).replace('roster-dev-', '');

interface Measured {
  namespace: string;
  name: string;
  statistic: string;
  dimensions: Record<string, unknown>;
}

/** The metrics that an alarm looks at, however many: each is one on the bill. */
function metricsOf(alarm: Resource['Properties']): Measured[] {
  const dimensions = (given: { Name: string; Value: unknown }[] = []) =>
    Object.fromEntries(given.map(({ Name, Value }) => [Name, Value]));
  if (!alarm.Metrics)
    return [
      {
        namespace: alarm.Namespace,
        name: alarm.MetricName,
        statistic: alarm.Statistic ?? alarm.ExtendedStatistic,
        dimensions: dimensions(alarm.Dimensions),
      },
    ];
  // biome-ignore lint/suspicious/noExplicitAny: CloudFormation JSON
  return alarm.Metrics.flatMap(({ MetricStat }: any) =>
    MetricStat
      ? [
          {
            namespace: MetricStat.Metric.Namespace,
            name: MetricStat.Metric.MetricName,
            statistic: MetricStat.Stat,
            dimensions: dimensions(MetricStat.Metric.Dimensions),
          },
        ]
      : [],
  );
}

const looksAt = (section: string) =>
  metricsOf(alarms.find((alarm) => nameOf(alarm) === section)!).map(({ namespace, name }) => `${namespace} ${name}`);

describe('alarms', () => {
  it('alarms cover what can go wrong', () => {
    expect(Object.fromEntries(alarms.map((alarm) => [nameOf(alarm), [...new Set(looksAt(nameOf(alarm)))]]))).toEqual({
      faults: ['AWS/ApiGateway 5xx'],
      latency: ['AWS/ApiGateway Latency'],
      'throttled-functions': ['AWS/Lambda Throttles'],
      database: ['AWS/DynamoDB ReadThrottleEvents', 'AWS/DynamoDB WriteThrottleEvents', 'AWS/DynamoDB SystemErrors'],
      'stream-age': ['AWS/Lambda IteratorAge'],
      'dead-letters': ['AWS/SQS ApproximateNumberOfMessagesVisible'],
      'event-age': ['AWS/Lambda IteratorAge'],
      'events-held': ['Roster fan_out_held'],
      'webhook-age': ['AWS/SQS ApproximateAgeOfOldestMessage'],
      'issuer-failing': ['Roster issuers_failing'],
      'endpoint-failing': ['Roster endpoints_failed'],
      'lock-outs': ['Roster lock_outs'],
      'large-collection': ['Roster large_collections'],
      'full-collection': ['Roster full_collections'],
    });
  });

  it('an alarm sees the throttles of the global index, which refuses writes of the table without counting for it', () => {
    const [index] = of('AWS::DynamoDB::Table')[0].GlobalSecondaryIndexes;
    const watched = metricsOf(alarms.find((alarm) => nameOf(alarm) === 'database')!);
    expect(watched.map(({ dimensions }) => dimensions.GlobalSecondaryIndexName)).toContain(index.IndexName);
  });

  it('alarms watch every dead-letter queue and every function on the stream', () => {
    const queues = of('AWS::SQS::Queue')
      .map(({ QueueName }) => QueueName)
      .filter((name) => !/^roster-dev-(webhooks|imports)\.fifo$/.test(name));
    const watched = metricsOf(alarms.find((alarm) => nameOf(alarm) === 'dead-letters')!);
    expect(watched.map(({ dimensions }) => dimensions.QueueName).sort()).toEqual(queues.sort());
    expect(queues).toHaveLength(backgroundFunctions.length);
    for (const [section, wanted] of [
      ['stream-age', 'jobs'],
      ['event-age', 'changes'],
    ]) {
      const aged = metricsOf(alarms.find((alarm) => nameOf(alarm) === section)!);
      const onStream = backgroundFunctions.filter(({ trigger }) => trigger === wanted);
      expect(aged.map(({ dimensions }) => dimensions.FunctionName)).toEqual(
        onStream.map(({ id }) => functionNameOf('dev', id)),
      );
    }
  });

  it('every alarm on a metric of this service counts an event that functions log, by its dimension', () => {
    const own = alarms.flatMap(metricsOf).filter(({ namespace }) => namespace === 'Roster');
    expect(own).toHaveLength(6);
    for (const { name, statistic, dimensions } of own) {
      expect(EVENTS).toContain(name);
      expect({ statistic, dimensions }).toEqual({ statistic: 'Sum', dimensions: { stage: 'dev' } });
    }
    for (const { Environment } of of('AWS::Lambda::Function').filter(
      ({ FunctionName }) => FunctionName !== 'roster-dev-docs',
    ))
      expect(Environment.Variables.STAGE).toBe('dev');
  });

  it('an alarm notifies the topic when it goes off and when it is over, and ignores missing data', () => {
    const [topic] = [...resourcesOf(templates, 'AWS::SNS::Topic').keys()];
    const action = [{ Ref: topic!.replace('Monitoring/', '') }];
    for (const alarm of alarms) {
      expect(alarm).toMatchObject({ AlarmActions: action, OKActions: action, TreatMissingData: 'notBreaching' });
      expect(alarm.DatapointsToAlarm).toBeLessThanOrEqual(alarm.EvaluationPeriods);
    }
  });

  it('each alarm has a section in the runbook, and each section has an alarm', () => {
    const part = /\n## Alarms\n([\s\S]*?)\n## /.exec(runbook)![1]!;
    const sections = [...part.matchAll(/^### (.+)$/gm)].map(([, title]) => title!.toLowerCase().replaceAll(' ', '-'));
    expect(sections.sort()).toEqual(alarms.map(nameOf).sort());
    for (const alarm of alarms) {
      expect(alarm.AlarmDescription).toMatch(new RegExp(`: docs/runbook\\.md#${nameOf(alarm)}$`));
      const [, body] = new RegExp(`\n### ${nameOf(alarm).replaceAll('-', '[ -]')}\n([\\s\\S]*?)(?=\n##)`, 'i').exec(
        runbook,
      )!;
      for (const word of ['Means', 'Look', 'Do', 'Over']) expect(body).toContain(`**${word}.**`);
    }
  });

  it('the runbook states the number of alarms and metrics', () => {
    const metrics = alarms.flatMap(metricsOf).length;
    expect(runbook).toContain(`${alarms.length} alarms on ${metrics} metrics`);
  });

  it('-c alarms=false leaves out the alarms and the topic, and keeps the dashboard', () => {
    const without = synthesizedTemplates(few, { alarms: 'false' });
    for (const type of ['AWS::CloudWatch::Alarm', 'AWS::SNS::Topic', 'AWS::SNS::Subscription'])
      expect([type, of(type, without)]).toEqual([type, []]);
    expect(of('AWS::CloudWatch::Dashboard', without)).toHaveLength(1);
  });

  it('-c events=false leaves out the alarms of events', () => {
    const without = of('AWS::CloudWatch::Alarm', synthesizedTemplates(few, { events: 'false' })).map(nameOf);
    expect(alarms.map(nameOf).filter((name) => !without.includes(name))).toEqual([
      'event-age',
      'events-held',
      'webhook-age',
      'endpoint-failing',
    ]);
  });
});

describe('the topic of the alarms', () => {
  const [topic] = of('AWS::SNS::Topic');
  const [policy] = of('AWS::SNS::TopicPolicy');
  const fromAlarms = {
    StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } },
    ArnLike: { 'aws:SourceArn': { 'Fn::Join': ['', expect.arrayContaining([':alarm:roster-dev-*'])] } },
  };

  it('the topic needs no key that costs money', () => {
    expect(topic).toMatchObject({ TopicName: 'roster-dev-alarms' });
    expect(of('AWS::KMS::Key')).toEqual([]);
  });

  it('the topic takes messages over TLS only, and from these alarms only', () => {
    expect(policy.PolicyDocument.Statement).toMatchObject([
      {
        Effect: 'Deny',
        Principal: '*',
        Action: 'sns:Publish',
        Condition: { Bool: { 'aws:SecureTransport': 'false' } },
      },
      {
        Effect: 'Allow',
        Principal: { Service: 'cloudwatch.amazonaws.com' },
        Action: 'sns:Publish',
        Condition: fromAlarms,
      },
    ]);
  });

  it('the topic has a mail subscription only where alarmEmail is set', () => {
    expect(of('AWS::SNS::Subscription')).toMatchObject([{ Protocol: 'email', Endpoint: 'ops@example.com' }]);
    expect(of('AWS::SNS::Subscription', synthesizedTemplates(few))).toEqual([]);
  });
});

describe('the dashboard', () => {
  const [{ DashboardBody, DashboardName }] = of('AWS::CloudWatch::Dashboard') as [Resource['Properties']];
  const text = (DashboardBody['Fn::Join'][1] as unknown[])
    .map((part) => (typeof part === 'string' ? part : 'reference'))
    .join('');
  // biome-ignore lint/suspicious/noExplicitAny: CloudWatch JSON
  const widgets: any[] = JSON.parse(text).widgets;
  // biome-ignore lint/suspicious/noExplicitAny: CloudWatch JSON
  const lines: any[][] = widgets.flatMap(({ properties }) => properties.metrics ?? []);
  const named = lines.filter(([first]) => typeof first === 'string');
  const searches = lines.flatMap(([first]) => (first.expression ? [String(first.expression)] : []));

  it('the dashboard shows every event that functions count, once', () => {
    expect(DashboardName).toBe('roster-dev');
    const own = named.filter(([namespace]) => namespace === 'Roster').map(([, name]) => name);
    expect(own.sort()).toEqual([...EVENTS].sort());
  });

  it('the dashboard searches calls by code and operation, and times by area, by the dimensions of log lines', () => {
    const dimensions = searches.map((search) => /\{Roster,([a-z,]+)\}/.exec(search)![1]);
    expect([...new Set(dimensions)].sort()).toEqual(['stage,area', 'stage,code', 'stage,operation,code']);
    for (const search of searches) expect(search).toContain('stage="dev"');
  });

  it('the dashboard names at most 50 metrics, as many as a free dashboard may', () => {
    expect(named.length).toBeLessThanOrEqual(50);
    expect(runbook).toContain(`${named.length} metrics and ${searches.length} searches`);
  });

  it('the dashboard shows all alarms', () => {
    const { properties } = widgets.find(({ type }) => type === 'alarm');
    expect(properties.alarms).toHaveLength(alarms.length);
  });
});

it('the monitoring does not change when operations come or go', () => {
  const others = synthesizedTemplates(routes.slice(2, 5), { alarmEmail: 'ops@example.com' });
  expect(others.get('Monitoring')).toEqual(templates.get('Monitoring'));
});
