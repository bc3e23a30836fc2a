import type { Call } from '../../call/call.ts';
import { registerUpload, registrationOf, type SharedFile, shareSteps } from '../../data/file-repo.ts';
import { ApiError, badParameter, Unavailable } from '../../errors.ts';
import { incomingObject } from '../../storage/names.ts';
import { headObject } from '../../storage/objects.ts';
import { publish } from './publication.ts';
import type { Sharing } from './sharing.ts';

/** An upload that is replaced between look and copy is looked at this often. */
const MAX_LOOKS = 5;

/**
 * What somebody uploaded by a form becomes a file of the group: it must be there, with the size that is said, and
 * `issued` to this person for this group. An upload becomes one file at most, however often it is registered.
 * @param issued what the address says; undefined where it is not one of an upload, or not ours
 * @throws ApiError badParameter, groupMissing, needsMember
 */
export async function register(
  call: Call,
  sharing: Sharing,
  size: number,
  issued: { group: number; user: number; random: string } | undefined,
): Promise<SharedFile> {
  const { app, db, limits } = call;
  const { group, before } = sharing;
  if (before) return before;
  sharing.permit();
  if (issued?.group !== group || issued.user !== (call.me ?? 0))
    throw badParameter('url', 'is an address of this service that was not issued to you for an upload to this group');
  const { random } = issued;
  const registration = () => db.records([registrationOf(random)])[0];
  const registeredAlready = () => badParameter('url', 'is registered already');
  if (registration()) throw registeredAlready();

  const key = incomingObject(app, group, random);
  let failure: ApiError | undefined;
  let file: SharedFile | undefined;
  for (let looked = 1; ; looked++) {
    const stored = await headObject(key);
    if (!stored) break;
    if (stored.size !== size) throw badParameter('size', `is ${stored.size} of what was uploaded`);
    const became = await publish({ app, group, key, random, etag: stored.etag }, async (object) => {
      try {
        file = await sharing.share((sequence, next) => {
          if (registration()) throw registeredAlready();
          const added = shareSteps(app, group, sequence, { ...next, random, object, registered: true }, limits.files);
          return { ...added, steps: [...added.steps, registerUpload(random, { file: added.file.id, object })] };
        });
      } catch (error) {
        // Not registered by anybody: what was copied stays for whoever is still at it, or asks again.
        if (!(error instanceof ApiError) || !registration()) throw error;
        failure = error;
      }
      // Registered meanwhile with the same content: then this object is the file's.
      return registration()?.object === object;
    });
    // Gone: registered by another call, or uploaded anew since it was looked at.
    if (became !== 'gone') break;
    if (looked === MAX_LOOKS) throw new Unavailable('the upload keeps changing');
  }
  if (failure) throw failure;
  file ??= await sharing.meanwhile();
  if (!file) throw badParameter('url', 'nothing is uploaded there');
  return file;
}
