import { Duration } from 'aws-cdk-lib';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';

/** The dead-letter queue of a background function. The name of one for a FIFO queue ends in `.fifo`. */
export const failedQueue = (scope: Construct, queueName: string): Queue =>
  new Queue(scope, 'Failed', {
    queueName,
    ...(queueName.endsWith('.fifo') && { fifo: true }),
    retentionPeriod: Duration.days(14),
    encryption: QueueEncryption.SQS_MANAGED,
    enforceSSL: true,
  });
