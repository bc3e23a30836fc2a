import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { startS3Server } from '../../infra/local/s3/server.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    s3Endpoint: string;
  }
}

/** The bucket of operations in process. Its events are not delivered: tests call the function with them. */
export const TEST_BUCKET = 'test-files';

/** Starts the S3 server that holds the bucket, for the whole run. */
export async function startTestBucket() {
  const folder = await mkdtemp(join(tmpdir(), 'roster-bucket-'));
  const server = await startS3Server({
    folder,
    buckets: [{ name: TEST_BUCKET, corsRules: [] }],
    credentials: (accessKeyId) => (accessKeyId === 'local' ? { secretAccessKey: 'local' } : undefined),
  });
  return {
    endpoint: server.endpoint,
    close: async () => {
      await server.close();
      await rm(folder, { recursive: true });
    },
  };
}

/** A bucket as operators see it. */
export class TestBucket {
  readonly name: string;
  readonly client: S3Client;

  constructor(endpoint: string, name: string) {
    this.name = name;
    this.client = new S3Client({
      endpoint,
      region: 'us-east-1',
      forcePathStyle: true,
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    });
  }

  /** Keys of an app's objects, below `incoming/` and `files/`. */
  async keysOf(app: string): Promise<string[]> {
    return (await this.objectsOf(app)).map(({ key }) => key);
  }

  /** An app's objects, each with its ETag. */
  async objectsOf(app: string): Promise<{ key: string; etag: string }[]> {
    const pages = await Promise.all(
      ['files', 'incoming'].map((prefix) =>
        this.client.send(new ListObjectsV2Command({ Bucket: this.name, Prefix: `${prefix}/${app}/` })),
      ),
    );
    return pages.flatMap(({ Contents = [] }) => Contents.map(({ Key = '', ETag = '' }) => ({ key: Key, etag: ETag })));
  }

  async textOf(key: string): Promise<string> {
    const { Body } = await this.client.send(new GetObjectCommand({ Bucket: this.name, Key: key }));
    return (await Body?.transformToString()) ?? '';
  }
}
