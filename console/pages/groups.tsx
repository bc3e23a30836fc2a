import { useList } from '../call.ts';
import { count } from '../format.ts';
import { Badge, Heading, Id, Rows, Time, UserLink } from '../parts/bits.tsx';
import { SearchField } from '../parts/search.tsx';
import { hrefOf, place, refine } from '../router.ts';
import { session } from '../session.ts';
import { useStore } from '../store.ts';
import { useWords } from '../text/words.ts';

const isId = (text: string) => /^[1-9]\d{0,15}$/.test(text);

export function GroupsPage() {
  const w = useWords();
  const { client } = session.value!;
  const { query } = useStore(place);
  const text = query.get('q') ?? '';
  const list = useList(
    async (cursor, signal) => {
      const paging = { limit: 50, ...(cursor !== undefined && { cursor }) };
      if (text === '') return client.admin.groupList(paging, { signal });
      if (isId(text) && cursor === undefined) {
        const found = await client.admin.groupSearch({ group_id: Number(text) }, { signal });
        // A name may be a number, too.
        if (found.data.length > 0) return found;
      }
      return client.admin.groupSearch({ prefix: text, ...paging }, { signal });
    },
    [text],
  );
  return (
    <>
      <Heading title={w.groups.title} />
      <SearchField label={w.groups.search} hint={w.groups.hint} value={text} set={(q) => refine({ q })} />
      {text === '' && <p class="order">{w.groups.newest}</p>}
      <Rows
        list={list}
        label={w.groups.title}
        none={w.groups.none}
        head={[w.name, w.id, w.groups.type, w.groups.members, w.groups.owner, w.groups.state, w.groups.created]}
        row={({ group_id, name, type, count: members, capacity, owner_id, status, ban_expire_time, created_at }) => (
          <tr key={group_id}>
            <td>
              <a href={hrefOf(['groups', group_id])}>{name}</a>
            </td>
            <td>
              <Id of={group_id} />
            </td>
            <td>{w.groups.types[type]}</td>
            <td class="number" title={w.of(members, capacity)}>
              {count(members)}
            </td>
            <td>{owner_id > 0 && <UserLink id={owner_id} />}</td>
            <td>
              <GroupState status={status} silence={ban_expire_time} />
            </td>
            <td>
              <Time ms={created_at * 1000} />
            </td>
          </tr>
        )}
      />
    </>
  );
}

/** @param silence until when only admins may speak (s); 0 not, −1 for ever */
function GroupState({ status, silence }: { status: number; silence: number }) {
  const w = useWords();
  if (status === 1) return <Badge>{w.groups.dissolved}</Badge>;
  if (silence === -1 || silence * 1000 > Date.now()) return <Badge kind="warn">{w.groups.silenced}</Badge>;
  return <Badge kind="good">{w.groups.normal}</Badge>;
}
