import { createHash } from 'node:crypto';
import { DeleteObjectCommand, HeadObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import type { OperatorBucket } from '../../shared/storage/operator-object-repo.ts';

/** What lies at a key. */
export interface Stored {
  size: number;
  etag: string;
  /** When it was last written, in milliseconds. */
  written: number;
}

/** A request of a function, before it is answered. */
interface Asked {
  method: string;
  key: string;
  headers: Record<string, string>;
}

const OK = 200;

/**
 * The bucket in memory, as clients, functions and operators ask it here, so that a seed decides when each request is
 * served. A missing object is answered 403, as to everybody who may not list. That S3 answers so is shown elsewhere, by the server that refuses what S3 refuses: HEAD, conditional copy and
 * DELETE in test/storage/requests.test.ts, presigned addresses and forms in test/local/s3-server.test.ts, what operators
 * ask in test/ops/files.test.ts.
 */
export class Bucket {
  readonly #objects = new Map<string, Stored>();
  /** Called after every change. */
  changed: (key: string, object: Stored | undefined) => void = () => {};

  at = (key: string): Stored | undefined => this.#objects.get(key);

  /** In the order that S3 lists them. */
  keys = (prefix = ''): string[] => [...this.#objects.keys()].filter((key) => key.startsWith(prefix)).sort();

  /** What a client uploads. */
  put(key: string, content: string): Stored {
    return this.#keep(key, { size: content.length, etag: createHash('md5').update(content).digest('hex') });
  }

  remove(key: string): void {
    if (this.#objects.delete(key)) this.changed(key, undefined);
  }

  #keep(key: string, { size, etag }: Pick<Stored, 'size' | 'etag'>): Stored {
    const object = { size, etag, written: Date.now() };
    this.#objects.set(key, object);
    this.changed(key, object);
    return object;
  }

  /**
   * Answers a request that a function sends: at once, or, as S3 copies, what was read at one moment is there at another.
   * @returns what is still to be done, and the answer
   */
  begin(url: string, { method = 'GET', headers }: RequestInit): () => Response {
    const key = new URL(url).pathname.split('/').slice(2).join('/');
    const asked = { method, key, headers: headers as Record<string, string> };
    if (method === 'PUT') return this.#copy(asked);
    const answer = this.#answer(asked);
    return () => answer;
  }

  #answer({ method, key }: Asked): Response {
    if (method === 'DELETE') {
      this.remove(key);
      return new Response(null, { status: 204 });
    }
    if (method !== 'HEAD') throw new Error(`nothing here sends ${method} to the bucket`);
    const object = this.#objects.get(key);
    if (!object) return new Response(null, { status: 403 });
    return new Response(null, {
      status: OK,
      headers: { 'content-length': String(object.size), 'content-type': 'text/plain', etag: `"${object.etag}"` },
    });
  }

  #copy({ key, headers }: Asked): () => Response {
    const [, ...from] = (headers['x-amz-copy-source'] ?? '').split('/');
    const expected = headers['x-amz-copy-source-if-match'];
    const object = this.#objects.get(from.join('/'));
    if (!object) return () => refused(403, 'AccessDenied');
    if (expected !== undefined && expected !== object.etag) return () => refused(412, 'PreconditionFailed');
    return () => {
      this.#keep(key, object);
      return new Response('<CopyObjectResult></CopyObjectResult>', { status: OK });
    };
  }

  /** The same objects for `ops files check`. */
  get ofOperators(): OperatorBucket {
    const send = async (command: unknown) => {
      if (command instanceof ListObjectsV2Command)
        return { Contents: this.keys(command.input.Prefix).map((Key) => ({ Key, ...this.#listed(Key) })) };
      if (command instanceof HeadObjectCommand) {
        const { Key = '' } = command.input;
        if (!this.#objects.has(Key)) throw Object.assign(new Error('there is no such object'), { name: 'NotFound' });
        return this.#listed(Key);
      }
      if (command instanceof DeleteObjectCommand) return this.remove(command.input.Key ?? '');
      throw new Error('operators ask the bucket for something else');
    };
    return { name: 'in memory', client: { send } as unknown as OperatorBucket['client'] };
  }

  #listed(key: string) {
    const { size: Size, written = 0 } = this.#objects.get(key) ?? {};
    return { Size, LastModified: new Date(written) };
  }
}

const refused = (status: number, code: string) =>
  new Response(`<Error><Code>${code}</Code></Error>`, { status, headers: { 'content-type': 'application/xml' } });
