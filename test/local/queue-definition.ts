import type { QueueDefinition } from '../../infra/local/sqs/queue.ts';

/** A queue of the templates, with SQS's defaults. */
export const queueDefinition = ({ name = 'other', ...more }: Partial<QueueDefinition> = {}): QueueDefinition => ({
  name,
  arn: `arn:aws:sqs:us-east-1:000000000000:${name}`,
  fifo: false,
  visibilityTimeout: 30,
  retention: 345_600,
  delay: 0,
  maximumSize: 1_048_576,
  waitTime: 0,
  deduplicatesByContent: false,
  deduplicatesByGroup: false,
  redrive: undefined,
  ...more,
});

export const STANDARD = queueDefinition({ name: 'standard' });
export const FIFO = queueDefinition({ name: 'fifo.fifo', fifo: true });
