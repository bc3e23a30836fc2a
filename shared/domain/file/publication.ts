import { type Plan, type Records, transact } from '../../call/transact.ts';
import { appOf, limitsOf } from '../../data/app-repo.ts';
import type { Database } from '../../data/database.ts';
import * as files from '../../data/file-repo.ts';
import { fileOf, isReserved } from '../../data/file-repo.ts';
import { groupOf } from '../../data/group-repo.ts';
import { sequenceOf } from '../../data/sequence-repo.ts';
import type { ReservedUpload, Upload } from '../../storage/object-repo.ts';
import * as objects from '../../storage/object-repo.ts';
import { publishAvatar } from './avatar.ts';

/**
 * The states of an upload (docs/decisions/0023):
 *
 *     awaited ── copy ──▶ copied ── record ──▶ published
 *        │                   └───────────────▶ discarded
 *        ├── expect ─────────────────────────▶ published or discarded
 *        └──────────────────────────────────▶ gone
 *
 * - `awaited`: it lies where its client put it, and a reservation or a registration waits for it.
 * - `copied`: its content lies out of the client's reach, where files are served from; no record names it yet.
 * - `published`: a record names the copy.
 * - `discarded`: no record will name this upload; a copy, if there is one, is removed.
 * - `gone`: another run was faster, or another upload took its place.
 *
 * For a reserved file `expect` and `record` stand below; for the upload of a form they are in registration.ts. Each
 * transition may run twice, and at once: the same content has the same copy.
 */
export type End = 'published' | 'discarded' | 'gone';

/** From `awaited`. */
export const copy = async (upload: Upload): Promise<'copied' | 'gone'> =>
  (await objects.copyUpload(upload)) ? 'copied' : 'gone';

/** Removes what nothing needs at the end of an upload. */
export async function finish(upload: Upload, end: End): Promise<void> {
  if (end === 'discarded') await objects.removeCopy(upload);
  if (end !== 'gone') await objects.removeUpload(upload);
}

/**
 * Publishes what was uploaded: the file that was reserved for it, or an avatar. The upload of a form waits until it is
 * registered.
 * @param now ms
 */
export async function publishUpload(
  db: Database,
  arrival: objects.Arrival,
  now: number,
): Promise<End | 'not reserved'> {
  const reserved = objects.reservedUpload(arrival);
  if (reserved) {
    const end = await publishReserved(db, reserved, now);
    // Re-check once: our copy may have succeeded although the response was lost.
    return end === 'gone' ? publishReserved(db, reserved, now) : end;
  }
  const avatar = objects.avatarUpload(arrival);
  if (!avatar) return 'not reserved';
  const end = await publishAvatar(avatar);
  if (end !== 'gone') await objects.removeUpload(arrival);
  return end;
}

const readsOf = ({ app, group, id }: ReservedUpload) => ({
  app: appOf(app),
  group: groupOf(app, group),
  file: fileOf(app, group, id),
  sequence: sequenceOf(app, group),
});
type Found = Records<ReturnType<typeof readsOf>>;

async function publishReserved(db: Database, upload: ReservedUpload, now: number): Promise<End> {
  const reads = readsOf(upload);
  await db.load([reads]);
  const expected = await transact(db, reads, (found) => expect(upload, found, now));
  const copied = expected === 'awaited' ? await copy(upload) : expected;
  const end = copied === 'copied' ? await transact(db, reads, (found) => record(upload, found, now)) : copied;
  await finish(upload, end);
  return end;
}

/**
 * Whether the upload is awaited: not where it is published already, has another size than announced, or comes when the
 * file is deleted, its reservation has expired or the group is dissolved.
 */
function expect(upload: ReservedUpload, { group, file }: Found, now: number): Plan<'awaited' | End> {
  const reserved = file?.random === upload.random && file.published === undefined ? file : undefined;
  const over = group?.status !== 'normal' || !isReserved(reserved, now);
  return {
    // Another run that has copied it could still record the copy, which is removed next.
    steps: reserved && over ? files.remove(upload.app, upload.group, reserved, now) : [],
    answer: () => {
      if (file?.object === objects.copyName(upload)) return 'published';
      return over || reserved?.size !== upload.size ? 'discarded' : 'awaited';
    },
  };
}

/** From `copied`: names the copy in the record of its file, where the group has room for it. */
function record(upload: ReservedUpload, { app: tenant, file, sequence }: Found, now: number): Plan<End> {
  const { app, group, size } = upload;
  const object = objects.copyName(upload);
  if (!file || !isReserved(file, now))
    return { steps: [], answer: () => (file?.object === object ? 'published' : 'discarded') };
  const most = limitsOf(tenant ?? { limits: {} }).files;
  if (sequence?.closed || (sequence?.files ?? 0) >= most)
    return { steps: files.remove(app, group, file, now), answer: () => 'discarded' };
  return { steps: files.publish(app, group, file, { object, size, now, most }), answer: () => 'published' };
}
