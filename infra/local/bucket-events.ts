import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { LOCAL_ACCOUNT, LOCAL_REGION } from './aws.ts';
import type { Deployment, FunctionDefinition } from './deployment.ts';
import type { FunctionPool } from './function-pool.ts';
import type { StackLog } from './log.ts';
import type { CreatedObject } from './s3/service.ts';
import type { Json } from './template.ts';

/** Milliseconds before each retry of an event whose function failed. Lambda takes minutes. */
const RETRIES = [1000, 3000];

interface Sender {
  deployment: Deployment;
  pool: FunctionPool;
  log: StackLog;
  isClosing(): boolean;
}

/** Sends the event of a new object to the functions of the rules that it matches, as asynchronous invocations. */
export function sendBucketEvent(object: CreatedObject, sender: Sender) {
  const { buckets, eventRules } = sender.deployment;
  if (!buckets.find(({ name }) => name === object.bucket)?.sendsEvents) return;
  const event = objectCreated(object);
  for (const target of eventRules.flatMap((rule) => (rule.matches(event) ? rule.functions : [])))
    invokeWithRetries(target, event, sender).catch((error) => console.error(error));
}

async function invokeWithRetries(target: FunctionDefinition, event: Json, { pool, log, isClosing }: Sender) {
  for (const delay of [...RETRIES, undefined]) {
    const outcome = await pool.invoke(target, event);
    if (isClosing()) return;
    log.event('s3', target.name, outcome);
    if (outcome.ok) return;
    if (delay === undefined) log.deadLetter('s3', target.name, event, outcome);
    else await sleep(delay, undefined, { ref: false });
  }
}

const REASONS = {
  'ObjectCreated:Put': 'PutObject',
  'ObjectCreated:Post': 'POST Object',
  'ObjectCreated:Copy': 'CopyObject',
} as const;

/** The event in the form of EventBridge: https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html */
function objectCreated(object: CreatedObject) {
  const { bucket, key, size, etag, eventName, accessKeyId, sourceIp, requestId, lastModified } = object;
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': 'Object Created',
    source: 'aws.s3',
    account: LOCAL_ACCOUNT,
    time: new Date(lastModified).toISOString().replace(/\.\d+Z$/, 'Z'),
    region: LOCAL_REGION,
    resources: [`arn:aws:s3:::${bucket}`],
    detail: {
      version: '0',
      bucket: { name: bucket },
      object: { key, size, etag, sequencer: lastModified.toString(16).toUpperCase().padStart(18, '0') },
      'request-id': requestId,
      requester: accessKeyId,
      'source-ip-address': sourceIp,
      reason: REASONS[eventName],
    },
  };
}
