import { useState } from 'preact/hooks';
import type { Group } from '../../client/roster.ts';
import { endedBy } from '../call.ts';
import { may } from '../parts/act.tsx';
import { FieldOf, say } from '../parts/ask.tsx';
import { mayHaveHappened, sentenceOf } from '../parts/trouble.tsx';
import { session } from '../session.ts';
import { useWords } from '../text/words.ts';
import type { InGroup } from './in-group.ts';

const TEXTS = ['name', 'description', 'ext'] as const;
const FLAGS = ['member_invite', 'member_modify', 'history_visible', 'read_ack', 'hide_member_info'] as const;
type Edited = Record<(typeof TEXTS)[number] | (typeof FLAGS)[number] | 'apply_approval', string>;

const editedOf = (group: Group): Edited => {
  const { name, description, ext, apply_approval } = group;
  const flags = Object.fromEntries(FLAGS.map((flag) => [flag, String(group[flag])])) as Record<
    (typeof FLAGS)[number],
    string
  >;
  return { name, description, ext, apply_approval: String(apply_approval), ...flags };
};

/** The call that changes one field. */
async function change(group_id: number, field: keyof Edited, text: string): Promise<unknown> {
  const { group } = session.value!.client;
  const value = text === 'true';
  switch (field) {
    case 'name':
      return group.infoName({ group_id, value: text });
    case 'description':
      return group.infoDescription({ group_id, value: text });
    case 'ext':
      return group.infoExt({ group_id, value: text });
    case 'apply_approval':
      return group.settingsRequireAdminApproval({ group_id, apply_approval: Number(text) });
    case 'member_invite':
      return group.settingsAllowMemberInvitation({ group_id, value });
    case 'member_modify':
      return group.settingsAllowMemberModify({ group_id, value });
    case 'history_visible':
      return group.settingsHistoryVisible({ group_id, value });
    case 'read_ack':
      return group.settingsEnableReadAck({ group_id, value });
    case 'hide_member_info':
      return group.settingsHideMemberInfo({ group_id, value });
  }
}

/** Settings of the group. Each is a call of its own; what is saved stays saved where a later one fails. */
export function GroupSettings({ group, again }: InGroup) {
  const w = useWords();
  const { fields } = w.room;
  const [saved, setSaved] = useState(() => editedOf(group));
  const [edited, setEdited] = useState(saved);
  const [error, setError] = useState<unknown>();
  const [waiting, setWaiting] = useState(false);
  const changed = (Object.keys(edited) as (keyof Edited)[]).filter((field) => edited[field] !== saved[field]);
  const set = (field: keyof Edited) => (value: string) => setEdited((before) => ({ ...before, [field]: value }));
  const submit = async (event: Event) => {
    event.preventDefault();
    setWaiting(true);
    setError(undefined);
    try {
      for (const field of changed) {
        await change(group.group_id, field, edited[field]);
        setSaved((before) => ({ ...before, [field]: edited[field] }));
      }
      say(w.room.saved);
      again();
    } catch (thrown) {
      if (!endedBy(thrown)) setError(thrown);
    } finally {
      setWaiting(false);
    }
  };
  const allowed = may('groups');
  return (
    <form class="settings" onSubmit={submit}>
      <FieldOf field={{ name: 'name', label: fields.name, required: true }} value={edited.name} set={set('name')} />
      <FieldOf
        field={{ name: 'description', label: fields.description, kind: 'long' }}
        value={edited.description}
        set={set('description')}
      />
      <FieldOf
        field={{
          name: 'apply_approval',
          label: fields.apply,
          kind: 'choice',
          options: fields.applyWays.map((label, value) => [String(value), label] as const),
        }}
        value={edited.apply_approval}
        set={set('apply_approval')}
      />
      {FLAGS.map((flag) => (
        <FieldOf
          key={flag}
          field={{ name: flag, label: fields[flag], kind: 'check' }}
          value={edited[flag]}
          set={set(flag)}
        />
      ))}
      <FieldOf field={{ name: 'ext', label: fields.ext, kind: 'long' }} value={edited.ext} set={set('ext')} />
      {error !== undefined && (
        <p class="trouble" role="alert">
          {sentenceOf(error, w)} {mayHaveHappened(error) && w.trouble.maybe}
        </p>
      )}
      <div class="buttons">
        {changed.length > 0 && <span class="hint">{w.room.unsaved}</span>}
        <button
          type="submit"
          class="main"
          disabled={changed.length === 0 || !allowed}
          aria-busy={waiting}
          {...(!allowed && { title: w.scope.missing('groups') })}
        >
          {w.save}
        </button>
      </div>
    </form>
  );
}
