import { andThen } from '../verdict.ts';
import type { Call, Command } from './command.ts';
import { changesFile, drawFile, FILE_ERRORS } from './file.ts';

export const renameFile: Command<Call & { file: number; name: string }> = {
  op: 'file/update_name',
  weight: 3,
  freeWeight: 3,
  errors: FILE_ERRORS,
  draw(draw) {
    const { id, actor } = drawFile(draw);
    const name = `name ${draw.world.nth}`;
    return { op: 'file/update_name', actor: draw.by(actor), group: draw.group, file: id, name };
  },
  request: ({ group, file, name }) => ['POST /group/file/update_name', { group_id: group, file_id: file, name }],
  permitted: (oracle, call) =>
    andThen(oracle.permit(call, 'member'), () => oracle.changeFile(call, call.file, { deletes: false })),
  changed: changesFile,
  effect: ({ at }, { group, name }, id) => at.file(group, id)?.name === name,
};
