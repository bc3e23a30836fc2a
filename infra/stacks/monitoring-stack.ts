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
import { failedQueueNameOf, functionNameOf } from '../names.ts';

export interface MonitoringProps {
  config: Config;
  apiId: string;
  tableName: string;
  backgroundFunctions: readonly BackgroundFunction[];
}

/** When an operator is told, and the section of docs/runbook.md that says what to do then. */
interface AlarmRow {
  /** End of the alarm's name, and the section. */
  section: string;
  /** What it means, in one sentence. */
  says: string;
  metric: IMetric;
  /** The alarm goes off from this value on. */
  from: number;
  /** In so many of so many periods; in the last one where absent. */
  in?: [datapoints: number, periods: number];
}

const FIVE_MINUTES = Duration.minutes(5);
/** Requests that wait for an answer of the database; single writes are too few to tell anything. */
const ANSWERING = ['BatchGetItem', 'Query', 'TransactWriteItems'];

/**
 * The dashboard, and (unless `-c alarms=false`) the alarms with the topic that they tell. Nothing here is made of single
 * operations: those that come and go change none of it.
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
        // Metrics are there only while something happens.
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
    // No key: CloudWatch may not use the one that AWS keeps for SNS, and one of its own costs a dollar a month, idle or
    // not, for messages that say names of alarms and numbers.
    const topic = new Topic(this, 'Topic', { topicName, enforceSSL: true });
    // A topic with a policy of its own has lost the one that lets the account's services publish.
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
  return {
    api: metric('AWS/ApiGateway', { ApiId: apiId }),
    /** Of all functions of the account and region together: they share its concurrency. */
    account: metric('AWS/Lambda', {}),
    functions: metric('AWS/Lambda', {}),
    table,
    /** A write that the global index has no room for is refused, and counted here alone. */
    ofIndex: table(
      'WriteThrottleEvents',
      'Sum',
      { GlobalSecondaryIndexName: GLOBAL_INDEX.name },
      'of the global index',
    ),
    queues: metric('AWS/SQS', {}),
    own: metric(NAMESPACE, { stage }),
    jobs: backgroundFunctions
      .filter(({ trigger }) => trigger === 'jobs')
      .map(({ id }) => ({ FunctionName: functionNameOf(stage, id) })),
    failed: backgroundFunctions.map(({ id }) => ({ QueueName: failedQueueNameOf(stage, id) })),
  };
}

/** Several metrics as one number, absent ones as nothing; each of them is an alarm of its own on AWS's bill. */
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

const alarmRows = ({ api, account, functions, table, ofIndex, queues, own, jobs, failed }: Metrics): AlarmRow[] => [
  {
    section: 'faults',
    says: 'Calls fail: 5 or more were answered 500 or 503 within 5 minutes.',
    metric: api('5xx', 'Sum'),
    from: 5,
  },
  {
    section: 'latency',
    says: 'Calls are slow: one in a hundred took 3 seconds or more, for 15 minutes.',
    metric: api('Latency', 'p99'),
    from: 3000,
    in: [3, 3],
  },
  {
    section: 'throttled-functions',
    says: 'Functions of this account and region were throttled, 10 times or more in two of three 5 minutes.',
    metric: account('Throttles', 'Sum'),
    from: 10,
    in: [2, 3],
  },
  {
    section: 'database',
    says: 'DynamoDB throttled requests to the table, or failed, 10 times or more in two of three 5 minutes.',
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
    says: 'Background jobs wait: the oldest for 10 minutes or more, for 10 minutes.',
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
    says: 'A background job or a published file failed for good and lies in a queue.',
    metric: total(
      'dead letters',
      failed.map((queue) => queues('ApproximateNumberOfMessagesVisible', 'Maximum', queue)),
    ),
    from: 1,
  },
  {
    section: 'lock-outs',
    says: 'Somebody guesses passwords: 20 or more accounts were locked within 5 minutes.',
    metric: own('lock_outs', 'Sum'),
    from: 20,
  },
  {
    section: 'large-collection',
    says: 'A partition key of the table holds 5 GB or more of the 10 that it may hold.',
    metric: own('large_collections', 'Sum'),
    from: 1,
  },
  {
    section: 'full-collection',
    says: 'A partition key of the table is full: what would add to it fails.',
    metric: own('full_collections', 'Sum'),
    from: 1,
  },
];

function widgets(
  stage: string,
  { api, account, functions, table, ofIndex, queues, own, jobs, failed }: Metrics,
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
  /** All series of a metric by these dimensions, whichever there are. */
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
      graph('Answers that are not success, by code', [
        search(CALLS, BY_CODE, 'Sum', `\${PROP('Dim.code')}`, ' NOT code="200"'),
      ]),
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
      graph('Functions of the account at work', [account('ConcurrentExecutions', 'Maximum')], {
        right: [account('Throttles', 'Sum'), account('Errors', 'Sum')],
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
    [
      graph(
        'What happened',
        EVENTS.filter((event) => !IN_THE_BACKGROUND.has(event)).map((event) => own(event, 'Sum')),
      ),
      graph(
        'What happened in the background',
        [...IN_THE_BACKGROUND].map((event) => own(event, 'Sum')),
      ),
    ],
  ];
}

const IN_THE_BACKGROUND = new Set<string>(['jobs_done', 'jobs_cut_off', 'users_forgotten']);
