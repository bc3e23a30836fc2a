import { appOf, limitsOf } from '../../data/app-repo.ts';
import type { Database } from '../../data/database.ts';
import { fileOf, isReserved, publishFileSteps, removeFile, type SharedFile } from '../../data/file-repo.ts';
import { groupOf } from '../../data/group-repo.ts';
import { sequenceOf } from '../../data/sequence-repo.ts';
import { fileObject, incomingObject, publishedName, reservedFile, reservedName } from '../../storage/names.ts';
import { copyObject, deleteObject } from '../../storage/objects.ts';
import { settle } from '../decision.ts';

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

/**
 * An object has come to lie below `incoming/`: publishes the file that was reserved for it. An upload that nobody waits
 * for (published before, deleted, expired, the group gone, no room left) is removed. What a form uploaded waits until
 * somebody registers it.
 * @param now ms
 */
export async function publishReserved(
  db: Database,
  { key, size, etag }: { key: string; size: number; etag: string },
  now: number,
): Promise<Publication | 'not reserved'> {
  const reserved = reservedFile(key);
  if (!reserved) return 'not reserved';
  const { app, group, id, random } = reserved;
  const reads = {
    app: appOf(app),
    group: groupOf(app, group),
    file: fileOf(app, group, id),
    sequence: sequenceOf(app, group),
  };
  const object = publishedName(random, etag);
  for (let looks = 1; ; looks++) {
    await db.load([reads]);
    const found = await settle(db, reads, ({ file, ...rest }) => {
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
      settle(db, reads, ({ app: tenant, file, sequence }) => {
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
