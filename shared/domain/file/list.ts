import { fileOf, type SharedFile } from '../../data/file-repo.ts';
import { groupOf } from '../../data/group-repo.ts';
import { FILE, filePartition } from '../../data/keys.ts';
import { MOST_BYTES } from '../../data/sizes.ts';
import { ApiError } from '../../errors.ts';
import type { Call } from '../call.ts';
import { ListPage } from '../cursor.ts';
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
  const page = new ListPage<SharedFile>(`file/list ${id}`, given, {
    partition: filePartition(call.app, id),
    index: 'lsi1',
    prefix: FILE,
    form: /^F#\d{13}#\d{16}$/,
    entryBytes: MOST_BYTES.file,
    descending: true,
  });
  const reads = { group: groupOf(call.app, id), me: actorMembership(call, id), files: page.read };
  const { files } = await call.open(reads, ({ group, me }) => {
    page.verify(call);
    permit(call, 'files', group, me);
  });
  return page.answer(call, files, (one) => fileReply(id, one, stableUrl(call, id, one)));
}
