import type { Call } from '../../call/call.ts';
import { registrationOf, reserveSteps, type SharedFile, shareSteps } from '../../data/file-repo.ts';
import { badParameter } from '../../errors.ts';
import { newRandom } from '../../ids.ts';
import { RESERVATION_LIFE } from '../../limits.ts';
import { incomingObject, reservedName } from '../../storage/names.ts';
import { presignPut } from '../../storage/presign.ts';
import { downloadPart, isOurs, parseFileAddress } from './address.ts';
import { register } from './registration.ts';
import { fileReply, stableUrl } from './reply.ts';
import { Sharing, type Upload } from './sharing.ts';

/**
 * Section 7.30: shares a file. Without `url` its number is reserved, and `url` of the answer takes the upload of exactly
 * this size and type; it appears in the list once it is there. With the address of a form's upload, what was uploaded
 * becomes the file; with the address of another server it is a link.
 * @throws ApiError badParameter, groupMissing, needsMember
 */
export async function upload(call: Call, id: number, given: Upload) {
  const { url, size } = given;
  const sharing = new Sharing(call, id, given);
  const part = downloadPart(call, url);
  const address = part && parseFileAddress(part.text);
  const reads = { ...sharing.reads, registration: registrationsOf(address) };
  await call.open(reads);
  const own = part !== undefined && (part.here || isOurs(call, part.text));
  if (url !== '' && !own && !isLink(url)) throw badParameter('url', 'must be an https address');
  if ((url === '' || own) && size > call.limits.file_size)
    throw badParameter('size', `must be at most ${call.limits.file_size}`);
  if (own) {
    const issued = address && 'random' in address && isOurs(call, part.text) ? address : undefined;
    const file = await register(call, sharing, size, issued);
    return fileReply(id, file, stableUrl(call, id, file));
  }
  const random = newRandom();
  const file = await sharing.share((sequence, next) =>
    url === ''
      ? reserveSteps(call.app, id, sequence, { ...next, random }, call.now + RESERVATION_LIFE * 1000)
      : shareSteps(call.app, id, sequence, { ...next, url }, call.limits.files),
  );
  return fileReply(id, file, file.url ?? (await uploadUrl(call, id, file)));
}

const registrationsOf = (address: ReturnType<typeof parseFileAddress>) =>
  address && 'random' in address ? [registrationOf(address.random)] : [];

function uploadUrl(call: Call, group: number, file: SharedFile): Promise<string> {
  const key = incomingObject(call.app, group, reservedName(file.id, file.random ?? ''));
  return presignPut(key, file, call.limits.upload_life);
}

/** Whatever a browser takes for an address of another server, and nothing that it would run. */
function isLink(url: string): boolean {
  return URL.parse(url)?.protocol === 'https:';
}
