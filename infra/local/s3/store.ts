/** Objects in a folder. Each is a file of bytes and a JSON file that describes it; the index is in memory. */
import { createHash, randomUUID } from 'node:crypto';
import { createWriteStream, readdirSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { crc32 } from 'node:zlib';
import { readKept, useFolder } from '../start-up.ts';

export interface StoredObject {
  bucket: string;
  key: string;
  size: number;
  /** MD5 in hex, without quotes. */
  etag: string;
  /** Milliseconds since 1970 */
  lastModified: number;
  /** Headers that are returned with the object: content-type, content-disposition, x-amz-meta-* … */
  headers: Record<string, string>;
  /** Path of the bytes. */
  file: string;
}

/** Bytes that were received but are not yet an object. */
export interface Received {
  file: string;
  size: number;
  md5: Buffer;
  sha256: string;
  crc32: number;
}

export interface ObjectStore {
  get(bucket: string, key: string): StoredObject | undefined;
  /** The objects of the bucket whose key starts with the prefix, ordered by the UTF-8 bytes of their keys. */
  list(bucket: string, prefix: string): StoredObject[];
  /** Writes a body to disk and computes its checksums. */
  receive(body: AsyncIterable<Uint8Array>): Promise<Received>;
  /**
   * Makes received bytes the object of that key, and replaces a present one. `allowed` is called with the present
   * object at the moment of the change, and throws to prevent it. The received bytes are then removed.
   */
  commit(
    received: Received,
    object: Pick<StoredObject, 'bucket' | 'key' | 'headers'>,
    allowed: (present: StoredObject | undefined) => void,
  ): Promise<StoredObject>;
  delete(bucket: string, key: string): Promise<void>;
  /** Removes received bytes that do not become an object. */
  discard(received: Received): Promise<void>;
}

/** Opens the store in `folder`, with the objects of earlier runs. */
export function openObjectStore(folder: string): ObjectStore {
  useFolder(folder);
  const objects = new Map<string, StoredObject>();
  const id = (bucket: string, key: string) => `${bucket}/${key}`;
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.json'))) {
    const object: StoredObject = readKept(join(folder, name));
    objects.set(id(object.bucket, object.key), { ...object, file: join(folder, name.replace(/json$/, 'bin')) });
  }
  const remove = async (file: string) => {
    await rm(file.replace(/bin$/, 'json'), { force: true });
    await rm(file, { force: true });
  };

  return {
    get: (bucket, key) => objects.get(id(bucket, key)),
    list: (bucket, prefix) =>
      [...objects.values()]
        .filter((object) => object.bucket === bucket && object.key.startsWith(prefix))
        .sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key))),
    async receive(body) {
      const file = join(folder, `${randomUUID()}.bin`);
      const [md5, sha256] = [createHash('md5'), createHash('sha256')];
      let [size, crc] = [0, 0];
      const measured = async function* () {
        for await (const chunk of body) {
          size += chunk.length;
          crc = crc32(chunk, crc);
          md5.update(chunk);
          sha256.update(chunk);
          yield chunk;
        }
      };
      try {
        await pipeline(measured, createWriteStream(file));
      } catch (error) {
        await remove(file);
        throw error;
      }
      return { file, size, md5: md5.digest(), sha256: sha256.digest('hex'), crc32: crc };
    },
    async commit({ file, size, md5 }, { bucket, key, headers }, allowed) {
      const object = { bucket, key, headers, size, etag: md5.toString('hex'), lastModified: Date.now(), file };
      const present = objects.get(id(bucket, key));
      try {
        allowed(present);
      } catch (error) {
        await remove(file);
        throw error;
      }
      objects.set(id(bucket, key), object);
      await writeFile(file.replace(/bin$/, 'json'), JSON.stringify(object));
      if (present) await remove(present.file);
      return object;
    },
    async delete(bucket, key) {
      const object = objects.get(id(bucket, key));
      objects.delete(id(bucket, key));
      if (object) await remove(object.file);
    },
    discard: ({ file }) => remove(file),
  };
}
