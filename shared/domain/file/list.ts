import type { Call } from '../../call/call.ts';
import { ListPage } from '../../call/cursor.ts';
import { fileOf, filesNewestFirst } from '../../data/file-repo.ts';
import { groupOf } from '../../data/group-repo.ts';
import { ApiError } from '../../errors.ts';
import { actorMembership, permit } from '../group/permissions.ts';
import { downloadUrl, fileReply, stableUrl } from './reply.ts';

/** Section 7.24: one file, with an address to fetch it from. @throws ApiError groupMissing, needsMember, fileMissing */
export async function file(call: Call, id: number, number: number) {
  const {
    group,
    me,
    file: found,
  } = await call.open({
    group: groupOf(call.app, id),
    me: actorMembership(call, id),
    file: fileOf(call.app, id, number),
  });
  permit(call, 'files', group, me);
  if (found?.published === undefined) throw new ApiError('fileMissing');
  return fileReply(id, found, await downloadUrl(call, id, found));
}

/** Section 7.27: the files that are there, the newest first. @throws ApiError groupMissing, needsMember */
export async function fileList(call: Call, id: number, given: { cursor?: string | undefined; limit: number }) {
  const page = new ListPage(call, `file/list ${id}`, filesNewestFirst(call.app, id), given);
  const reads = { group: groupOf(call.app, id), me: actorMembership(call, id), files: page.read };
  const { files } = await call.open(reads, ({ group, me }) => void permit(call, 'files', group, me));
  return page.answer(files, (one) => fileReply(id, one, stableUrl(call, id, one)));
}
