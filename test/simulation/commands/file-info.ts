import { andThen, may, unchanged } from '../verdict.ts';
import type { Call, Command } from './command.ts';
import { answered, drawFile, FILE_ERRORS, type FileReply, READ_ONLY, shown } from './file.ts';

export const fileInfo: Command<Call & { file: number }> = {
  op: 'file/info',
  weight: 2,
  freeWeight: 1,
  errors: FILE_ERRORS,
  draw(draw) {
    const { by, likely, members, group } = draw;
    const { id } = drawFile(draw);
    return { op: 'file/info', actor: by(likely(members)), group, file: id };
  },
  request: ({ group, file }) => ['GET /group/file', { group_id: group, file_id: file }],
  permitted: (oracle, call) =>
    andThen(oracle.permit(call, 'member'), () =>
      oracle.at.file(call.group, call.file)?.published === undefined ? may('fileMissing') : unchanged,
    ),
  ...READ_ONLY,
  succeeded({ group, file }, { data, moments, wrong }) {
    const reply = answered(data as FileReply);
    if (!moments.some((moment) => shown(moment.file(group, file)) === reply))
      wrong(`shows ${reply}, which was never so`);
  },
};
