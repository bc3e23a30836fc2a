import type { CreatedObject } from '../s3/service.ts';
import type { Json } from '../template.ts';
import { toEvent } from './bus.ts';

const REASONS = {
  'ObjectCreated:Put': 'PutObject',
  'ObjectCreated:Post': 'POST Object',
  'ObjectCreated:Copy': 'CopyObject',
} as const;

/** The event of a new object: https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html */
export function objectCreated(object: CreatedObject): Json {
  const { bucket, key, size, etag, eventName, accessKeyId, sourceIp, requestId, lastModified } = object;
  return toEvent({
    source: 'aws.s3',
    type: 'Object Created',
    time: new Date(lastModified),
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
  });
}
