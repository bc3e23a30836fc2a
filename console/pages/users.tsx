import { useState } from 'preact/hooks';
import { useList } from '../call.ts';
import { Badge, Heading, Id, Rows, Time } from '../parts/bits.tsx';
import { SearchField } from '../parts/search.tsx';
import { hrefOf, place, refine } from '../router.ts';
import { session } from '../session.ts';
import { useStore } from '../store.ts';
import { useWords } from '../text/words.ts';

type By = 'auto' | 'id' | 'name' | 'mobile';

interface Row {
  user_id: number;
  username: string;
  status: number;
  nick_name?: string;
  mobile?: string;
  created_at?: number;
}

/** What a text is searched as. Usernames are never all digits, and short numbers are no mobile numbers. */
function searchOf(text: string, by: By) {
  if (by === 'mobile' || (by === 'auto' && /^\+\d{5,15}$/.test(text))) return { mobile: text };
  if (by === 'id' || (by === 'auto' && /^[1-9]\d{0,15}$/.test(text))) return { user_id: Number(text) };
  return { prefix: text };
}

export function UsersPage() {
  const w = useWords();
  const { client } = session.value!;
  const { query } = useStore(place);
  const text = query.get('q') ?? '';
  const [by, setBy] = useState<By>('auto');
  const list = useList<Row>(
    (cursor, signal) =>
      text === ''
        ? client.user.list({ page_size: 100, ...(cursor !== undefined && { cursor }) }, { signal })
        : client.admin.userSearch(
            { ...searchOf(text, by), limit: 50, ...(cursor !== undefined && { cursor }) },
            { signal },
          ),
    [text, by],
  );
  const searched = text !== '';
  const choices: [By, string][] = [
    ['auto', w.users.byAny],
    ['id', w.users.byId],
    ['name', w.users.byName],
    ['mobile', w.users.byMobile],
  ];
  return (
    <>
      <Heading title={w.users.title} />
      <SearchField label={w.users.search} hint={w.users.hint} value={text} set={(q) => refine({ q })}>
        <label class="inline">
          <span>{w.users.by}</span>
          <select value={by} onChange={(event) => setBy(event.currentTarget.value as By)}>
            {choices.map(([value, label]) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </select>
        </label>
      </SearchField>
      {!searched && <p class="order">{w.users.order}</p>}
      <Rows
        list={list}
        label={w.users.title}
        none={w.users.none}
        head={
          searched
            ? [w.users.username, w.users.nickname, w.id, w.users.mobile, w.users.state, w.users.registered]
            : [w.users.username, w.id, w.users.state]
        }
        row={({ user_id, username, nick_name, mobile, status, created_at }) => (
          <tr key={user_id}>
            <td>
              <a href={hrefOf(['users', user_id])}>{username}</a>
            </td>
            {searched && <td>{nick_name}</td>}
            <td>
              <Id of={user_id} />
            </td>
            {searched && <td>{mobile}</td>}
            <td>
              <UserState status={status} />
            </td>
            {searched && <td>{created_at ? <Time ms={created_at * 1000} /> : null}</td>}
          </tr>
        )}
      />
    </>
  );
}

export function UserState({ status }: { status: number }) {
  const w = useWords();
  if (status === 1) return <Badge kind="bad">{w.users.disabled}</Badge>;
  if (status === 2) return <Badge>{w.users.deleted}</Badge>;
  return <Badge kind="good">{w.users.active}</Badge>;
}
