import { ArnFormat, Aws, CfnOutput, Duration, NestedStack, Stack } from 'aws-cdk-lib';
import {
  Alarm,
  AlarmStatusWidget,
  ComparisonOperator,
  Dashboard,
  GraphWidget,
  type IMetric,
  type IWidget,
  MathExpression,
  Metric,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { type ITopic, Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import type { Construct } from 'constructs';
import { GLOBAL_INDEX } from '../../shared/data/table.ts';
import { BY_AREA, BY_CODE, BY_OPERATION, CALLS, EVENTS, NAMESPACE } from '../../shared/metrics.ts';
import type { BackgroundFunction } from '../../shared/routes/index.ts';
import type { Config } from '../config.ts';
import { failedQueueNameOf, functionNameOf, webhookQueueNameOf } from '../names.ts';

export interface MonitoringProps {
  config: Config;
  apiId: string;
  tableName: string;
  backgroundFunctions: readonly BackgroundFunction[];
}

/** The condition of an alarm, and the section of docs/runbook.md that describes what to do. */
interface AlarmRow {
  /** Suffix of the alarm name, and anchor of the section. */
  section: string;
  /** Its meaning in one sentence. */
  says: string;
  metric: IMetric;
  /** The alarm starts at this value. */
  from: number;
  /** Datapoints of periods that must breach; default: the last one. */
  in?: [datapoints: number, periods: number];
}

const FIVE_MINUTES = Duration.minutes(5);
/** Operations whose system errors count. Single writes are too rare to matter. */
const ANSWERING = ['BatchGetItem', 'Query', 'TransactWriteItems'];

/**
 * The dashboard and, unless `-c alarms=false`, the alarms with their topic. Nothing here depends on single operations,
 * so new or removed operations do not change it.
 */
export class MonitoringStack extends NestedStack {
  constructor(scope: Construct, id: string, props: MonitoringProps) {
    super(scope, id);
    const { config } = props;
    const metrics = metricsOf(props);
    const alarms = config.alarms ? this.#alarms(config, alarmRows(metrics)) : [];
    const dashboard = new Dashboard(this, 'Dashboard', { dashboardName: `roster-${config.stage}` });
    if (alarms.length > 0)
      dashboard.addWidgets(new AlarmStatusWidget({ title: 'Alarms', alarms, width: 24, height: 2 }));
    for (const row of widgets(config.stage, metrics)) dashboard.addWidgets(...row);
  }

  #alarms({ stage, alarmEmail }: Config, rows: AlarmRow[]): Alarm[] {
    const action = new SnsAction(this.#topic(stage, alarmEmail));
    return rows.map(({ section, says, metric, from, in: [datapoints, periods] = [1, 1] }) => {
      const name = section.replace(/(?:^|-)([a-z])/g, (_, first: string) => first.toUpperCase());
      const alarm = new Alarm(this, name, {
        alarmName: `roster-${stage}-${section}`,
        alarmDescription: `${says} What to do: docs/runbook.md#${section}`,
        metric,
        threshold: from,
        comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        datapointsToAlarm: datapoints,
        evaluationPeriods: periods,
        // Metrics have values only while something happens.
        treatMissingData: TreatMissingData.NOT_BREACHING,
      });
      alarm.addAlarmAction(action);
      alarm.addOkAction(action);
      return alarm;
    });
  }

  #topic(stage: string, email: string | undefined): ITopic {
    const topicName = `roster-${stage}-alarms`;
    const fromAlarms = {
      principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
      conditions: {
        StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID },
        ArnLike: {
          'aws:SourceArn': Stack.of(this).formatArn({
            service: 'cloudwatch',
            resource: 'alarm',
            resourceName: `roster-${stage}-*`,
            arnFormat: ArnFormat.COLON_RESOURCE_NAME,
          }),
        },
      },
    };
    // No KMS key: CloudWatch may not use the AWS managed key of SNS, and a customer key costs a dollar per month even
    // when idle. The messages contain only names of alarms and numbers.
    const topic = new Topic(this, 'Topic', { topicName, enforceSSL: true });
    // A custom policy replaces the default one, which lets the services of the account publish.
    topic.addToResourcePolicy(
      new PolicyStatement({ ...fromAlarms, actions: ['sns:Publish'], resources: [topic.topicArn] }),
    );
    if (email) topic.addSubscription(new EmailSubscription(email));
    new CfnOutput(this, 'AlarmTopic', { value: topic.topicArn });
    return topic;
  }
}

