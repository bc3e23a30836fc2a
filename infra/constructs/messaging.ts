import { EventBus } from 'aws-cdk-lib/aws-events';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { Config } from '../config.ts';
import { busNameOf, webhookQueueNameOf } from '../names.ts';
import { fifoQueue } from './fifo-queue.ts';
import type { MessagingArns } from './grants.ts';

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
    // Each subject of each endpoint is a message group. Events are tried for three days; the rest of the queue's 14 is for an
    // outage of the function.
    this.queue = fifoQueue(this, 'Webhooks', {
      stage,
      queueName: webhookQueueNameOf(stage),
      trigger: 'webhooks',
      mostReceived: MOST_RECEIVED,
    });
    const bus = new EventBus(this, 'Bus', {
      eventBusName: busNameOf(stage),
      description: 'Every event of all apps of this stage of Roster',
    });
    this.busName = bus.eventBusName;
    this.arns = { queueArn: this.queue.queueArn, busArn: bus.eventBusArn };
  }
}
