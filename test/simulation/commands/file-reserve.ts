import { keyOf } from '../../support/files.ts';
import { andThen } from '../verdict.ts';
import type { Call, Command } from './command.ts';
import { answersNewFile, changesFile, FILE, FILE_ERRORS, isUploader } from './file.ts';

export const reserveFile: Command<Call & { size: number }> = {
  op: 'file/reserve',
  weight: 9,
  freeWeight: 3,
  errors: FILE_ERRORS,
  draw: ({ random, by, likely, members, group }) => ({
    op: 'file/reserve',
    actor: by(likely(members)),
    group,
    size: Number(random.weighted({ 0: 1, 1: 5, 2: 5 })),
  }),
  request: ({ group, size }) => ['POST /group/file/upload', { group_id: group, ...FILE, size }],
  // A reservation takes no place: the number of files may have been read a moment before.
  permitted: (oracle, call) =>
    andThen(oracle.permit(call, 'member'), () => oracle.room(oracle.at.sequenceThen(call.group)?.files)),
  changed: changesFile,
  effect({ at }, call, id) {
    const file = at.file(call.group, id);
    return file !== undefined && file.published === undefined && file.size === call.size && isUploader(call, file);
  },
  succeeded(_call, success) {
    const { url, size } = answersNewFile(success);
    success.files.reserved({ key: keyOf(url), size });
  },
};
