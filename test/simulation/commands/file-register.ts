import { incomingObject } from '../../../shared/storage/names.ts';
import type { Form } from '../files.ts';
import { andThen, may, succeeds } from '../verdict.ts';
import type { Call, Command } from './command.ts';
import { answersNewFile, changesFile, FILE, FILE_ERRORS } from './file.ts';
import { issueForm } from './file-form.ts';

type RegisterFile = Call & { form: Form; size: number };

export const registerFile: Command<RegisterFile> = {
  op: 'file/register',
  weight: 7,
  freeWeight: 0,
  errors: FILE_ERRORS,
  draw(draw) {
    const { random, moment, by, anyone, group, world } = draw;
    // Without a form, somebody asks for one.
    if (world.forms.length === 0) return issueForm.draw(draw) as RegisterFile;
    const sizeOf = (form: Form) => moment.object(incomingObject(moment.app, form.group, form.random))?.size;
    const posted = world.forms.filter((form) => sizeOf(form) !== undefined);
    const form = random.one(posted.length > 0 && random.chance(0.8) ? posted : world.forms);
    const size = sizeOf(form);
    const actor = random.chance(0.9) ? form.user || undefined : by(anyone);
    const to = random.chance(0.95) ? form.group : group;
    const other = size === undefined || random.chance(0.05);
    return { op: 'file/register', actor, group: to, form, size: other ? 1 : size };
  },
  request: ({ group, size, form }) => ['POST /group/file/upload', { group_id: group, ...FILE, size, url: form.url }],
  permitted: (oracle, call) =>
    andThen(oracle.permit(call, 'member'), () => {
      const { form, group, actor = 0 } = call;
      const issued = form.group === group && form.user === actor;
      if (!issued || oracle.at.registered(form.random)) return may('badParameter');
      return oracle.room(oracle.at.published(group).length);
    }),
  uploaded: ({ at }, { form, size }) => at.object(incomingObject(at.app, form.group, form.random))?.size === size,
  changed: changesFile,
  effect({ at }, { group, form, size }, id) {
    const { published, size: registered, object } = at.file(group, id) ?? {};
    return published !== undefined && registered === size && object?.startsWith(form.random) === true;
  },
  succeeded: (_call, success) => void answersNewFile(success),
  excused(call, { outcome, writes, oracles }) {
    // The write was judged when it was made; the bucket may have held the upload at another moment.
    if (outcome === 'success') return writes > 0;
    // The bucket is read after the records.
    const permitted = oracles.some((oracle) => succeeds(oracle.permitted(call)));
    return outcome === 'badParameter' && permitted && oracles.some((oracle) => !oracle.uploaded(call));
  },
};
