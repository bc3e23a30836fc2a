/** Queues of an assembly, and the event source mappings that take from them. */
import type { FunctionDefinition } from './deployment.ts';
import { readSourceMapping, type SourceMapping } from './source-mapping.ts';
import type { QueueDefinition } from './sqs/queue.ts';
import { StartUpError } from './start-up.ts';
import type { Resource } from './template.ts';
import { queueNameOf } from './template-resources.ts';

export interface QueueMapping extends SourceMapping {
  queueArn: string;
  /** Invocations at the same time; undefined without a limit. */
  maximumConcurrency: number | undefined;
}

/** @throws StartUpError for a dead-letter queue that SQS does not accept */
export function readQueues(resources: Resource[]): QueueDefinition[] {
  const queues = resources.map(readQueue);
  for (const { name, fifo, redrive } of queues) {
    if (!redrive || queues.find(({ arn }) => arn === redrive.queueArn)?.fifo === fifo) continue;
    throw new StartUpError(`The dead-letter queue of ${name} must be a queue of the templates and of the same type.`);
  }
  return queues;
}

function readQueue({ physicalId: url, arn, properties }: Resource): QueueDefinition {
  const { RedrivePolicy: redrive } = properties;
  return {
    name: queueNameOf(url),
    arn,
    fifo: properties.FifoQueue ?? false,
    visibilityTimeout: properties.VisibilityTimeout ?? 30,
    retention: properties.MessageRetentionPeriod ?? 345_600,
    delay: properties.DelaySeconds ?? 0,
    maximumSize: properties.MaximumMessageSize ?? 1_048_576,
    waitTime: properties.ReceiveMessageWaitTimeSeconds ?? 0,
    deduplicatesByContent: properties.ContentBasedDeduplication ?? false,
    deduplicatesByGroup: properties.DeduplicationScope === 'messageGroup',
    redrive: redrive && { queueArn: redrive.deadLetterTargetArn, maxReceiveCount: Number(redrive.maxReceiveCount) },
  };
}

/** @throws StartUpError for a mapping that Lambda does not accept */
export function readQueueMapping(
  resource: Resource,
  queues: QueueDefinition[],
  functionOf: (named: string) => FunctionDefinition,
): QueueMapping {
  const { EventSourceArn: queueArn, ScalingConfig } = resource.properties;
  const mapping = readSourceMapping(resource, 10, functionOf);
  const { function: target, batchSize, window } = mapping;
  const queue = queues.find(({ arn }) => arn === queueArn);
  const refuse = (why: string) => new StartUpError(`The mapping ${resource.logicalId} is invalid: ${why}.`);
  if (!queue) throw refuse(`the templates do not define the queue ${queueArn}`);
  if (queue.visibilityTimeout * 1000 < target.timeout) {
    throw refuse(
      `Queue visibility timeout: ${queue.visibilityTimeout} seconds is less than ` +
        `Function timeout: ${target.timeout / 1000} seconds`,
    );
  }
  if (queue.fifo && (batchSize > 10 || window > 0)) {
    throw refuse('a FIFO queue allows no batch of more than 10 messages and no batching window');
  }
  if (batchSize > 10 && window === 0) throw refuse('a batch of more than 10 messages needs a batching window');
  return { ...mapping, queueArn, maximumConcurrency: ScalingConfig?.MaximumConcurrency };
}