type Metrics = ReturnType<typeof metricsOf>;

function metricsOf({ config: { stage }, apiId, tableName, backgroundFunctions }: MonitoringProps) {
  const metric =
    (namespace: string, dimensionsMap: Record<string, string>) =>
    (metricName: string, statistic: string, more: Record<string, string> = {}, label?: string) =>
      new Metric({
        namespace,
        metricName,
        statistic,
        dimensionsMap: { ...dimensionsMap, ...more },
        period: FIVE_MINUTES,
        ...(label && { label }),
      });
  const table = metric('AWS/DynamoDB', { TableName: tableName });
  const triggeredBy = (trigger: BackgroundFunction['trigger']) =>
    backgroundFunctions
      .filter((row) => row.trigger === trigger)
      .map(({ id }) => ({ FunctionName: functionNameOf(stage, id) }));
  return {
    api: metric('AWS/ApiGateway', { ApiId: apiId }),
    /** Without more dimensions: all functions of the account and region together, which share the concurrency. */
    functions: metric('AWS/Lambda', {}),
    table,
    /** A write that the global index throttles is refused, and counted only here. */
    ofIndex: table('WriteThrottleEvents', 'Sum', { GlobalSecondaryIndexName: GLOBAL_INDEX.name }, 'global index'),
    queues: metric('AWS/SQS', {}),
    own: metric(NAMESPACE, { stage }),
    jobs: triggeredBy('jobs'),
    relays: triggeredBy('changes'),
    /** Absent where the deployment has no events. */
    webhooks: backgroundFunctions.some(({ trigger }) => trigger === 'webhooks')
      ? { QueueName: webhookQueueNameOf(stage) }
      : undefined,
    failed: backgroundFunctions.map((row) => ({ QueueName: failedQueueNameOf(stage, row) })),
  };
}

/** Several metrics as one number; absent ones count as 0. AWS charges each metric of an alarm. */
function total(label: string, metrics: Metric[], how: 'SUM' | 'MAX' = 'SUM'): IMetric {
  const [only] = metrics;
  if (only && metrics.length === 1) return only;
  const usingMetrics = Object.fromEntries(metrics.map((metric, index) => [`m${index}`, metric]));
  const filled = Object.keys(usingMetrics).map((id) => `FILL(${id}, 0)`);
  return new MathExpression({
    label,
    expression: `${how}([${filled.join(', ')}])`,
    usingMetrics,
    period: FIVE_MINUTES,
  });
}

/** The alarm of own logins. */
const issuerRows = ({ own }: Metrics): AlarmRow[] => [
  {
    section: 'issuer-failing',
    says: 'The keys of an issuer could not be fetched for a day: tokens that it signs with new keys are refused.',
    metric: own('issuers_failing', 'Sum'),
    from: 1,
  },
];

