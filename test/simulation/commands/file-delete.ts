import { fileObject } from '../../../shared/storage/names.ts';
import type { Call, Command } from './command.ts';
import { changesFile, drawFile, FILE_ERRORS } from './file.ts';

export const deleteFiles: Command<Call & { files: number[] }> = {
  op: 'file/delete',
  weight: 7,
  freeWeight: 3,
  errors: FILE_ERRORS,
  draw(draw) {
    const { ids, actor } = drawFile(draw);
    const files = draw.random.some(ids.length > 0 ? ids : [1], 3);
    return { op: 'file/delete', actor: draw.by(actor), group: draw.group, files };
  },
  request: ({ group, files }) => ['POST /group/file/delete', { group_id: group, file_list: files }],
  permitted: (oracle, call) => oracle.permit(call, 'member'),
  entry: (oracle, call, id) => oracle.changeFile(call, id, { deletes: true }),
  changed: changesFile,
  effect: ({ at }, { group }, id) => at.file(group, id) === undefined,
  succeeded({ group }, { moments, changed, wrong }) {
    for (const id of changed) {
      const objects = new Set(moments.flatMap((moment) => moment.file(group, id)?.object ?? []));
      for (const object of objects)
        if (moments.every((moment) => moment.object(fileObject(moment.app, group, object))))
          wrong(`answers before the object of ${id} is gone`);
    }
  },
};
