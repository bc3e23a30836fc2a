import type { AppId, GroupId } from '../ids.ts';
import { absent, all, any, below, type Condition, exists, missing, unchanged } from './expression.ts';
import { filesIndexed, groupIn, type Key } from './keys.ts';
import { asRecord, type Get, getItem, type Listing, prefix, type Query } from './read.ts';
import type { ItemOf } from './schema.ts';
import * as schema from './schema.ts';
import { NOT_CLOSED, type Sequence } from './sequence-repo.ts';
import { tombstoneTtl } from './stamp.ts';
import { measured, put, remove as removeItem, type Step, update } from './step.ts';

/** A file that a group shares: reserved until its object is there, then published. A link is published at once. */
export type SharedFile = ItemOf<typeof schema.fileFields>;

/**
 * The file that a form's upload has become: its address was issued before there was a file. A registration outlives its
 * file for `REGISTRATION_KEPT`. So nothing that is uploaded by that form becomes a second file, whose object would be the
 * first one's, which is still being deleted.
 */
export type Registration = ItemOf<typeof schema.registrationFields>;

/** Milliseconds. S3 removes uploads some two days after their form has expired, which takes an hour at most. */
const REGISTRATION_KEPT = 7 * 86_400_000;

/** A file before it has its number. */
export type NewFile = Omit<SharedFile, 'id' | 'published' | 'expiresAt'>;

/** A file with its new number, and the steps that write both. */
interface Added {
  file: SharedFile;
  steps: Step[];
}

/** The most bytes of a file's record. */
export const FILE_BYTES = schema.file.bytes;

export const fileOf = (app: AppId, group: GroupId, id: number): Get<SharedFile | undefined> => ({
  get: schema.file.key(app, group, id),
  bytes: FILE_BYTES,
  // A deleted file leaves its number.
  parse: (item) => (item?.name === undefined ? undefined : asRecord<SharedFile>(item)),
});

/** @param random of the upload */
export const registrationOf = (random: string): Get<Registration | undefined> =>
  getItem(schema.registration.key(random));

/**
 * Files of a group in order of their numbers, reserved ones too, and what stays of deleted ones; all of them where no
 * limit is given.
 */
export const filesOf = (app: AppId, group: GroupId, limit?: number): Query<SharedFile[]> => ({
  query: {
    partition: schema.file.partition(app, group),
    between: prefix('', '0'),
    ...(limit === undefined ? { all: true } : { limit }),
  },
  parse: ({ items }) => items.map(asRecord<SharedFile>),
});

/** The files of a group that are published, the newest first. */
export const filesNewestFirst = (app: AppId, group: GroupId): Listing<SharedFile> => ({
  partition: schema.file.partition(app, group),
  order: schema.file.orders.newest,
  entryBytes: FILE_BYTES,
  descending: true,
  entry: asRecord<SharedFile>,
});

/** Partition of the global index that holds the files of an app, for operators. */
export const indexedFiles = (app: AppId): string => filesIndexed(app);
/** The group of a file in that index. */
export const groupOfFile = ({ pk }: Key): GroupId => groupIn(pk);

/** An upload of the file may still come. */
export const isReserved = (file: SharedFile | undefined, now: number): boolean =>
  file !== undefined && file.published === undefined && (file.expiresAt ?? 0) > now;

/** Fewer than `most` files are published, and the clean-up of the group has not begun. */
const room = (most: number): Condition => all(NOT_CLOSED, any(absent('files'), below('files', most)));

/** Reserves the next number for a file whose object is still to come. */
export function reserve(
  app: AppId,
  group: GroupId,
  was: Sequence | undefined,
  file: NewFile,
  expiresAt: number,
): Added {
  const next = { ...file, id: (was?.file ?? 0) + 1, expiresAt };
  return {
    file: next,
    steps: [
      update(schema.sequence.key(app, group), { set: { file: next.id } }, all(NOT_CLOSED, unchanged(was, 'file'))),
      put(schema.file.key(app, group, next.id), {
        ...next,
        ...schema.file.gsi1(app, group, next.id),
        ttl: Math.ceil(expiresAt / 1000),
      }),
    ],
  };
}

/** Publishes a file that is there already under the next number. @param most files that the group may have */
export function add(app: AppId, group: GroupId, was: Sequence | undefined, file: NewFile, most: number): Added {
  const next = { ...file, id: (was?.file ?? 0) + 1, published: file.createdAt };
  return {
    file: next,
    steps: [
      update(
        schema.sequence.key(app, group),
        { set: { file: next.id }, add: { files: 1 } },
        all(room(most), unchanged(was, 'file')),
      ),
      measured(
        'files_published',
        put(schema.file.key(app, group, next.id), {
          ...next,
          ...schema.file.gsi1(app, group, next.id),
          lsi1sk: schema.file.orders.newest(next.published, next.id),
        }),
      ),
    ],
  };
}

/** The same for the upload of a form, which becomes one file at most. */
export function register(
  app: AppId,
  group: GroupId,
  was: Sequence | undefined,
  { random, object, ...file }: NewFile & { random: string; object: string },
  most: number,
): Added {
  const added = add(app, group, was, { ...file, random, object, registered: true }, most);
  const registration: Registration = { file: added.file.id, object };
  return { ...added, steps: [...added.steps, put(schema.registration.key(random), registration, missing)] };
}

/** Publishes a reserved file, whose object is there. @param most files that the group may have */
export const publish = (
  app: AppId,
  group: GroupId,
  file: SharedFile,
  { object, size, now, most }: { object: string; size: number; now: number; most: number },
): Step[] => [
  measured(
    'files_published',
    update(
      schema.file.key(app, group, file.id),
      {
        set: {
          object,
          size,
          published: now,
          lsi1sk: schema.file.orders.newest(now, file.id),
          expiresAt: undefined,
          ttl: undefined,
        },
      },
      all(exists, absent('published'), unchanged(file, 'random')),
    ),
  ),
  update(schema.sequence.key(app, group), { add: { files: 1 } }, room(most)),
];

export const rename = (app: AppId, group: GroupId, file: SharedFile, name: string, now: number): Step =>
  update(schema.file.key(app, group, file.id), { set: { name, updatedAt: now } }, unchanged(file, 'published'));

/**
 * Deletes a file, unless it has been published since it was read: it has another object then. Of a published one the
 * number stays for a while, since the item's stamp tells of the end.
 * @param now ms
 */
export function remove(app: AppId, group: GroupId, file: SharedFile, now: number): Step[] {
  const [removal, ...more] = erase(app, group, file, now);
  if (file.published === undefined) return [removal, ...more];
  return [put(removal.key, { id: file.id, ttl: tombstoneTtl(now) }, removal.condition), ...more];
}

/** The same without a trace. */
export const erase = (app: AppId, group: GroupId, file: SharedFile, now: number): [Step, ...Step[]] => [
  removeItem(schema.file.key(app, group, file.id), unchanged(file, 'random', 'published')),
  ...(file.registered && file.random !== undefined ? [expireRegistration(file.random, now)] : []),
];

const expireRegistration = (random: string, now: number): Step =>
  update(schema.registration.key(random), { set: { ttl: Math.ceil((now + REGISTRATION_KEPT) / 1000) } });

/** Takes removed files off the group's count of published ones. */
export const uncount = (app: AppId, group: GroupId, count: number): Step =>
  update(schema.sequence.key(app, group), { add: { files: -count } });
