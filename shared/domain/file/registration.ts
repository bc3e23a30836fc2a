import type { Call } from '../../call/call.ts';
import * as files from '../../data/file-repo.ts';
import { type Registration, registrationOf, type SharedFile } from '../../data/file-repo.ts';
import { ApiError, badParameter, Unavailable } from '../../errors.ts';
import type { GroupId, UserId } from '../../ids.ts';
import type { Upload } from '../../storage/object-repo.ts';
import * as objects from '../../storage/object-repo.ts';
import { copy, type End, finish } from './publication.ts';
import type { Sharing } from './sharing.ts';

/** How often an upload is looked at that another one replaces between look and copy. */
const MAX_LOOKS = 5;

/**
 * Makes the upload of a form a file of the group. It must be there, with the announced size, and its address must have
 * been issued to this caller for this group. An upload becomes one file at most, however often it is registered. For
 * the states of an upload see publication.ts.
 * @param issued what the address says; undefined where it is not one of an upload, or not ours
 * @throws ApiError badParameter, groupMissing, needsMember
 */
export async function register(
  call: Call,
  sharing: Sharing,
  size: number,
  issued: { group: GroupId; user: UserId | 0; random: string } | undefined,
): Promise<SharedFile> {
  const { before } = sharing;
  if (before) return before;
  sharing.permit();
  if (issued?.group !== sharing.group || issued.user !== (call.me ?? 0))
    throw badParameter('url', 'is an address of this service that was not issued to you for an upload to this group');
  const { random } = issued;
  if (registrationFound(call, random)) throw registeredAlready();

  for (let look = 1; look <= MAX_LOOKS; look++) {
    const upload = await objects.formUpload(call.app, sharing.group, random);
    if (!upload) return sharedMeanwhile(sharing);
    if (upload.size !== size) throw badParameter('size', `is ${upload.size} of what was uploaded`);
    // Gone: another call has registered it, or another upload has replaced it since the look.
    if ((await copy(upload)) === 'gone') continue;
    const { file, end } = await record(call, sharing, upload);
    await finish(upload, end);
    if (file instanceof ApiError) throw file;
    return file;
  }
  throw new Unavailable('the upload keeps changing');
}

/**
 * From `copied`: makes the copy a file, or finds that the upload has become one meanwhile. Where it has not, and the
 * group takes no file, the copy stays: another call may be about to record it.
 * @returns the file, or the error for this caller
 */
async function record(
  call: Call,
  sharing: Sharing,
  upload: Upload,
): Promise<{ file: SharedFile | ApiError; end: End }> {
  const { random } = upload;
  const object = objects.copyName(upload);
  const file = await sharing
    .share((sequence, next) => {
      if (registrationFound(call, random)) throw registeredAlready();
      return files.register(call.app, sharing.group, sequence, { ...next, random, object }, call.limits.files);
    })
    .catch((error: unknown) => {
      if (!(error instanceof ApiError) || !registrationFound(call, random)) throw error;
      return error;
    });
  // Another call may have registered the same content: then its file has this copy.
  return { file, end: registrationFound(call, random)?.object === object ? 'published' : 'discarded' };
}

/** The registration of an upload, as far as this call has read it, or met it in a lost race. */
const registrationFound = (call: Call, random: string): Registration | undefined =>
  call.db.records(registrationOf(random));

const registeredAlready = () => badParameter('url', 'is registered already');

/** The upload is gone: another run of this very request may have registered it. */
async function sharedMeanwhile(sharing: Sharing): Promise<SharedFile> {
  const file = await sharing.lookAgain();
  if (!file) throw badParameter('url', 'nothing is uploaded there');
  return file;
}
