import { andThen } from '../verdict.ts';
import type { Command } from './command.ts';
import { answersNewFile, changesFile, FILE, FILE_ERRORS, isUploader } from './file.ts';

export const linkFile: Command = {
  op: 'file/link',
  weight: 2,
  freeWeight: 5,
  errors: FILE_ERRORS,
  draw: ({ by, likely, members, group }) => ({ op: 'file/link', actor: by(likely(members)), group }),
  request: ({ group }) => [
    'POST /group/file/upload',
    { group_id: group, ...FILE, size: 1, url: 'https://example.com/file' },
  ],
  permitted: (oracle, call) =>
    andThen(oracle.permit(call, 'member'), () => oracle.room(oracle.at.published(call.group).length)),
  changed: changesFile,
  effect({ at }, call, id) {
    const file = at.file(call.group, id);
    return file?.published !== undefined && file.url !== undefined && isUploader(call, file);
  },
  succeeded: (_call, success) => void answersNewFile(success),
};
