import { DeleteObjectCommand, HeadObjectCommand, ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';

/**
 * The bucket as operators reach it, by AWS's own client: no function may import this file (test/ops/door.test.ts). None
 * could list anyway, and each would be 155 KB heavier (docs/decisions/0022).
 */
export interface OperatorBucket {
  client: S3Client;
  name: string;
}

export interface ListedObject {
  key: string;
  /** Bytes. */
  size: number;
  /** When it was last written, in milliseconds. */
  written: number;
}

/** Objects whose keys begin so, in the order of their keys; as many requests as there are thousands of them. */
export async function* objectsBelow(bucket: OperatorBucket, prefix: string): AsyncGenerator<ListedObject> {
  let token: string | undefined;
  do {
    const { Contents = [], NextContinuationToken } = await bucket.client.send(
      new ListObjectsV2Command({ Bucket: bucket.name, Prefix: prefix, ContinuationToken: token }),
    );
    for (const { Key = '', Size = 0, LastModified } of Contents)
      yield { key: Key, size: Size, written: LastModified?.getTime() ?? 0 };
    token = NextContinuationToken;
  } while (token);
}

/** When the object was last written, in milliseconds; undefined where there is none. */
export async function writtenAt({ client, name }: OperatorBucket, key: string): Promise<number | undefined> {
  try {
    const { LastModified } = await client.send(new HeadObjectCommand({ Bucket: name, Key: key }));
    return LastModified?.getTime() ?? 0;
  } catch (error) {
    // The answer to HEAD has no body, so nothing but the status says what is missing; of the bucket, listing has told.
    if ((error as Error).name === 'NotFound') return undefined;
    throw error;
  }
}

export async function removeObject({ client, name }: OperatorBucket, key: string): Promise<void> {
  await client.send(new DeleteObjectCommand({ Bucket: name, Key: key }));
}
