import type { Call } from '../../call/call.ts';
import * as files from '../../data/file-repo.ts';
import { registrationOf } from '../../data/file-repo.ts';
import { badParameter } from '../../errors.ts';
import { type GroupId, newRandom } from '../../ids.ts';
import { MEGABYTE, RESERVATION_LIFE } from '../../limits.ts';
import * as objects from '../../storage/object-repo.ts';
import { downloadPart, isOurs, parseFileAddress } from './address.ts';
import { register } from './registration.ts';
import { fileReply, stableUrl } from './reply.ts';
import { type GivenFile, Sharing } from './sharing.ts';

/**
 * Shares a file. Without `url` its number is reserved, and `url` of the answer takes the upload of exactly this size and
 * type; the list shows it once it is there. With the address of a form's upload, the upload becomes the file. With the
 * address of another server, the file is a link.
 * @throws ApiError badParameter, groupMissing, needsMember
 */
export async function upload(call: Call, id: GroupId, given: GivenFile) {
  const { url, size } = given;
  call.uses('uploads_per_hour');
  const sharing = new Sharing(call, id, given);
  const part = downloadPart(call, url);
  // A link takes no room.
  if (url === '' || part) call.uses('upload_megabytes_per_day', size / MEGABYTE);
  const address = part && parseFileAddress(part.text);
  const registration = address && 'random' in address ? [registrationOf(address.random)] : [];
  await call.open({ ...sharing.reads, registration });
  const { app, limits, now } = call;
  const own = part !== undefined && (part.here || isOurs(call, part.text));
  if (url !== '' && !own && !isLink(url)) throw badParameter('url', 'must be an https address');
  if ((url === '' || own) && size > limits.file_size) throw badParameter('size', `must be at most ${limits.file_size}`);
  if (own) {
    const issued = address && 'random' in address && isOurs(call, part.text) ? address : undefined;
    const file = await register(call, sharing, size, issued);
    return fileReply(id, file, stableUrl(call, id, file));
  }
  const random = newRandom();
  const file = await sharing.share((sequence, next) =>
    url === ''
      ? files.reserve(app, id, sequence, { ...next, random }, now + RESERVATION_LIFE * 1000)
      : files.add(app, id, sequence, { ...next, url }, limits.files),
  );
  return fileReply(id, file, file.url ?? (await objects.uploadUrl(app, id, file, limits.upload_life)));
}

/** An address of another server that browsers open, and do not run. */
const isLink = (url: string): boolean => URL.parse(url)?.protocol === 'https:';
