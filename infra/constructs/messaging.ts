import { Duration } from 'aws-cdk-lib';
import { EventBus } from 'aws-cdk-lib/aws-events';
import { DeduplicationScope, FifoThroughputLimit, Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { backgroundFunctions } from '../../shared/routes/index.ts';
import type { Config } from '../config.ts';
import { busNameOf, failedQueueNameOf, webhookQueueNameOf } from '../names.ts';
import { failedQueue } from './failed-queue.ts';
import type { MessagingArns } from './grants.ts';

/** Six times the time-out of the function that takes from the queue, as AWS advises (s). */
const VISIBILITY = 6 * 60;

/**
 * The most that SQS allows. A message that fails for three days, behind others of its subject that fail too, is received
 * some hundred times; one that no invocation survives comes to this within four days.
 */
const MOST_RECEIVED = 1000;

/** The bus that gets every event, and the queue of events on their way to webhook endpoints. */
export class Messaging extends Construct {
  readonly queue: Queue;
  readonly busName: string;
  readonly arns: MessagingArns;

  constructor(scope: Construct, id: string, { stage }: Config) {
    super(scope, id);
    const taker = backgroundFunctions.find(({ trigger }) => trigger === 'webhooks')!;
    this.queue = new Queue(this, 'Webhooks', {
      queueName: webhookQueueNameOf(stage),
      fifo: true,
      // Each subject of each endpoint is a group: groups are delivered side by side.
      deduplicationScope: DeduplicationScope.MESSAGE_GROUP,
      fifoThroughputLimit: FifoThroughputLimit.PER_MESSAGE_GROUP_ID,
      visibilityTimeout: Duration.seconds(VISIBILITY),
      // Events are tried for three days. The rest is for an outage of the function.
      retentionPeriod: Duration.days(14),
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      deadLetterQueue: { queue: failedQueue(this, failedQueueNameOf(stage, taker)), maxReceiveCount: MOST_RECEIVED },
    });
    const bus = new EventBus(this, 'Bus', {
      eventBusName: busNameOf(stage),
      description: 'Every event of all apps of this stage of Roster',
    });
    this.busName = bus.eventBusName;
    this.arns = { queueArn: this.queue.queueArn, busArn: bus.eventBusArn };
  }
}
