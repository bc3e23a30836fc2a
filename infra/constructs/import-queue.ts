import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { Config } from '../config.ts';
import { importQueueNameOf } from '../names.ts';
import { fifoQueue } from './fifo-queue.ts';

/** A run that imports nothing comes again after a minute: in the end after about two hours. */
const MOST_RECEIVED = 60;

/** The queue of imports: each lane of each import is a message group, so no two runs of a lane overlap. */
export const importQueue = (scope: Construct, { stage }: Config): Queue =>
  fifoQueue(new Construct(scope, 'Imports'), 'Queue', {
    stage,
    queueName: importQueueNameOf(stage),
    trigger: 'imports',
    mostReceived: MOST_RECEIVED,
  });
