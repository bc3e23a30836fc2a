import type { Call } from '../../call/call.ts';
import type { SharedFile } from '../../data/file-repo.ts';
import * as files from '../../data/file-repo.ts';
import { fileOf, isReserved } from '../../data/file-repo.ts';
import { putJob } from '../../data/job-repo.ts';
import { ADMIN_ROLE } from '../../data/membership-repo.ts';
import { ApiError } from '../../errors.ts';
import type { GroupId } from '../../ids.ts';
import * as objects from '../../storage/object-repo.ts';
import { groupCommand, groupErrorsEach, resultOf } from '../group/command.ts';
import type { GroupActor } from '../group/permissions.ts';
import { downloadUrl, fileReply } from './reply.ts';

/** @throws ApiError fileRight where the actor neither uploaded the file nor is an admin */
function mayChange(actor: GroupActor, { uploader }: SharedFile): void {
  if (actor.role < ADMIN_ROLE && actor.user !== uploader) throw new ApiError('fileRight');
}

/**
 * Gives a file another name; its object stays.
 * @throws ApiError groupMissing, needsMember, fileMissing, fileRight
 */
export async function renameSharedFile(call: Call, id: GroupId, number: number, name: string) {
  const read = fileOf(call.app, id, number);
  const renamed = await groupCommand(call, id, 'change_file', read, ({ actor }, file) => {
    if (file?.published === undefined) throw new ApiError('fileMissing');
    mayChange(actor, file);
    return {
      steps: [files.rename(call.app, id, file, name, call.now)],
      answer: () => ({ ...file, name, updatedAt: call.now }),
    };
  });
  return fileReply(id, renamed, await downloadUrl(call, id, renamed));
}

/**
 * Deletes files, each entry on its own, and their objects before the answer. A job of the same transaction deletes the
 * objects too, in case that this call does not get to it.
 * @throws ApiError groupMissing, needsMember
 */
export async function deleteFiles(call: Call, id: GroupId, numbers: number[]) {
  const reads = numbers.map((number) => fileOf(call.app, id, number));
  /** The objects as the last decision on each entry found them: a reserved file may have been published before. */
  const found = new Map<number, string>();
  const errors = await groupErrorsEach(call, id, 'change_file', numbers, reads, {
    entry: ({ actor }, records, { index }) => {
      const file = records[index];
      const own = isReserved(file, call.now) && file?.uploader === actor.user;
      if (!file || (file.published === undefined && !own)) throw new ApiError('fileMissing');
      mayChange(actor, file);
      const object = objects.objectOf(call.app, id, file);
      if (object !== undefined) found.set(index, object);
      return files.remove(call.app, id, file, call.now);
    },
    group: (_, records, batch) => {
      const published = batch.filter(({ index }) => records[index]?.published !== undefined).length;
      const going = batch.flatMap(({ index }) => found.get(index) ?? []);
      return [
        ...(published > 0 ? [files.uncount(call.app, id, published)] : []),
        ...(going.length > 0
          ? [putJob({ kind: 'deleted files', app: call.app, group: id, objects: going, createdAt: call.now })]
          : []),
      ];
    },
  });
  const deleted = [...found].filter(([index]) => errors[index] === undefined).map(([, object]) => object);
  await Promise.all(deleted.map(objects.remove));
  return numbers.map((number, index) => ({ file_id: number, ...resultOf(errors[index]) }));
}
