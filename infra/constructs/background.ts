import { Validations } from 'aws-cdk-lib';
import { CfnRule, type CfnRuleProps } from 'aws-cdk-lib/aws-events';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  CfnEventInvokeConfig,
  CfnEventSourceMapping,
  type CfnEventSourceMappingProps,
  CfnPermission,
  type Function as LambdaFunction,
} from 'aws-cdk-lib/aws-lambda';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { MOST_LANES } from '../../shared/data/import-job-repo.ts';
import type { BackgroundFunction } from '../../shared/routes/index.ts';
import { INCOMING } from '../../shared/storage/names.ts';
import type { Config } from '../config.ts';
import { constructIdOf, failedQueueNameOf, functionNameOf } from '../names.ts';
import { failedQueue } from './failed-queue.ts';
import { rowFunction, type Surroundings } from './row-function.ts';

/** New and touched job items. Removals, by which a job ends, do not invoke the function and cost nothing. */
const JOB_FILTER = {
  eventName: ['INSERT', 'MODIFY'],
  dynamodb: { Keys: { pk: { S: [{ prefix: 'J#' }] } } },
};

/**
 * Writes of stamped items, whose events the relay numbers, and of the open page of each app, to which they are appended.
 * Removals tell nothing.
 */
const CHANGE_FILTERS = [
  { eventName: ['INSERT', 'MODIFY'], dynamodb: { NewImage: { stamp: { S: [{ exists: true }] } } } },
  { eventName: ['INSERT', 'MODIFY'], dynamodb: { Keys: { pk: { S: [{ prefix: 'V#' }] }, sk: { S: ['~'] } } } },
  // What the bus or the queue has not taken: `heldEvents` in shared/data/schema.ts.
  {
    eventName: ['INSERT', 'MODIFY'],
    dynamodb: { Keys: { pk: { S: [{ prefix: 'A#' }] }, sk: { S: [{ prefix: '~' }] } } },
  },
];

/** Invocations that deliver webhooks at the same time, ten messages each. */
const MOST_DELIVERING = 50;

/**
 * A function that no client calls, fed by the table's stream, the bucket's events, the queue of webhooks or a schedule. A
 * record that fails repeatedly goes to a queue, so that it does not block those behind it.
 */
export class Background extends Construct {
  constructor(scope: Construct, row: BackgroundFunction, surroundings: Surroundings) {
    super(scope, constructIdOf(row.id));
    const { streamArn, bucketName } = surroundings.data;
    const { messaging, imports, config } = surroundings;
    // Queues hand over by themselves what was received too often.
    if (row.trigger === 'webhooks') {
      // Messages of an invocation are sent side by side, so endpoints wait for each other only where one batch holds both:
      // for a request's time-out at most.
      const taken = { batchSize: 10, most: MOST_DELIVERING };
      this.#takeFromQueue('Webhooks', rowFunction(this, row, surroundings), messaging!.queue, config, taken);
      return;
    }
    if (row.trigger === 'imports') {
      // One message, so that no lane waits for another: there are as many invocations as lanes of all imports.
      const taken = { batchSize: 1, most: MOST_LANES };
      this.#takeFromQueue('Imports', rowFunction(this, row, surroundings), imports, config, taken);
      return;
    }
    const failed = failedQueue(this, failedQueueNameOf(surroundings.config.stage, row));
    Validations.of(failed).acknowledge({
      id: 'AwsSolutions::AwsSolutions-SQS3',
      reason: 'This is a dead-letter queue; it has no consumer that could fail.',
    });
    const onStream = row.trigger === 'jobs' || row.trigger === 'changes';
    const lambda = rowFunction(this, row, surroundings, [
      ...(onStream ? [streamStatement(streamArn)] : []),
      new PolicyStatement({ actions: ['sqs:SendMessage'], resources: [failed.queueArn] }),
    ]);
    if (row.trigger === 'jobs') this.#takeJobs(lambda, streamArn, failed);
    else if (row.trigger === 'changes') this.#takeChanges(lambda, streamArn, failed);
    else if (row.trigger === 'uploads') this.#takeUploads(lambda, bucketName, failed);
    else this.#followSchedule(lambda, functionNameOf(surroundings.config.stage, row.id), failed);
  }

  /** Records in the queue contain their place in the stream, not the job; the job items stay in the table. */
  #takeJobs(lambda: LambdaFunction, streamArn: string, failed: Queue) {
    this.#takeFromStream('Jobs', [JOB_FILTER], lambda, streamArn, failed, {
      // A job may take all the time of an invocation. With one job per invocation, no job waits behind another or is
      // repeated because another failed. Ten invocations run side by side per shard.
      batchSize: 1,
      parallelizationFactor: 10,
      maximumRetryAttempts: 10,
    });
  }

  /**
   * A batch that fails is tried again with its records in order, and holds up those behind it: so it is tried for as long
   * as the stream keeps its records, but for a record that fails alone. The alarm on the age of records comes long before.
   */
  #takeChanges(lambda: LambdaFunction, streamArn: string, failed: Queue) {
    this.#takeFromStream('Changes', CHANGE_FILTERS, lambda, streamArn, failed, {
      batchSize: 500,
      bisectBatchOnFunctionError: true,
      functionResponseTypes: ['ReportBatchItemFailures'],
      maximumRetryAttempts: 200,
    });
  }

  #takeFromStream(
    id: string,
    filters: object[],
    { functionArn }: LambdaFunction,
    streamArn: string,
    failed: Queue,
    more: Partial<CfnEventSourceMappingProps>,
  ) {
    new CfnEventSourceMapping(this, id, {
      functionName: functionArn,
      eventSourceArn: streamArn,
      filterCriteria: { filters: filters.map((filter) => ({ pattern: JSON.stringify(filter) })) },
      startingPosition: 'TRIM_HORIZON',
      destinationConfig: { onFailure: { destination: failed.queueArn } },
      ...more,
    });
  }

  /** @param most invocations at the same time */
  #takeFromQueue(
    id: string,
    { functionArn }: LambdaFunction,
    { queueArn }: Queue,
    { backgroundConcurrency }: Config,
    { batchSize, most }: { batchSize: number; most: number },
  ) {
    // With more than is reserved, the queue would hand out messages that no invocation takes. Two is the least.
    const reserved = backgroundConcurrency > 0 ? Math.max(2, backgroundConcurrency) : most;
    new CfnEventSourceMapping(this, id, {
      functionName: functionArn,
      eventSourceArn: queueArn,
      batchSize,
      functionResponseTypes: ['ReportBatchItemFailures'],
      scalingConfig: { maximumConcurrency: Math.min(most, reserved) },
    });
  }

  /** @param name of the rule, by which it can be run */
  #followSchedule(lambda: LambdaFunction, name: string, failed: Queue) {
    this.#follow('Schedule', { name, scheduleExpression: 'rate(1 hour)' }, lambda, failed);
  }

  #takeUploads(lambda: LambdaFunction, bucketName: string, failed: Queue) {
    const eventPattern = {
      source: ['aws.s3'],
      'detail-type': ['Object Created'],
      detail: { bucket: { name: [bucketName] }, object: { key: [{ prefix: INCOMING }] } },
    };
    this.#follow('Uploads', { eventPattern }, lambda, failed);
  }

  /** The queue holds whole events: those that could not be delivered, and those that failed three times. */
  #follow(id: string, when: Omit<CfnRuleProps, 'targets'>, { functionArn }: LambdaFunction, failed: Queue) {
    const { queueArn } = failed;
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
    failed.addToResourcePolicy(
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
