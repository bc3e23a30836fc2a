import type { Call } from '../../call/call.ts';
import { groupOf } from '../../data/group-repo.ts';
import { newRandom } from '../../ids.ts';
import { presignForm, type UploadForm } from '../../storage/form.ts';
import { incomingAvatar, incomingObject } from '../../storage/names.ts';
import { actorMembership, permit } from '../group/permissions.ts';
import { avatarAddress, uploadAddress } from './address.ts';
import { postAddress } from './posted-form.ts';

/**
 * What clients of the form uploads expect: where and what to post, and the address that the file will have.
 * @param post takes forms that leave out fields, with small files; S3 itself takes whole forms only
 */
const answer = ({ url, fields }: UploadForm, post: string, download_url: string) => ({
  upload_url: post,
  upload_method: 'POST' as const,
  oss_body_param: fields,
  direct_url: url,
  download_url,
});

/**
 * A form that uploads what is to become a file of the group, once whoever asked registers `download_url` by
 * `group/file/upload`. @throws ApiError groupMissing, needsMember
 */
export async function chatForm(call: Call, id: number) {
  const { group, me } = await call.open({ group: groupOf(call.app, id), me: actorMembership(call, id) });
  permit(call, 'upload_file', group, me);
  const random = newRandom();
  const { file_size, upload_life } = call.limits;
  const form = await presignForm(incomingObject(call.app, id, random), file_size, upload_life);
  return answer(form, postAddress(call, random, id), uploadAddress(call, id, call.me ?? 0, random));
}

/**
 * A form that uploads an avatar of a person or of a group. Its address leads to the first upload, and nobody's avatar
 * until a profile or a group names it.
 */
async function avatarForm(call: Call) {
  const random = newRandom();
  const { avatar_size, upload_life } = call.limits;
  const form = await presignForm(incomingAvatar(call.app, random), avatar_size, upload_life);
  return answer(form, postAddress(call, random), avatarAddress(call, random));
}

export async function userAvatarForm(call: Call) {
  await call.open([]);
  return avatarForm(call);
}

/** @throws ApiError groupMissing, needsMember, needsAdmin as for changing the group's avatar */
export async function groupAvatarForm(call: Call, id: number) {
  const { group, me } = await call.open({ group: groupOf(call.app, id), me: actorMembership(call, id) });
  permit(call, 'change_info', group, me);
  return avatarForm(call);
}
