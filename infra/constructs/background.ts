import { Duration, Validations } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { CfnEventSourceMapping } from 'aws-cdk-lib/aws-lambda';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { BackgroundFunction } from '../../shared/routes/index.ts';
import { constructIdOf, functionNameOf } from '../names.ts';
import { rowFunction, type Surroundings } from './row-function.ts';

/** New and touched job items; removals (the job is done) are none of the function's business and cost nothing. */
const JOB_FILTER = {
  eventName: ['INSERT', 'MODIFY'],
  dynamodb: { Keys: { pk: { S: [{ prefix: 'J#' }] } } },
};

/**
 * A function on the table's stream. Records that fail again and again end in a queue (where they are in the stream,
 * not what they are) instead of blocking those behind them; the job items themselves stay in the table.
 */
export class Background extends Construct {
  constructor(scope: Construct, row: BackgroundFunction, surroundings: Surroundings) {
    super(scope, constructIdOf(row.id));
    const { streamArn } = surroundings.data;
    const failed = new Queue(this, 'Failed', {
      queueName: `${functionNameOf(surroundings.config.stage, row.id)}-failed`,
      retentionPeriod: Duration.days(14),
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
    });
    Validations.of(failed).acknowledge({
      id: 'AwsSolutions::AwsSolutions-SQS3',
      reason: 'This queue is where failed records end; it has no consumer that could fail.',
    });
    const lambda = rowFunction(this, row, surroundings, [
      new PolicyStatement({
        actions: [
          'dynamodb:DescribeStream',
          'dynamodb:GetRecords',
          'dynamodb:GetShardIterator',
          'dynamodb:ListStreams',
        ],
        resources: [streamArn],
      }),
      new PolicyStatement({ actions: ['sqs:SendMessage'], resources: [failed.queueArn] }),
    ]);
    new CfnEventSourceMapping(this, 'Jobs', {
      functionName: lambda.functionArn,
      eventSourceArn: streamArn,
      filterCriteria: { filters: [{ pattern: JSON.stringify(JOB_FILTER) }] },
      startingPosition: 'TRIM_HORIZON',
      // A job may take all the time a call has, so none waits behind another in a batch, nor is repeated because
      // another failed: one job a call (nothing to bisect), ten calls side by side for each shard.
      batchSize: 1,
      parallelizationFactor: 10,
      maximumRetryAttempts: 10,
      destinationConfig: { onFailure: { destination: failed.queueArn } },
    });
  }
}
