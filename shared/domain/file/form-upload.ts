import type { Call } from '../../call/call.ts';
import { type GroupId, newRandom } from '../../ids.ts';
import { MEGABYTE } from '../../limits.ts';
import * as objects from '../../storage/object-repo.ts';
import { groupRead } from '../group/command.ts';
import { avatarAddress, uploadAddress } from './address.ts';
import { postAddress } from './posted-form.ts';

/**
 * What clients of form uploads expect: where and what to post, and the address that the file will have.
 * @param post takes small files in forms that lack fields of S3's form
 */
const answer = ({ url, fields }: objects.UploadForm, post: string, download_url: string) => ({
  upload_url: post,
  upload_method: 'POST' as const,
  oss_body_param: fields,
  direct_url: url,
  download_url,
});

/**
 * A form for the upload of a file of the group. The upload becomes a file once the same caller registers `download_url`
 * by `group/file/upload`. @throws ApiError groupMissing, needsMember
 */
export async function chatForm(call: Call, id: GroupId) {
  call.uses('uploads_per_hour');
  await groupRead(call, id, 'upload_file', {});
  const random = newRandom();
  const { file_size: size, upload_life: seconds } = call.limits;
  const form = await objects.uploadForm(call.app, id, random, { size, seconds });
  return answer(form, postAddress(call, random, id), uploadAddress(call, id, call.me ?? 0, random));
}

/**
 * A form for the upload of an avatar, of a user or of a group. Its address leads to the first upload. It is nobody's
 * avatar until a profile or a group names it.
 */
async function avatarForm(call: Call) {
  const random = newRandom();
  const { avatar_size: size, upload_life: seconds } = call.limits;
  // What it takes is published, whether or not anything names it.
  call.uses('upload_megabytes_per_day', size / MEGABYTE);
  const form = await objects.avatarForm(call.app, random, { size, seconds });
  return answer(form, postAddress(call, random), avatarAddress(call, random));
}

/** Refused where nothing is left of either. How large an avatar may be is known once the call is open. */
function avatarUses(call: Call) {
  call.uses('uploads_per_hour');
  call.uses('upload_megabytes_per_day', 0);
}

export async function userAvatarForm(call: Call) {
  avatarUses(call);
  await call.open([]);
  return avatarForm(call);
}

/** @throws ApiError groupMissing, needsMember, needsAdmin as for changing the group's avatar */
export async function groupAvatarForm(call: Call, id: GroupId) {
  avatarUses(call);
  await groupRead(call, id, 'change_info', {});
  return avatarForm(call);
}
