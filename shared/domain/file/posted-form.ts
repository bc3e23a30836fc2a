import { usesOfAddress } from '../../call/address.ts';
import type { Call } from '../../call/call.ts';
import { ApiError, badParameter } from '../../errors.ts';
import type { GroupId } from '../../ids.ts';
import * as objects from '../../storage/object-repo.ts';
import { isOurs, signed } from './address.ts';

/**
 * Addresses that take a form with a file for S3, from clients that leave out fields of S3's form. Whoever holds one may
 * upload until it expires, as by S3's form. Their opaque part is `p.group.expires.random.mac`, with an empty group for
 * an avatar; numbers in base 36.
 */
const FORM = /^p\.([0-9a-z]{0,11})\.([0-9a-z]{1,11})\.([\w-]{22})\.[\w-]{22}$/;

/** The address for an upload to the group, or of an avatar. */
export function postAddress(call: Call, random: string, group?: GroupId): string {
  const expires = call.now + call.limits.upload_life * 1000;
  const sign = signed(call, `p.${group?.toString(36) ?? ''}.${expires.toString(36)}.${random}`);
  return `${call.origin}/file/upload/form?${new URLSearchParams({ app_id: call.app, form_sign: sign })}`;
}

/**
 * Puts the file of a posted form where S3's form would put it. A form that is posted again replaces its upload.
 * @throws ApiError badParameter, fileMissing where the address is wrong or has expired
 */
export async function postFile(call: Call, sign: string, read: () => Promise<Buffer<ArrayBuffer>>): Promise<true> {
  usesOfAddress(call, 'form_uploads_per_hour', false);
  await call.open([]);
  const [, group, expires = '', random] = FORM.exec(sign) ?? [];
  if (random === undefined || !isOurs(call, sign))
    throw new ApiError('fileMissing', 'form_sign: is of no form of this app');
  if (Number.parseInt(expires, 36) <= call.now)
    throw new ApiError('fileMissing', 'form_sign: has expired: ask for a new form');
  const file = await read();
  const most = group ? call.limits.file_size : call.limits.avatar_size;
  if (file.length > most) throw badParameter('file', `must have at most ${most} bytes`);
  if (group) await objects.putFormUpload(call.app, Number.parseInt(group, 36) as GroupId, random, file);
  else await objects.putAvatarUpload({ app: call.app, random }, file);
  return true;
}
