import type { Call } from '../../call/call.ts';
import { Redirect } from '../../call/redirect.ts';
import { fileOf, registrationOf } from '../../data/file-repo.ts';
import { groupOf } from '../../data/group-repo.ts';
import { ApiError, badParameter } from '../../errors.ts';
import * as objects from '../../storage/object-repo.ts';
import { actorMembership, permit } from '../group/permissions.ts';
import { isOurs, parseAvatarAddress, parseFileAddress } from './address.ts';
import { findAvatar } from './avatar.ts';
import { downloadUrl } from './reply.ts';

/**
 * Leads a member from a file's stable address to a temporary one. The address of a form's upload takes one more round
 * trip: the registration says which file the upload became.
 * @throws ApiError fileMissing, groupMissing, needsMember
 */
export async function downloadFile(call: Call, sign: string): Promise<Redirect> {
  const address = parseFileAddress(sign);
  if (!address) throw await missing(call);
  const { app } = call;
  const { group, me, ...found } = await call.open({
    group: groupOf(app, address.group),
    me: actorMembership(call, address.group),
    file: 'file' in address ? [fileOf(app, address.group, address.file)] : [],
    registered: 'random' in address ? [registrationOf(address.random)] : [],
  });
  if (!isOurs(call, sign)) throw new ApiError('fileMissing');
  if (call.headerGroup !== undefined && call.headerGroup !== address.group)
    throw badParameter('group_id', 'the header names another group than the address');
  permit(call, 'files', group, me);
  const [registered] = found.registered;
  const [file] = registered ? await call.open([fileOf(app, address.group, registered.file)]) : found.file;
  if (file?.published === undefined) throw new ApiError('fileMissing');
  return new Redirect(await downloadUrl(call, address.group, file));
}

/** Leads any caller of the app to an avatar. @throws ApiError fileMissing */
export async function downloadAvatar(call: Call, name: string): Promise<Redirect> {
  const random = parseAvatarAddress(name);
  if (!random) throw await missing(call);
  await call.open([]);
  if (!isOurs(call, name) || !(await findAvatar(call.app, random))) throw new ApiError('fileMissing');
  return new Redirect(await objects.avatarUrl({ app: call.app, random }, call.limits.download_life));
}

async function missing(call: Call): Promise<ApiError> {
  await call.open([]);
  return new ApiError('fileMissing');
}
