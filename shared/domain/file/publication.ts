import { transact } from '../../call/transact.ts';
import { appOf, limitsOf } from '../../data/app-repo.ts';
import type { Database } from '../../data/database.ts';
import { fileOf, isReserved, publishFileSteps, removeFile, type SharedFile } from '../../data/file-repo.ts';
import { groupOf } from '../../data/group-repo.ts';
import { sequenceOf } from '../../data/sequence-repo.ts';
import {
  fileObject,
  incomingObject,
  publishedName,
  type ReservedFile,
  reservedFile,
  reservedName,
  uploadedAvatar,
} from '../../storage/names.ts';
import { copyObject, deleteObject } from '../../storage/objects.ts';
import { publishAvatar } from './avatar.ts';

/** Key of the object that a file has now; undefined for a link. */
export function objectOf(app: string, group: number, file: SharedFile): string | undefined {
  if (file.object !== undefined) return fileObject(app, group, file.object);
  return file.random === undefined ? undefined : incomingObject(app, group, reservedName(file.id, file.random));
}

/** An upload that is there, and what it is to be called below `files/`. */
export interface Uploaded {
  app: string;
  group: number;
  /** Where it lies below `incoming/`. */
  key: string;
  random: string;
  etag: string;
}

/** What became of an upload: `gone` where another run was faster, or another upload took its place. */
export type Publication = 'published' | 'discarded' | 'gone';

/**
 * Takes an upload out of its client's reach, where it is served from, and then records it: a presigned address used
 * again writes below `incoming/` only. `record` names the object in a record, by a conditional write, and says whether
 * a record names it now. May be done twice, and at once: content of the same etag has the same name.
 */
export async function publish(
  { app, group, key, random, etag }: Uploaded,
  record: (object: string) => Promise<boolean>,
): Promise<Publication> {
  const object = publishedName(random, etag);
  if (!(await copyObject(key, fileObject(app, group, object), etag))) return 'gone';
  const recorded = await record(object);
  if (!recorded) await deleteObject(fileObject(app, group, object));
  await deleteObject(key);
  return recorded ? 'published' : 'discarded';
}

/** An object that has come to lie below `incoming/`. */
interface Arrival {
  key: string;
  size: number;
  etag: string;
}

/**
 * Publishes what was uploaded: the file that was reserved for it, or an avatar. A file that came by a form waits until
 * somebody registers it.
 * @param now ms
 */
export async function publishUpload(
  db: Database,
  arrival: Arrival,
  now: number,
): Promise<Publication | 'not reserved'> {
  const reserved = reservedFile(arrival.key);
  if (reserved) return publishReserved(db, arrival, reserved, now);
  const avatar = uploadedAvatar(arrival.key);
  if (!avatar) return 'not reserved';
  const became = await publishAvatar(avatar.app, avatar.random);
  if (became !== 'gone') await deleteObject(arrival.key);
  return became;
}

/**
 * Publishes the file that was reserved for an upload. An upload that nobody waits for (published before, deleted,
 * expired, the group gone, no room left) is removed.
 */
async function publishReserved(
  db: Database,
  { key, size, etag }: Arrival,
  { app, group, id, random }: ReservedFile,
  now: number,
): Promise<Publication> {
  const reads = {
    app: appOf(app),
    group: groupOf(app, group),
    file: fileOf(app, group, id),
    sequence: sequenceOf(app, group),
  };
  const object = publishedName(random, etag);
  for (let looks = 1; ; looks++) {
    await db.load([reads]);
    const found = await transact(db, reads, ({ file, ...rest }) => {
      const reserved = file?.random === random && file.published === undefined ? file : undefined;
      const over = rest.group?.status !== 'normal' || !isReserved(reserved, now);
      return {
        // Another run that is still at it would else record what is removed below.
        steps: reserved && over ? removeFile(app, group, reserved, now) : [],
        answer: () =>
          file?.object === object ? 'published' : over || reserved?.size !== size ? 'discarded' : 'awaited',
      };
    });
    if (found !== 'awaited') {
      // An earlier run may have got no further than the copy.
      if (found === 'discarded') await deleteObject(fileObject(app, group, object));
      await deleteObject(key);
      return found;
    }
    const became = await publish({ app, group, key, random, etag }, (name) =>
      transact(db, reads, ({ app: tenant, file, sequence }) => {
        if (!file || !isReserved(file, now)) return { steps: [], answer: () => file?.object === name };
        const most = limitsOf(tenant ?? { limits: {} }).files;
        if (sequence?.closed || (sequence?.files ?? 0) >= most)
          return { steps: removeFile(app, group, file, now), answer: () => false };
        return { steps: publishFileSteps(app, group, file, { object: name, size, now, most }), answer: () => true };
      }),
    );
    // Looked at once more: what was copied first, with the answer lost, may be waited for no longer.
    if (became !== 'gone' || looks === 2) return became;
  }
}
