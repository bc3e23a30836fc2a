import { Duration, Validations } from 'aws-cdk-lib';
import { CfnRule, type CfnRuleProps } from 'aws-cdk-lib/aws-events';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  CfnEventInvokeConfig,
  CfnEventSourceMapping,
  CfnPermission,
  type Function as LambdaFunction,
} from 'aws-cdk-lib/aws-lambda';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { BackgroundFunction } from '../../shared/routes/index.ts';
import { INCOMING } from '../../shared/storage/names.ts';
import { constructIdOf, failedQueueNameOf } from '../names.ts';
import { rowFunction, type Surroundings } from './row-function.ts';

/** New and touched job items. Removals, by which a job ends, do not invoke the function and cost nothing. */
const JOB_FILTER = {
  eventName: ['INSERT', 'MODIFY'],
  dynamodb: { Keys: { pk: { S: [{ prefix: 'J#' }] } } },
};

/** Writes of stamped items, whose events the relay numbers, and of the pages that hold them. Removals tell nothing. */
const CHANGE_FILTERS = [
  { eventName: ['INSERT', 'MODIFY'], dynamodb: { NewImage: { stamp: { S: [{ exists: true }] } } } },
  { eventName: ['INSERT', 'MODIFY'], dynamodb: { Keys: { pk: { S: [{ prefix: 'V#' }] } } } },
];

/**
 * A function that no client calls, fed by the table's stream, by the bucket's events or by a schedule. A record that fails repeatedly
 * goes to a queue, so that it does not block those behind it.
 */
export class Background extends Construct {
  readonly #failed: Queue;

  constructor(scope: Construct, row: BackgroundFunction, surroundings: Surroundings) {
    super(scope, constructIdOf(row.id));
    this.#failed = new Queue(this, 'Failed', {
      queueName: failedQueueNameOf(surroundings.config.stage, row.id),
      retentionPeriod: Duration.days(14),
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
    });
    Validations.of(this.#failed).acknowledge({
      id: 'AwsSolutions::AwsSolutions-SQS3',
      reason: 'This is a dead-letter queue; it has no consumer that could fail.',
    });
    const { streamArn, bucketName } = surroundings.data;
    const onStream = row.trigger === 'jobs' || row.trigger === 'changes';
    const lambda = rowFunction(this, row, surroundings, [
      ...(onStream ? [streamStatement(streamArn)] : []),
      new PolicyStatement({ actions: ['sqs:SendMessage'], resources: [this.#failed.queueArn] }),
    ]);
    if (row.trigger === 'jobs') this.#takeJobs(lambda, streamArn);
    else if (row.trigger === 'changes') this.#takeChanges(lambda, streamArn);
    else if (row.trigger === 'uploads') this.#takeUploads(lambda, bucketName);
    else this.#follow('Schedule', { scheduleExpression: 'rate(1 hour)' }, lambda);
  }

  /** Records in the queue contain their place in the stream, not the job; the job items stay in the table. */
  #takeJobs({ functionArn }: LambdaFunction, streamArn: string) {
    new CfnEventSourceMapping(this, 'Jobs', {
      functionName: functionArn,
      eventSourceArn: streamArn,
      filterCriteria: { filters: [{ pattern: JSON.stringify(JOB_FILTER) }] },
      startingPosition: 'TRIM_HORIZON',
      // A job may take all the time of an invocation. With one job per invocation, no job waits behind another or is
      // repeated because another failed. Ten invocations run side by side per shard.
      batchSize: 1,
      parallelizationFactor: 10,
      maximumRetryAttempts: 10,
      destinationConfig: { onFailure: { destination: this.#failed.queueArn } },
    });
  }

  /**
   * A batch that fails is tried again with its records in order, and holds up those behind it: so it is tried for as long
   * as the stream keeps its records, but for a record that fails alone. The alarm on the age of records comes long before.
   */
  #takeChanges({ functionArn }: LambdaFunction, streamArn: string) {
    new CfnEventSourceMapping(this, 'Changes', {
      functionName: functionArn,
      eventSourceArn: streamArn,
      filterCriteria: { filters: CHANGE_FILTERS.map((filter) => ({ pattern: JSON.stringify(filter) })) },
      startingPosition: 'TRIM_HORIZON',
      batchSize: 500,
      bisectBatchOnFunctionError: true,
      functionResponseTypes: ['ReportBatchItemFailures'],
      maximumRetryAttempts: 200,
      destinationConfig: { onFailure: { destination: this.#failed.queueArn } },
    });
  }

  #takeUploads(lambda: LambdaFunction, bucketName: string) {
    const eventPattern = {
      source: ['aws.s3'],
      'detail-type': ['Object Created'],
      detail: { bucket: { name: [bucketName] }, object: { key: [{ prefix: INCOMING }] } },
    };
    this.#follow('Uploads', { eventPattern }, lambda);
  }

  /** The queue holds whole events: those that could not be delivered, and those that failed three times. */
  #follow(
    id: string,
    when: Pick<CfnRuleProps, 'eventPattern' | 'scheduleExpression'>,
    { functionArn }: LambdaFunction,
  ) {
    const { queueArn } = this.#failed;
    const rule = new CfnRule(this, id, {
      ...when,
      targets: [{ id: 'Function', arn: functionArn, deadLetterConfig: { arn: queueArn } }],
    });
    new CfnPermission(this, 'Permission', {
      action: 'lambda:InvokeFunction',
      functionName: functionArn,
      principal: 'events.amazonaws.com',
      sourceArn: rule.attrArn,
    });
    this.#failed.addToResourcePolicy(
      new PolicyStatement({
        actions: ['sqs:SendMessage'],
        principals: [new ServicePrincipal('events.amazonaws.com')],
        resources: [queueArn],
        conditions: { ArnEquals: { 'aws:SourceArn': rule.attrArn } },
      }),
    );
    new CfnEventInvokeConfig(this, 'Retries', {
      functionName: functionArn,
      qualifier: '$LATEST',
      maximumRetryAttempts: 2,
      destinationConfig: { onFailure: { destination: queueArn } },
    });
  }
}

const streamStatement = (streamArn: string) =>
  new PolicyStatement({
    actions: ['dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator', 'dynamodb:ListStreams'],
    resources: [streamArn],
  });
