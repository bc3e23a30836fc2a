import { absent, all, any, below, type Condition, exists, missing, unchanged } from './expression.ts';
import { FILE, fileIndex, fileKey, fileOrder, filePartition, registrationKey, sequenceKey } from './keys.ts';
import { type Get, getItem, type Listing, prefix, type Query } from './read.ts';
import { OPEN, type Sequence } from './sequence-repo.ts';
import { MOST_BYTES } from './sizes.ts';
import { measured, put, remove, type Step, update } from './step.ts';

/** A file that a group shares: reserved until its object is there, then published. A link is published at once. */
export interface SharedFile {
  id: number;
  name: string;
  /** Bytes. */
  size: number;
  type: string;
  uploader: number;
  /** Milliseconds. */
  createdAt: number;
  updatedAt: number;
  /** Milliseconds; absent while it is only reserved. */
  published?: number;
  /** Reserved until (ms): an upload may still come. */
  expiresAt?: number;
  /** The random part of its keys; a link has none. */
  random?: string;
  /** Name of its object below `files/`, once published. */
  object?: string;
  /** It came by a form, and an address issued with that leads to it: see `Registration`. */
  registered?: boolean;
  /** A link: what lies elsewhere. */
  url?: string;
}

/**
 * What the upload of a form has become: its address was issued before there was a file. It outlives the file for
 * `REGISTRATION_KEPT`, so that nothing uploaded by that form becomes a second file: that would have the first one's
 * object, which is still being deleted.
 */
export interface Registration {
  file: number;
  object: string;
}

/** Milliseconds. Uploads go from below `incoming/` some two days after their form has expired, which takes an hour at most. */
const REGISTRATION_KEPT = 7 * 86_400_000;

/** What a file is before it has its number. */
export type NewFile = Omit<SharedFile, 'id' | 'published' | 'expiresAt'>;

export const fileOf = (app: string, group: number, id: number): Get<SharedFile | undefined> =>
  getItem(fileKey(app, group, id), MOST_BYTES.file);

/** @param random of the upload */
export const registrationOf = (random: string): Get<Registration | undefined> => getItem(registrationKey(random));

/** Refused where it is registered already. */
export const registerUpload = (random: string, registration: Registration): Step =>
  put(registrationKey(random), registration, missing);

/** Files of a group, reserved ones too, in order of their numbers. */
export const filesOf = (app: string, group: number, limit: number): Query<SharedFile[]> => ({
  query: { partition: filePartition(app, group), between: prefix('', '0'), limit },
  parse: ({ items }) => items as unknown as SharedFile[],
});

/** The same, all of them: for operators, whom nobody waits for. */
export const allFilesOf = (app: string, group: number): Query<SharedFile[]> => ({
  query: { partition: filePartition(app, group), between: prefix('', '0'), all: true },
  parse: ({ items }) => items as unknown as SharedFile[],
});

/** An upload of it may still come. */
export const isReserved = (file: SharedFile | undefined, now: number): boolean =>
  file !== undefined && file.published === undefined && (file.expiresAt ?? 0) > now;

/** Fewer than `most` are published, and the group has not begun to go. */
const room = (most: number): Condition => all(OPEN, any(absent('files'), below('files', most)));

/** The next number for a file whose object is still to come. */
export function reserveSteps(
  app: string,
  group: number,
  was: Sequence | undefined,
  file: NewFile,
  expiresAt: number,
): { file: SharedFile; steps: Step[] } {
  const next = { ...file, id: (was?.file ?? 0) + 1, expiresAt };
  return {
    file: next,
    steps: [
      update(sequenceKey(app, group), { set: { file: next.id } }, all(OPEN, unchanged(was, 'file'))),
      put(fileKey(app, group, next.id), {
        ...next,
        ...fileIndex(app, group, next.id),
        ttl: Math.ceil(expiresAt / 1000),
      }),
    ],
  };
}

/** The next number for a file that is there already. @param most files that the group may have */
export function shareSteps(
  app: string,
  group: number,
  was: Sequence | undefined,
  file: NewFile,
  most: number,
): { file: SharedFile; steps: Step[] } {
  const next = { ...file, id: (was?.file ?? 0) + 1, published: file.createdAt };
  return {
    file: next,
    steps: [
      update(
        sequenceKey(app, group),
        { set: { file: next.id }, add: { files: 1 } },
        all(room(most), unchanged(was, 'file')),
      ),
      measured(
        'files_published',
        put(fileKey(app, group, next.id), {
          ...next,
          ...fileIndex(app, group, next.id),
          lsi1sk: fileOrder(next.published, next.id),
        }),
      ),
    ],
  };
}

/** The object of a reserved file is there. @param most files that the group may have */
export const publishFileSteps = (
  app: string,
  group: number,
  file: SharedFile,
  { object, size, now, most }: { object: string; size: number; now: number; most: number },
): Step[] => [
  measured(
    'files_published',
    update(
      fileKey(app, group, file.id),
      { set: { object, size, published: now, lsi1sk: fileOrder(now, file.id), expiresAt: undefined, ttl: undefined } },
      all(exists, absent('published'), unchanged(file, 'random')),
    ),
  ),
  update(sequenceKey(app, group), { add: { files: 1 } }, room(most)),
];

export const renameFile = (app: string, group: number, file: SharedFile, name: string, now: number): Step =>
  update(fileKey(app, group, file.id), { set: { name, updatedAt: now } }, unchanged(file, 'published'));

/** Refused where it was published meanwhile: it has another object then. @param now ms */
export const removeFile = (app: string, group: number, file: SharedFile, now: number): Step[] => [
  remove(fileKey(app, group, file.id), unchanged(file, 'random', 'published')),
  ...(file.registered && file.random !== undefined ? [forgetRegistration(file.random, now)] : []),
];

const forgetRegistration = (random: string, now: number): Step =>
  update(registrationKey(random), { set: { ttl: Math.ceil((now + REGISTRATION_KEPT) / 1000) } });

/** So many published files are gone. */
export const uncountFiles = (app: string, group: number, count: number): Step =>
  update(sequenceKey(app, group), { add: { files: -count } });

/** The files of a group that are published, the newest first. */
export const filesNewestFirst = (app: string, group: number): Listing<SharedFile> => ({
  partition: filePartition(app, group),
  index: 'lsi1',
  prefix: FILE,
  form: /^F#\d{13}#\d{16}$/,
  entryBytes: MOST_BYTES.file,
  descending: true,
  entry: (item) => item as unknown as SharedFile,
});