/** Alarms of events: where they stay behind, and where nobody takes them. */
const eventRows = ({ functions, queues, own, relays, webhooks }: Metrics): AlarmRow[] =>
  webhooks === undefined
    ? []
    : [
        {
          section: 'event-age',
          says: 'Events come late: for 10 minutes, the oldest change that has no event yet was an hour old or older.',
          metric: total(
            'age of the oldest change',
            relays.map((one) => functions('IteratorAge', 'Maximum', one)),
            'MAX',
          ),
          from: 60 * 60_000,
          in: [2, 2],
        },
        {
          section: 'events-held',
          says: 'The event bus or the queue of webhooks did not take events; the relay sends them again.',
          metric: own('fan_out_held', 'Sum'),
          from: 1,
        },
        {
          section: 'webhook-age',
          says: 'Webhooks are not delivered: the oldest has waited for 3.5 days, and none is tried for longer than 3.',
          metric: queues('ApproximateAgeOfOldestMessage', 'Maximum', webhooks),
          from: 3.5 * 86_400,
        },
        {
          section: 'endpoint-failing',
          says: 'A webhook endpoint has failed for five days and was disabled.',
          metric: own('endpoints_failed', 'Sum'),
          from: 1,
        },
      ];

const alarmRows = (metrics: Metrics): AlarmRow[] => [
  ...serviceRows(metrics),
  ...issuerRows(metrics),
  ...eventRows(metrics),
];

const serviceRows = ({ api, functions, table, ofIndex, queues, own, jobs, failed }: Metrics): AlarmRow[] => [
  {
    section: 'faults',
    says: 'Calls fail: 5 or more were answered 500 or 503 within 5 minutes.',
    metric: api('5xx', 'Sum'),
    from: 5,
  },
  {
    section: 'latency',
    says: 'Calls are slow: for 15 minutes, one in a hundred took 3 seconds or more.',
    metric: api('Latency', 'p99'),
    from: 3000,
    in: [3, 3],
  },
  {
    section: 'throttled-functions',
    says: 'Functions of this account and region were throttled: 10 times or more, in two of three periods of 5 minutes.',
    metric: functions('Throttles', 'Sum'),
    from: 10,
    in: [2, 3],
  },
  {
    section: 'database',
    says: 'DynamoDB throttled or failed requests to the table: 10 times or more, in two of three periods of 5 minutes.',
    metric: total('throttled or failed', [
      table('ReadThrottleEvents', 'Sum'),
      table('WriteThrottleEvents', 'Sum'),
      ofIndex,
      ...ANSWERING.map((Operation) => table('SystemErrors', 'Sum', { Operation })),
    ]),
    from: 10,
    in: [2, 3],
  },
  {
    section: 'stream-age',
    says: 'Background jobs wait: for 10 minutes, the oldest was 10 minutes old or older.',
    metric: total(
      'age of the oldest job',
      jobs.map((one) => functions('IteratorAge', 'Maximum', one)),
      'MAX',
    ),
    from: 10 * 60_000,
    in: [2, 2],
  },
  {
    section: 'dead-letters',
    says: 'A background job, the publication of a file, the numbering or archiving of events, a webhook or a lane of an import failed after all retries; its event is in a dead-letter queue.',
    metric: total(
      'dead letters',
      failed.map((queue) => queues('ApproximateNumberOfMessagesVisible', 'Maximum', queue)),
    ),
    from: 1,
  },
  {
    section: 'lock-outs',
    says: 'Someone may be guessing passwords: 20 or more accounts were locked within 5 minutes.',
    metric: own('lock_outs', 'Sum'),
    from: 20,
  },
  {
    section: 'large-collection',
    says: 'A partition key of the table has reached 5 GB of the 10 GB that it may have.',
    metric: own('large_collections', 'Sum'),
    from: 1,
  },
  {
    section: 'full-collection',
    says: 'A partition key of the table is full: writes that add to it fail.',
    metric: own('full_collections', 'Sum'),
    from: 1,
  },
];

