import type { Call } from '../../call/call.ts';
import { ListPage } from '../../call/cursor.ts';
import { fileOf, filesNewestFirst } from '../../data/file-repo.ts';
import { ApiError } from '../../errors.ts';
import type { GroupId } from '../../ids.ts';
import { groupRead } from '../group/command.ts';
import { downloadUrl, fileReply, stableUrl } from './reply.ts';

/** One file, with an address to download it from. @throws ApiError groupMissing, needsMember, fileMissing */
export async function file(call: Call, id: GroupId, number: number) {
  const { records: found } = await groupRead(call, id, 'files', fileOf(call.app, id, number));
  if (found?.published === undefined) throw new ApiError('fileMissing');
  return fileReply(id, found, await downloadUrl(call, id, found));
}

/** The published files, the newest first. @throws ApiError groupMissing, needsMember */
export async function fileList(call: Call, id: GroupId, given: { cursor?: string | undefined; limit: number }) {
  const page = new ListPage(call, `file/list ${id}`, filesNewestFirst(call.app, id), given);
  const { records } = await groupRead(call, id, 'files', page.read);
  return page.answer(records, (one) => fileReply(id, one, stableUrl(call, id, one)));
}
