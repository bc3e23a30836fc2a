import { Duration } from 'aws-cdk-lib';
import { DeduplicationScope, FifoThroughputLimit, Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { type BackgroundFunction, backgroundFunctions } from '../../shared/routes/index.ts';
import { failedQueueNameOf } from '../names.ts';
import { failedQueue } from './failed-queue.ts';

/** Six times the time-out of the functions that take from queues, as AWS advises (s). */
const VISIBILITY = 6 * 60;
/** The most that SQS allows. */
const RETENTION = Duration.days(14);

interface FifoQueueProps {
  stage: string;
  queueName: string;
  /** Of the function that takes from it. */
  trigger: BackgroundFunction['trigger'];
  /** How often a message is received before it is a dead letter. */
  mostReceived: number;
}

/** A FIFO queue whose message groups are worked off side by side, with its dead-letter queue. */
export function fifoQueue(scope: Construct, id: string, { stage, queueName, trigger, mostReceived }: FifoQueueProps) {
  const taker = backgroundFunctions.find((row) => row.trigger === trigger)!;
  return new Queue(scope, id, {
    queueName,
    fifo: true,
    deduplicationScope: DeduplicationScope.MESSAGE_GROUP,
    fifoThroughputLimit: FifoThroughputLimit.PER_MESSAGE_GROUP_ID,
    visibilityTimeout: Duration.seconds(VISIBILITY),
    retentionPeriod: RETENTION,
    encryption: QueueEncryption.SQS_MANAGED,
    enforceSSL: true,
    deadLetterQueue: { queue: failedQueue(scope, failedQueueNameOf(stage, taker)), maxReceiveCount: mostReceived },
  });
}
