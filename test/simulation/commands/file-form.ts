import { parseFileAddress } from '../../../shared/domain/file/address.ts';
import { randomOf } from '../../../shared/storage/names.ts';
import { opaque } from '../../support/files.ts';
import { andThen, unchanged } from '../verdict.ts';
import type { Command } from './command.ts';
import { FILE_ERRORS, READ_ONLY } from './file.ts';

export const issueForm: Command = {
  op: 'file/form',
  weight: 4,
  freeWeight: 0,
  errors: FILE_ERRORS,
  draw: ({ by, likely, members, group }) => ({ op: 'file/form', actor: by(likely(members)), group }),
  request: ({ group }) => ['GET /file/upload/chat', { file_type: 103, to_id: group, to_type: 2 }],
  permitted: (oracle, call) => andThen(oracle.permit(call, 'member'), () => unchanged),
  ...READ_ONLY,
  succeeded({ group, actor }, { data, files, wrong }) {
    const { oss_body_param, download_url: url } = data as { oss_body_param: { key: string }; download_url: string };
    const address = parseFileAddress(opaque(url).file_sign ?? '');
    const random = randomOf(oss_body_param.key);
    if (!address || !('random' in address) || address.random !== random) wrong(`issues ${url} for ${random}`);
    files.issued({ group, user: actor ?? 0, random, url });
  },
};
