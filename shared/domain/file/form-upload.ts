import { groupOf } from '../../data/group-repo.ts';
import { presignForm, type UploadForm } from '../../storage/form.ts';
import { avatarObject, incomingObject } from '../../storage/names.ts';
import type { Call } from '../call.ts';
import { actorRelation, permit } from '../group/permissions.ts';
import { newRandom } from '../ids.ts';
import { avatarAddress, uploadAddress } from './address.ts';

/** What clients of the form uploads expect: where and what to post, and the address that the file will have. */
const answer = ({ url, fields }: UploadForm, download_url: string) => ({
  upload_url: url,
  upload_method: 'POST' as const,
  oss_body_param: fields,
  download_url,
});

const form = ({ limits }: Call, key: string) => presignForm(key, limits.file_size, limits.upload_life);

/**
 * A form that uploads what is to become a file of the group, once whoever asked registers `download_url` by
 * `group/file/upload`. @throws Refusal 20001 20011
 */
export async function chatForm(call: Call, id: number) {
  const { group, me } = await call.open({ group: groupOf(call.app, id), me: actorRelation(call, id) });
  permit(call, 'upload_file', group, me);
  const random = newRandom();
  return answer(await form(call, incomingObject(call.app, id, random)), uploadAddress(call, id, call.me ?? 0, random));
}

/** A form that uploads an avatar, of a person or of a group; it is there at once, and nobody's until a profile names it. */
async function avatarForm(call: Call) {
  const random = newRandom();
  return answer(await form(call, avatarObject(call.app, random)), avatarAddress(call, random));
}

export async function userAvatarForm(call: Call) {
  await call.open([]);
  return avatarForm(call);
}

/** @throws Refusal 20001 20011 20012 as for changing the group's avatar */
export async function groupAvatarForm(call: Call, id: number) {
  const { group, me } = await call.open({ group: groupOf(call.app, id), me: actorRelation(call, id) });
  permit(call, 'change_info', group, me);
  return avatarForm(call);
}
