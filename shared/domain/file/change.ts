import type { Call } from '../../call/call.ts';
import type { BatchPlan } from '../../call/transact.ts';
import { fileOf, isReserved, removeFile, renameFile, type SharedFile, uncountFiles } from '../../data/file-repo.ts';
import { groupOf } from '../../data/group-repo.ts';
import { putJob } from '../../data/job-repo.ts';
import { ADMIN_ROLE } from '../../data/membership-repo.ts';
import { ApiError } from '../../errors.ts';
import { deleteObject } from '../../storage/objects.ts';
import { actorMembership, type GroupActor, permit, sameRole } from '../group/permissions.ts';
import { objectOf } from './publication.ts';
import { downloadUrl, fileReply } from './reply.ts';

/** @throws ApiError fileRight to whoever neither uploaded it nor administers the group */
function mayChange(actor: GroupActor, { uploader }: SharedFile): void {
  if (actor.role < ADMIN_ROLE && actor.user !== uploader) throw new ApiError('fileRight');
}

/**
 * Section 7.28: gives a file another name; its object is not touched.
 * @throws ApiError groupMissing, needsMember, fileMissing, fileRight
 */
export async function renameSharedFile(call: Call, id: number, number: number, name: string) {
  const reads = {
    group: groupOf(call.app, id),
    me: actorMembership(call, id),
    file: fileOf(call.app, id, number),
  };
  const renamed = await call.change(reads, ({ group, me, file }) => {
    const { actor } = permit(call, 'change_file', group, me);
    if (file?.published === undefined) throw new ApiError('fileMissing');
    mayChange(actor, file);
    return {
      steps: [renameFile(call.app, id, file, name, call.now), ...sameRole(call.app, id, actor)],
      answer: () => ({ ...file, name, updatedAt: call.now }),
    };
  });
  return fileReply(id, renamed, await downloadUrl(call, id, renamed));
}

/**
 * Section 7.25: removes files, each entry on its own; their objects are gone before the answer. A job of the same
 * transaction removes them too, should this call not get to it.
 * @throws ApiError groupMissing, needsMember
 */
export async function deleteFiles(call: Call, id: number, numbers: number[]) {
  const reads = {
    group: groupOf(call.app, id),
    me: actorMembership(call, id),
    files: numbers.map((number) => fileOf(call.app, id, number)),
  };
  const objects = new Map<number, string>();
  const plan: BatchPlan<typeof reads, number> = {
    permit: ({ group, me }) => void permit(call, 'change_file', group, me),
    entry: ({ group, me, files }, { index }) => {
      const { actor } = permit(call, 'change_file', group, me);
      const found = files[index];
      const own = isReserved(found, call.now) && found?.uploader === actor.user;
      if (!found || (found.published === undefined && !own)) throw new ApiError('fileMissing');
      mayChange(actor, found);
      const object = objectOf(call.app, id, found);
      if (object !== undefined) objects.set(index, object);
      return removeFile(call.app, id, found, call.now);
    },
    shared: ({ group, me, files }, batch) => {
      const { actor } = permit(call, 'change_file', group, me);
      const published = batch.filter(({ index }) => files[index]?.published !== undefined).length;
      const going = batch.flatMap(({ index }) => objects.get(index) ?? []);
      return [
        ...sameRole(call.app, id, actor),
        ...(published > 0 ? [uncountFiles(call.app, id, published)] : []),
        ...(going.length > 0
          ? [putJob({ kind: 'deleted files', app: call.app, group: id, objects: going, createdAt: call.now })]
          : []),
      ];
    },
  };
  const errors = await call.changeEach(reads, numbers, plan);
  const gone = [...objects].filter(([index]) => errors[index] === undefined).map(([, object]) => object);
  await Promise.all(gone.map(deleteObject));
  return numbers.map((number, index) => ({
    file_id: number,
    result: errors[index] ? ('fail' as const) : ('success' as const),
    reason: errors[index]?.message ?? '',
  }));
}
