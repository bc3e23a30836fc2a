import { gunzipSync, gzipSync } from 'node:zlib';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import type { AppId, GroupId } from '../ids.ts';
import {
  archivedObject,
  archivePrefix,
  avatarObject,
  FILES,
  fileObject,
  groupIncoming,
  INCOMING,
  importPart,
  importParts,
  importPrefix,
  importRefusals,
  importRefused,
  incomingAvatar,
  randomOf,
} from './names.ts';

/**
 * The bucket as operators reach it, by AWS's own client. No function may import this file (test/ops/door.test.ts): it may
 * not list the bucket, and its bundle would be 155 KB heavier (docs/decisions/0022).
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

/** The key of a published file's object. @param object its name in the file's record */
export const objectKey: (app: AppId, group: GroupId, object: string) => string = fileObject;

/**
 * The objects of an app's files, group by group. Keys of one group follow one another. Avatars follow all groups, whose
 * keys begin with a digit.
 */
export async function* filesByGroup(
  bucket: OperatorBucket,
  app: AppId,
): AsyncGenerator<[group: GroupId, objects: ListedObject[]]> {
  const prefix = `${FILES}${app}/`;
  let group: GroupId | undefined;
  let objects: ListedObject[] = [];
  for await (const object of objectsBelow(bucket, prefix)) {
    const [, id] = /^(\d{1,16})\//.exec(object.key.slice(prefix.length)) ?? [];
    if (id === undefined) break;
    if (Number(id) !== group) {
      if (group !== undefined) yield [group, objects];
      group = Number(id) as GroupId;
      objects = [];
    }
    objects.push(object);
  }
  if (group !== undefined) yield [group, objects];
}

/** The keys of an avatar: as it is served, and as it was uploaded. @param random of its address */
export const avatarKeys = (app: AppId, random: string): string[] => [
  avatarObject(app, random),
  incomingAvatar(app, random),
];

/** What the keys of an app's objects begin with. */
export const prefixesOf = (app: AppId): string[] => [
  `${FILES}${app}/`,
  `${INCOMING}${app}/`,
  archivePrefix(app),
  importPrefix(app),
];

/** The content of an object, and its media type. */
export async function contentOf({ client, name }: OperatorBucket, key: string) {
  const { Body, ContentType } = await client.send(new GetObjectCommand({ Bucket: name, Key: key }));
  return { body: Body as NodeJS.ReadableStream | undefined, type: ContentType };
}

/** Whether the upload that an object was copied from is among these uploads of its group. */
export type UploadsWaiting = (key: string) => boolean;

/** The uploads to a group that are still there. */
export async function uploadsWaiting(bucket: OperatorBucket, app: AppId, group: GroupId): Promise<UploadsWaiting> {
  const waiting = new Set<string>();
  for await (const { key } of objectsBelow(bucket, groupIncoming(app, group))) waiting.add(randomOf(key));
  return (key) => waiting.has(randomOf(key));
}

/** Objects of a prefix in the order of their keys, by one request per thousand. @param after only those after this key */
export async function* objectsBelow(
  bucket: OperatorBucket,
  prefix: string,
  after?: string,
): AsyncGenerator<ListedObject> {
  let token: string | undefined;
  do {
    const { Contents = [], NextContinuationToken } = await bucket.client.send(
      new ListObjectsV2Command({
        Bucket: bucket.name,
        Prefix: prefix,
        StartAfter: after,
        ContinuationToken: token,
      }),
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
    // The answer to HEAD has no body: only its status says what is missing. Listing has shown that the bucket is there.
    if ((error as Error).name === 'NotFound') return undefined;
    throw error;
  }
}

export async function remove({ client, name }: OperatorBucket, key: string): Promise<void> {
  await client.send(new DeleteObjectCommand({ Bucket: name, Key: key }));
}

// ——— the archive of events ———

/** An object of the archive: the beginning of its hour (ms), and the number of its first event. */
export interface ArchivedObject {
  key: string;
  hour: number;
  first: number;
}

/** The objects of an app's archive, the oldest first. @param since only those of the hour of this time and later (ms) */
export async function* archivedObjects(bucket: OperatorBucket, app: AppId, since?: number) {
  const after = since === undefined ? undefined : archivePrefix(app, since);
  for await (const { key } of objectsBelow(bucket, archivePrefix(app), after)) {
    const object = archivedObject(key);
    if (object) yield { key, ...object } satisfies ArchivedObject;
  }
}

/** The lines of an object of the archive: some 4 MB at most. */
export async function archivedLines(bucket: OperatorBucket, key: string): Promise<string[]> {
  const { text } = await archivedText(bucket, key);
  return text.split('\n').filter((line) => line !== '');
}

async function archivedText({ client, name }: OperatorBucket, key: string) {
  const { Body, ETag, ContentType } = await client.send(new GetObjectCommand({ Bucket: name, Key: key }));
  return { text: gunzipSync(await Body!.transformToByteArray()).toString(), IfMatch: ETag, ContentType };
}

/** Attempts to rewrite an object that others rewrite at the same time. */
const REWRITES = 5;

/**
 * Writes an object of the archive again, with other lines in the place of some.
 * @param change the new line; the same one where it stays
 * @returns how many lines have changed. Where none has, nothing is written.
 */
export async function rewriteArchived(
  bucket: OperatorBucket,
  key: string,
  change: (line: string) => string,
): Promise<number> {
  for (let attempt = 1; ; attempt++) {
    const { text, ...as } = await archivedText(bucket, key);
    const lines = text.split('\n');
    const rewritten = lines.map((line) => (line === '' ? line : change(line)));
    const changed = rewritten.filter((line, index) => line !== lines[index]).length;
    if (changed === 0) return 0;
    const content = { Bucket: bucket.name, Key: key, Body: gzipSync(rewritten.join('\n')) };
    try {
      await bucket.client.send(new PutObjectCommand({ ...content, ...as }));
      return changed;
    } catch (error) {
      if ((error as Error).name !== 'PreconditionFailed' || attempt === REWRITES) throw error;
    }
  }
}

// ——— imports ———

/** Uploads a part of the lines that functions import. */
export async function putImportPart(
  { client, name }: OperatorBucket,
  app: AppId,
  job: string,
  place: [step: number, lane: number, part: number],
  text: string,
): Promise<void> {
  await client.send(
    new PutObjectCommand({ Bucket: name, Key: importPart(app, job, ...place), Body: gzipSync(text, { level: 5 }) }),
  );
}

/** Keeps the lines that were refused before the import began, as lines of JSON. */
export async function putRefusedAtFirst({ client, name }: OperatorBucket, app: AppId, job: string, lines: string) {
  await client.send(new PutObjectCommand({ Bucket: name, Key: importRefused(app, job, 'file'), Body: lines }));
}

/** Removes the parts of an import that are still there. */
export async function removeImportParts(bucket: OperatorBucket, app: AppId, job: string): Promise<void> {
  for await (const { key } of objectsBelow(bucket, importParts(app, job))) await remove(bucket, key);
}

/** The refused lines of an import, object by object, as lines of JSON. */
export async function* refusedLines(bucket: OperatorBucket, app: AppId, job: string): AsyncGenerator<string> {
  for await (const { key } of objectsBelow(bucket, importRefusals(app, job))) {
    const { Body } = await bucket.client.send(new GetObjectCommand({ Bucket: bucket.name, Key: key }));
    yield* (await Body!.transformToString()).split('\n').filter((line) => line !== '');
  }
}
