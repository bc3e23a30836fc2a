import { useState } from 'preact/hooks';
import { useCall, useList } from '../call.ts';
import { changeMembers, type MemberAction, TAKES } from '../members.ts';
import { useUserName } from '../names.ts';
import { Act } from '../parts/act.tsx';
import type { Question } from '../parts/ask.tsx';
import { Id, Table, Time, UserLink } from '../parts/bits.tsx';
import { SearchField } from '../parts/search.tsx';
import { Told, Trouble } from '../parts/trouble.tsx';
import { Virtual } from '../parts/virtual.tsx';
import { place, refine } from '../router.ts';
import { session } from '../session.ts';
import { useStore } from '../store.ts';
import { useWords, type Words } from '../text/words.ts';
import { durationField, type InGroup } from './in-group.ts';
import { Ban, Role } from './user.tsx';

/** A member, as far as it is known. */
interface Row {
  user_id: number;
  display_name: string;
  join_time: number;
  role?: number;
  /** Until when the member is banned (s); 0 not, −1 for ever. */
  banned?: number;
}

const PAGE = 1000;

/** What happens to members of the group, in words. */
export function tellsOf(action: MemberAction, { room }: Words): string {
  return room[`${action}Tells`];
}

/** Asks before something is done to users in the group. Who failed is shown. */
export function memberQuestion(
  action: MemberAction,
  users: readonly number[],
  { group, again }: InGroup,
  w: Words,
  nameOf: (user: number) => string,
): Question {
  const [only] = users;
  const label = w.room[action];
  return {
    title:
      users.length === 1 && only !== undefined
        ? w.room.askOne(label, nameOf(only), group.name)
        : w.room.askMany(label, users.length, group.name),
    tells: tellsOf(action, w),
    action: label,
    danger: TAKES.has(action),
    fields: action === 'ban' ? [durationField(w)] : [],
    after: again,
    run: async ({ minutes = '60' }) => {
      const change = { group_id: group.group_id, action, minutes: Number(minutes) };
      const entries = await changeMembers(session.value!.client, change, users);
      const failed = entries.filter(({ result }) => result === 'fail');
      if (failed.length === 0) return w.act.doneNamed(label, w.people(entries.length));
      if (entries.length === 1) throw new Told(failed[0]?.reason ?? '');
      return {
        show: (
          <>
            <p>
              {w.bulk.succeeded(entries.length - failed.length)}, {w.bulk.failed(failed.length)}
            </p>
            <Table label={w.bulk.results} head={[w.bulk.entry, w.bulk.result]}>
              {failed.map(({ user_id, reason }) => (
                <tr key={user_id}>
                  <td>
                    <UserLink id={user_id} />
                  </td>
                  <td>{reason}</td>
                </tr>
              ))}
            </Table>
          </>
        ),
      };
    },
  };
}

