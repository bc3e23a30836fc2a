import { Duration } from 'aws-cdk-lib';
import { DeduplicationScope, FifoThroughputLimit, Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { IMPORT_DAYS } from '../../shared/data/import-job-repo.ts';
import { backgroundFunctions } from '../../shared/routes/index.ts';
import type { Config } from '../config.ts';
import { failedQueueNameOf, importQueueNameOf } from '../names.ts';
import { failedQueue } from './failed-queue.ts';

/** Six times the time-out of the function that takes from the queue, as AWS advises (s). */
const VISIBILITY = 6 * 60;

/** A run that imports nothing comes again after a minute: in the end after about two hours. */
const MOST_RECEIVED = 60;

/** The queue of imports: each lane of each import is a message group, so no two runs of a lane overlap. */
export function importQueue(scope: Construct, { stage }: Config): Queue {
  const taker = backgroundFunctions.find(({ trigger }) => trigger === 'imports')!;
  const within = new Construct(scope, 'Imports');
  return new Queue(within, 'Queue', {
    queueName: importQueueNameOf(stage),
    fifo: true,
    deduplicationScope: DeduplicationScope.MESSAGE_GROUP,
    fifoThroughputLimit: FifoThroughputLimit.PER_MESSAGE_GROUP_ID,
    visibilityTimeout: Duration.seconds(VISIBILITY),
    retentionPeriod: Duration.days(IMPORT_DAYS),
    encryption: QueueEncryption.SQS_MANAGED,
    enforceSSL: true,
    deadLetterQueue: { queue: failedQueue(within, failedQueueNameOf(stage, taker)), maxReceiveCount: MOST_RECEIVED },
  });
}
