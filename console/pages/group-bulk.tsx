/** An action for each user of a pasted or dropped list. */
import { useRef, useState } from 'preact/hooks';
import { endedBy } from '../call.ts';
import { findUser } from '../lookup.ts';
import { changeMembers, type MemberAction, TAKES } from '../members.ts';
import { may } from '../parts/act.tsx';
import { FieldOf } from '../parts/ask.tsx';
import { Badge, Card } from '../parts/bits.tsx';
import { sentenceOf, Told } from '../parts/trouble.tsx';
import { hrefOf } from '../router.ts';
import { session } from '../session.ts';
import { useWords, type Words } from '../text/words.ts';
import { tellsOf } from './group-members.tsx';
import { durationField, type InGroup } from './in-group.ts';

type BulkAction = MemberAction | 'set';
const ACTIONS: readonly BulkAction[] = [
  'add',
  'remove',
  'ban',
  'unban',
  'block',
  'unblock',
  'promote',
  'demote',
  'set',
];

/** What became of an entry of the list. */
interface Row {
  text: string;
  user_id?: number;
  state: 'open' | 'done' | 'failed';
  /** Why it failed, or what was changed. */
  says?: string;
}

/** Names that are looked up at the same time. */
const AT_ONCE = 4;

/** Ids and usernames of a list or a CSV file: the first cell of each line that is not a heading, or all words. */
function entriesOf(text: string): { entries: string[]; doubled: number } {
  const words = text
    .split(/[\s,;]+/)
    .map((word) => word.replace(/^["'@]+|["']+$/g, ''))
    .filter((word) => word !== '' && !/^(user_?id|username|id|name|user|用户名?|用户id)$/i.test(word));
  const entries = [...new Set(words)];
  return { entries, doubled: words.length - entries.length };
}

export function Bulk({ group, again }: InGroup) {
  const w = useWords();
  const { room, bulk } = w;
  const current = session.value!;
  const [text, setText] = useState('');
  const [action, setAction] = useState<BulkAction>('add');
  const [minutes, setMinutes] = useState('60');
  const [share, setShare] = useState('20');
  const [agreed, setAgreed] = useState(false);
  const [rows, setRows] = useState<readonly Row[]>([]);
  const [stage, setStage] = useState<'' | 'looking' | 'working'>('');
  const [progress, setProgress] = useState<[done: number, all: number]>([0, 0]);
  const [told, setTold] = useState('');
  const [error, setError] = useState<unknown>();
  const [onlyFailed, setOnlyFailed] = useState(false);
  const end = useRef(new AbortController());
  const { entries, doubled } = entriesOf(text);

  const take = async (files: FileList | null | undefined) => {
    const [file] = files ?? [];
    if (file) setText(await file.text());
  };
  const change = (next: () => void) => {
    setAgreed(false);
    next();
  };

  /** The rows with their users. Each name is looked up once. */
  const look = async (begun: readonly Row[], signal: AbortSignal) => {
    const found = [...begun];
    const unknown = found.flatMap((row, index) => (row.user_id === undefined ? [index] : []));
    let done = 0;
    setStage('looking');
    setProgress([0, unknown.length]);
    const worker = async () => {
      for (let index = unknown.shift(); index !== undefined && !signal.aborted; index = unknown.shift()) {
        const row = found[index]!;
        const isId = /^[1-9]\d{0,15}$/.test(row.text);
        const user = isId ? { user_id: Number(row.text) } : await findUser(current, row.text, signal);
        found[index] = user ? { ...row, user_id: user.user_id } : { ...row, state: 'failed', says: bulk.unknownUser };
        setProgress(([, all]) => [++done, all]);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    return found;
  };

  const run = async (begun: readonly Row[], dry: boolean) => {
    end.current = new AbortController();
    const { signal } = end.current;
    setError(undefined);
    setTold('');
    setOnlyFailed(false);
    let latest: readonly Row[] = begun;
    const show = (next: readonly Row[]) => {
      latest = next;
      setRows(next);
    };
    try {
      show(await look(begun, signal));
      if (signal.aborted) return;
      if (action === 'set') await setMembers(latest, dry, signal, show);
      else await changeEach(latest, signal, show);
      if (!dry) again();
    } catch (thrown) {
      if (!signal.aborted && !endedBy(thrown)) setError(thrown);
    } finally {
      setStage('');
    }
  };

  const changeEach = async (all: readonly Row[], signal: AbortSignal, show: (rows: readonly Row[]) => void) => {
    if (action === 'set') return;
    const users = [
      ...new Set(all.flatMap(({ user_id, state }) => (user_id !== undefined && state === 'open' ? [user_id] : []))),
    ];
    setStage('working');
    setProgress([0, users.length]);
    let rows = all;
    let done = 0;
    await changeMembers(current.client, { group_id: group.group_id, action, minutes: Number(minutes) }, users, {
      signal,
      told: (answered) => {
        const by = new Map(answered.map((entry) => [entry.user_id, entry]));
        rows = rows.map((row) => {
          const entry = row.user_id === undefined ? undefined : by.get(row.user_id);
          if (!entry || row.state !== 'open') return row;
          return entry.result === 'success'
            ? { ...row, state: 'done', says: bulk.success }
            : { ...row, state: 'failed', says: entry.reason };
        });
        show(rows);
        done += answered.length;
        setProgress([done, users.length]);
      },
    });
  };

  /** The members become exactly those of the list. */
  const setMembers = async (
    all: readonly Row[],
    dry: boolean,
    signal: AbortSignal,
    show: (rows: readonly Row[]) => void,
  ) => {
    const strangers = all.filter(({ user_id }) => user_id === undefined);
    // Somebody who was meant to stay would be removed.
    if (strangers.length > 0)
      throw new Told(
        `${bulk.unknownUser}: ${strangers
          .map(({ text }) => text)
          .slice(0, 10)
          .join(', ')}`,
      );
    const user_ids = [...new Set(all.map(({ user_id }) => user_id!))];
    const asked = { group_id: group.group_id, user_ids, dry_run: dry, max_remove_share: Number(share) / 100 };
    setStage('working');
    let cursor: string | undefined;
    let changes: Row[] = [];
    let summary = '';
    let total = 0;
    do {
      const answer = await current.client.admin.groupMembersSet(
        { ...asked, ...(cursor !== undefined && { cursor }) },
        { signal },
      );
      if (summary === '') {
        summary = bulk.changes(answer.to_add, answer.to_remove, answer.unchanged);
        total = answer.to_add + answer.to_remove + answer.to_promote + answer.to_demote;
      }
      changes = [
        ...changes,
        ...answer.data.map(({ user_id, change, result, reason }): Row => {
          const says = bulk.change[change];
          const name = current.names.users.get(user_id)?.username ?? String(user_id);
          return result === 'success'
            ? { text: name, user_id, state: dry ? 'open' : 'done', says }
            : { text: name, user_id, state: 'failed', says: `${says}: ${reason}` };
        }),
      ];
      show(changes);
      setProgress([changes.length, total]);
      cursor = dry ? undefined : answer.cursor;
    } while (cursor !== undefined && !signal.aborted);
    setTold(summary);
  };

  const fresh = () => entries.map((text): Row => ({ text, state: 'open' }));
  const failed = rows.filter(({ state }) => state === 'failed');
  const done = rows.filter(({ state }) => state === 'done').length;
  const open = rows.length - failed.length - done;
  const busy = stage !== '';
  const risky = action === 'set' || TAKES.has(action);
  const allowed = may('groups');
  return (
    <>
      <p class="lead">{bulk.lead(group.name)}</p>
      <div class="bulk">
        <div class="field">
          <label for="bulk-list">{bulk.list}</label>
          <textarea
            id="bulk-list"
            rows={7}
            spellcheck={false}
            disabled={busy}
            value={text}
            onInput={(event) => {
              const { value } = event.currentTarget;
              change(() => setText(value));
            }}
          />
          <p class="hint" role="status">
            {bulk.found(entries.length)}
            {doubled > 0 && ` · ${bulk.doubled(doubled)}`}
          </p>
        </div>
        <div>
          <label
            class="drop"
            onDragOver={(event) => event.preventDefault()}
            onDrop={(event) => {
              event.preventDefault();
              void take(event.dataTransfer?.files);
            }}
          >
            <span>{bulk.drop}</span>
            <input
              type="file"
              accept=".csv,.txt,text/*"
              aria-label={bulk.file}
              onChange={(event) => take(event.currentTarget.files)}
            />
          </label>
          <FieldOf
            field={{
              name: 'action',
              label: bulk.action,
              kind: 'choice',
              options: ACTIONS.map((one) => [one, room[one]] as const),
            }}
            value={action}
            set={(value) => change(() => setAction(value as BulkAction))}
          />
          <p class="hint">{action === 'set' ? room.setTells : tellsOf(action, w)}</p>
          {action === 'ban' && <FieldOf field={durationField(w)} value={minutes} set={setMinutes} />}
          {action === 'set' && (
            <FieldOf
              field={{ name: 'share', label: bulk.share, kind: 'number', least: 0, most: 100 }}
              value={share}
              set={setShare}
            />
          )}
        </div>
      </div>
      <div class="buttons start">
        {action === 'set' && (
          <button type="button" disabled={entries.length === 0 || busy} onClick={() => run(fresh(), true)}>
            {bulk.preview}
          </button>
        )}
        {risky && (
          <label class="check">
            <input type="checkbox" checked={agreed} onChange={(event) => setAgreed(event.currentTarget.checked)} />
            <span>{bulk.confirm}</span>
          </label>
        )}
        <button
          type="button"
          class={risky ? 'danger' : 'main'}
          disabled={entries.length === 0 || busy || (risky && !agreed) || !allowed}
          {...(!allowed && { title: w.scope.missing('groups') })}
          onClick={() => run(fresh(), false)}
        >
          {room[action]}: {bulk.start(entries.length)}
        </button>
        {busy && (
          <button type="button" onClick={() => end.current.abort()}>
            {bulk.stop}
          </button>
        )}
      </div>
      {busy && (
        <p class="progress" role="status">
          {stage === 'looking' ? bulk.looking : bulk.working} {bulk.progress(...progress)}
          <progress aria-label={bulk.working} value={progress[0]} max={Math.max(1, progress[1])} />
        </p>
      )}
      {error !== undefined && (
        <p class="trouble" role="alert">
          {sentenceOf(error, w)}
          {rows.some(({ state }) => state === 'open') && !busy && action !== 'set' && (
            <button type="button" onClick={() => run(rows, false)}>
              {w.again}
            </button>
          )}
        </p>
      )}
      {rows.length > 0 && (
        <Card
          title={bulk.results}
          beside={
            <span class="marks" role="status">
              {told}
              {done > 0 && <Badge kind="good">{bulk.succeeded(done)}</Badge>}
              {failed.length > 0 && <Badge kind="bad">{bulk.failed(failed.length)}</Badge>}
              {open > 0 && !told && <Badge>{bulk.open(open)}</Badge>}
            </span>
          }
        >
          {failed.length > 0 && !busy && (
            <div class="buttons start">
              {action !== 'set' && (
                <button
                  type="button"
                  onClick={() =>
                    run(
                      rows.map((row): Row => (row.state === 'failed' ? retried(row) : row)),
                      false,
                    )
                  }
                >
                  {bulk.retry(failed.length)}
                </button>
              )}
              <label class="check">
                <input
                  type="checkbox"
                  checked={onlyFailed}
                  onChange={(event) => setOnlyFailed(event.currentTarget.checked)}
                />
                <span>{bulk.onlyFailed}</span>
              </label>
            </div>
          )}
          <Results rows={onlyFailed ? failed : rows} w={w} />
        </Card>
      )}
    </>
  );
}

const retried = ({ text, user_id }: Row): Row => ({ text, state: 'open', ...(user_id !== undefined && { user_id }) });

/** Rows that are shown at most; all are counted. */
const SHOWN = 500;

function Results({ rows, w }: { rows: readonly Row[]; w: Words }) {
  return (
    <>
      <ul class="results">
        {rows.slice(0, SHOWN).map(({ text, user_id, state, says }) => (
          <li key={`${text}/${user_id}`} class={state}>
            {user_id === undefined ? <span>{text}</span> : <a href={hrefOf(['users', user_id])}>{text}</a>}
            <span>{says}</span>
          </li>
        ))}
      </ul>
      {rows.length > SHOWN && <p class="order">{w.of(SHOWN, rows.length)}</p>}
    </>
  );
}