function widgets(
  stage: string,
  { api, functions, table, ofIndex, queues, own, jobs, relays, webhooks, failed }: Metrics,
): IWidget[][] {
  const graph = (title: string, left: IMetric[], more: { right?: IMetric[]; unit?: string; stacked?: boolean } = {}) =>
    new GraphWidget({
      title,
      left,
      width: 12,
      height: 6,
      ...(more.right && { right: more.right }),
      ...(more.unit && { leftYAxis: { label: more.unit, showUnits: false } }),
      ...(more.stacked && { stacked: true }),
    });
  /** All existing series of a metric with these dimensions. */
  const search = (metric: string, dimensions: readonly string[], statistic: string, label: string, only = '') =>
    new MathExpression({
      expression: `SEARCH('{${[NAMESPACE, ...dimensions].join(',')}} MetricName="${metric}" stage="${stage}"${only}', '${statistic}', 300)`,
      label,
      period: FIVE_MINUTES,
    });
  const units = (name: string) => table(name, 'Sum');
  return [
    [
      graph('Calls in 5 minutes', [api('Count', 'Sum'), api('4xx', 'Sum'), api('5xx', 'Sum')]),
      graph('Errors by code', [search(CALLS, BY_CODE, 'Sum', `\${PROP('Dim.code')}`, ' NOT code="200"')]),
    ],
    [
      graph('Latency of the API', [api('Latency', 'p50'), api('Latency', 'p99')], { unit: 'ms' }),
      graph(
        'Time of a call by area, p50 and p99',
        [
          search('ms', BY_AREA, 'p50', `\${PROP('Dim.area')} p50`),
          search('ms', BY_AREA, 'p99', `\${PROP('Dim.area')} p99`),
        ],
        { unit: 'ms' },
      ),
    ],
    [
      graph('Faults by operation', [search(CALLS, BY_OPERATION, 'Sum', `\${PROP('Dim.operation')}`, ' code="20000"')]),
      graph('API errors by operation and code', [
        search(CALLS, BY_OPERATION, 'Sum', `\${PROP('Dim.operation')} \${PROP('Dim.code')}`, ' NOT code="20000"'),
      ]),
    ],
    [
      graph('Concurrent functions of the account', [functions('ConcurrentExecutions', 'Maximum')], {
        right: [functions('Throttles', 'Sum'), functions('Errors', 'Sum')],
      }),
      graph(
        'Units of the database in 5 minutes',
        [units('ConsumedReadCapacityUnits'), units('ConsumedWriteCapacityUnits')],
        { right: [units('ReadThrottleEvents'), units('WriteThrottleEvents'), ofIndex] },
      ),
    ],
    [
      graph(
        'Age of the oldest job',
        jobs.map((one) => functions('IteratorAge', 'Maximum', one, one.FunctionName)),
        {
          unit: 'ms',
        },
      ),
      graph(
        'Dead letters',
        failed.map((queue) => queues('ApproximateNumberOfMessagesVisible', 'Maximum', queue, queue.QueueName)),
      ),
    ],
    ...(webhooks
      ? [
          [
            graph(
              'Age of the oldest change without its event',
              relays.map((one) => functions('IteratorAge', 'Maximum', one, one.FunctionName)),
              { unit: 'ms' },
            ),
            graph(
              'Webhooks in the queue',
              [
                queues('ApproximateNumberOfMessagesVisible', 'Maximum', webhooks, 'waiting'),
                queues('ApproximateNumberOfMessagesNotVisible', 'Maximum', webhooks, 'sent or waiting for another try'),
              ],
              { right: [queues('ApproximateAgeOfOldestMessage', 'Maximum', webhooks, 'age of the oldest (s)')] },
            ),
          ],
        ]
      : []),
    [
      graph(
        'Events',
        EVENTS.filter((event) => !IN_THE_BACKGROUND.has(event)).map((event) => own(event, 'Sum')),
      ),
      graph(
        'Background events',
        [...IN_THE_BACKGROUND].map((event) => own(event, 'Sum')),
      ),
    ],
  ];
}

const IN_THE_BACKGROUND = new Set<string>([
  'jobs_done',
  'jobs_cut_off',
  'users_forgotten',
  'endpoints_failed',
  'fan_out_held',
  'issuers_failing',
]);
