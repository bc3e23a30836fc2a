import { fileOf, registrationOf } from '../../data/file-repo.ts';
import { groupOf } from '../../data/group-repo.ts';
import { badParameter, Refusal } from '../../refusal.ts';
import { presignGet } from '../../storage/presign.ts';
import type { Call } from '../call.ts';
import { actorRelation, permit } from '../group/permissions.ts';
import { Redirect } from '../redirect.ts';
import { isOurs, parseAvatarAddress, parseFileAddress } from './address.ts';
import { findAvatar } from './avatar.ts';
import { downloadUrl } from './record.ts';

/**
 * Leads whoever is in the group from a file's stable address to one that is good for a while. The address of a form's
 * upload takes one more trip: what was registered says which file it became.
 * @throws Refusal 20022 20001 20011
 */
export async function downloadFile(call: Call, sign: string): Promise<Redirect> {
  const address = parseFileAddress(sign);
  if (!address) throw await missing(call);
  const { app } = call;
  const { group, me, ...found } = await call.open({
    group: groupOf(app, address.group),
    me: actorRelation(call, address.group),
    file: 'file' in address ? [fileOf(app, address.group, address.file)] : [],
    registered: 'random' in address ? [registrationOf(address.random)] : [],
  });
  if (!isOurs(call, sign)) throw new Refusal('fileMissing');
  if (call.headerGroup !== undefined && call.headerGroup !== address.group)
    throw badParameter('group_id', 'the header names another group than the address');
  permit(call, 'files', group, me);
  const [registered] = found.registered;
  const [file] = registered ? await call.open([fileOf(app, address.group, registered.file)]) : found.file;
  if (file?.published === undefined) throw new Refusal('fileMissing');
  return new Redirect(await downloadUrl(call, address.group, file));
}

/** Leads anybody of the app to an avatar. @throws Refusal 20022 */
export async function downloadAvatar(call: Call, name: string): Promise<Redirect> {
  const random = parseAvatarAddress(name);
  if (!random) throw await missing(call);
  await call.open([]);
  const key = isOurs(call, name) ? await findAvatar(call.app, random) : undefined;
  if (key === undefined) throw new Refusal('fileMissing');
  return new Redirect(await presignGet(key, { name: 'avatar' }, call.limits.download_life));
}

async function missing(call: Call): Promise<Refusal> {
  await call.open([]);
  return new Refusal('fileMissing');
}
