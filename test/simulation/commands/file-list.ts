import { andThen, unchanged } from '../verdict.ts';
import { type Command, GROUP_ERRORS } from './command.ts';
import { answered, type FileReply, READ_ONLY, shown } from './file.ts';

export const listFiles: Command = {
  op: 'file/list',
  weight: 2,
  freeWeight: 1,
  errors: GROUP_ERRORS,
  draw: ({ by, likely, members, group }) => ({ op: 'file/list', actor: by(likely(members)), group }),
  request: ({ group }) => ['GET /group/file/list', { group_id: group }],
  permitted: (oracle, call) => andThen(oracle.permit(call, 'member'), () => unchanged),
  ...READ_ONLY,
  succeeded({ group }, { data, moments, wrong }) {
    const reply = (data as FileReply[]).map(answered).sort().join(' ');
    if (!moments.some((moment) => moment.published(group).map(shown).sort().join(' ') === reply))
      wrong(`lists ${reply}, which was never so`);
  },
};