export function Members({ group, again }: InGroup) {
  const w = useWords();
  const { client, names } = session.value!;
  const { group_id: id } = group;
  const { query } = useStore(place);
  const text = query.get('q') ?? '';
  const [chosen, setChosen] = useState<ReadonlySet<number>>(new Set());
  const [round, setRound] = useState(0);
  const admins = useCall((signal) => client.group.adminList({ group_id: id }, { signal }), [id, round]);
  const banned = useCall((signal) => client.group.bannedList({ group_id: id }, { signal }), [id, round]);
  const list = useList<Row>(
    async (cursor, signal) => {
      const going = cursor !== undefined && { cursor };
      if (text === '') return client.group.memberList({ group_id: id, limit: PAGE, ...going }, { signal });
      const by = /^[1-9]\d{0,15}$/.test(text) ? { user_id: Number(text) } : { text };
      const found = await client.admin.groupMembersSearch({ group_id: id, ...by, limit: 100, ...going }, { signal });
      for (const { user_id, username } of found.data)
        if (!names.users.get(user_id)) names.users.set(user_id, { username, nickname: '' });
      return { ...found, data: found.data.map((member) => ({ ...member, banned: member.ban_expire_time })) };
    },
    [id, text, round],
  );
  const adminIds = new Set(admins.data?.map(({ user_id }) => user_id));
  const bans = new Map(banned.data?.data.map(({ user_id, expired_time }) => [user_id, expired_time]));
  const count = text === '' && !list.ended ? Math.max(group.count, list.items.length) : list.items.length;
  const choose = (user: number, on: boolean) => {
    const next = new Set(chosen);
    if (on) next.add(user);
    else next.delete(user);
    setChosen(next);
  };
  const refresh = () => {
    setChosen(new Set());
    setRound((number) => number + 1);
    again();
  };
  const roleOf = (row: Row) => row.role ?? (row.user_id === group.owner_id ? 2 : adminIds.has(row.user_id) ? 1 : 0);
  return (
    <>
      <SearchField
        label={w.room.searchMembers}
        hint={w.room.searchHint}
        value={text}
        set={(q) => {
          setChosen(new Set());
          refine({ q });
        }}
      />
      <Chosen of={{ group, again: refresh }} chosen={chosen} clear={() => setChosen(new Set())} />
      {list.error !== undefined && <Trouble of={list} stale={list.items.length > 0} />}
      {count === 0 && !list.waiting && list.ended && <p class="none">{w.room.noMembers}</p>}
      {(count > 0 || list.waiting) && (
        <Virtual
          key={text}
          label={w.groups.members}
          head={['', w.users.username, w.room.displayName, w.person.role, w.person.joined, w.person.stateIn]}
          count={count}
          loaded={list.items.length}
          reach={(last) => {
            if (last >= list.items.length - PAGE / 4) list.more();
          }}
          row={(index) => {
            const row = list.items[index];
            return row ? (
              <MemberRow
                row={row}
                role={roleOf(row)}
                banned={row.banned ?? secondsOf(bans.get(row.user_id))}
                chosen={chosen.has(row.user_id)}
                choose={choose}
              />
            ) : (
              <td class="unloaded" colSpan={6}>
                <div />
              </td>
            );
          }}
        />
      )}
      <p class="order">
        {text === '' ? w.of(Math.min(list.items.length, count), count) : w.people(list.items.length)}
        {text !== '' && !list.ended && (
          <button type="button" class="quiet" onClick={list.more} aria-busy={list.waiting}>
            {w.more}
          </button>
        )}
      </p>
    </>
  );
}

const secondsOf = (ms: number | undefined) => (ms === undefined ? 0 : ms === -1 ? -1 : ms / 1000);

interface MemberRowProps {
  row: Row;
  role: number;
  banned: number;
  chosen: boolean;
  choose(user: number, on: boolean): void;
}

function MemberRow({ row, role, banned, chosen, choose }: MemberRowProps) {
  const w = useWords();
  const { user_id: user } = row;
  const name = useUserName(session.value!.names, user)?.username ?? w.user(user);
  return (
    <>
      <td>
        <input
          type="checkbox"
          aria-label={w.room.choose(name)}
          checked={chosen}
          onChange={(event) => choose(user, event.currentTarget.checked)}
        />
      </td>
      <td>
        <UserLink id={user} /> <Id of={user} />
      </td>
      <td>{row.display_name}</td>
      <td>
        <Role of={role} />
      </td>
      <td>
        <Time ms={row.join_time * 1000} />
      </td>
      <td>
        <Ban until={banned} />
      </td>
    </>
  );
}

const ACTIONS: readonly MemberAction[] = ['ban', 'unban', 'remove', 'block', 'promote', 'demote'];

/** What can be done to the chosen members. */
function Chosen({ of, chosen, clear }: { of: InGroup; chosen: ReadonlySet<number>; clear(): void }) {
  const w = useWords();
  const { users } = session.value!.names;
  const nameOf = (user: number) => users.get(user)?.username ?? w.user(user);
  return (
    <div class="chosen">
      <span aria-live="polite">{w.room.chosen(chosen.size)}</span>
      {ACTIONS.map((action) => (
        <Act
          key={action}
          label={w.room[action]}
          scope="groups"
          disabled={chosen.size === 0}
          question={() => memberQuestion(action, [...chosen], of, w, nameOf)}
        />
      ))}
      {chosen.size > 0 && (
        <button type="button" class="quiet" onClick={clear}>
          {w.cancel}
        </button>
      )}
    </div>
  );
}
