/** What a user may do, and why not: the decision of the service, and the event that led to it. */
import { useEffect, useState } from 'preact/hooks';
import type { Group, RosterEvent } from '../../client/roster.ts';
import { useCall } from '../call.ts';
import { type FoundGroup, type FoundUser, findGroups, findUser } from '../lookup.ts';
import { Act } from '../parts/act.tsx';
import { Badge, Facts, GroupLink, Heading, Left, Shown, Time, UserLink } from '../parts/bits.tsx';
import { EventType, What, Who } from '../parts/events.tsx';
import { Told } from '../parts/trouble.tsx';
import { numberOf } from '../past.ts';
import { hrefOf, refine } from '../router.ts';
import { session } from '../session.ts';
import { useWords } from '../text/words.ts';
import { memberQuestion } from './group-members.tsx';

type Action = 'connect' | 'subscribe' | 'publish';
type Explained = Awaited<ReturnType<NonNullable<typeof session.value>['client']['admin']['accessExplain']>>;

export function WhyPage({ user, group }: { user: string; group: string }) {
  const w = useWords();
  const [typed, setTyped] = useState({ user, group });
  useEffect(() => setTyped({ user, group }), [user, group]);
  const submit = (event: Event) => {
    event.preventDefault();
    refine({ user: typed.user.trim(), group: typed.group.trim() });
  };
  return (
    <>
      <Heading title={w.why.title} />
      <p class="lead">{w.why.lead}</p>
      <form class="question" onSubmit={submit}>
        <label class="field">
          <span>{w.why.user}</span>
          <input
            name="user"
            required
            autocomplete="off"
            spellcheck={false}
            value={typed.user}
            onInput={(event) => setTyped({ ...typed, user: event.currentTarget.value })}
          />
        </label>
        <label class="field">
          <span>{w.why.group}</span>
          <input
            name="group"
            autocomplete="off"
            spellcheck={false}
            value={typed.group}
            onInput={(event) => setTyped({ ...typed, group: event.currentTarget.value })}
          />
        </label>
        <button type="submit" class="main">
          {w.why.ask}
        </button>
      </form>
      {user !== '' && <Found key={`${user}/${group}`} user={user} group={group} />}
    </>
  );
}

interface Subject {
  user: FoundUser | { user_id: number; username?: undefined };
  groups: FoundGroup[];
}

function Found({ user, group }: { user: string; group: string }) {
  const w = useWords();
  const answer = useCall(
    async (signal): Promise<Subject> => {
      const current = session.value!;
      const [found, groups] = await Promise.all([
        findUser(current, user, signal),
        group === '' ? [] : findGroups(current, group, signal),
      ]);
      // An id that is no longer there has a decision, too: that it is gone.
      const known = found ?? (/^\d+$/.test(user) ? { user_id: Number(user) } : undefined);
      if (!known) throw new Told(w.why.noUser(user));
      if (group !== '' && groups.length === 0) {
        if (!/^\d+$/.test(group)) throw new Told(w.why.noGroup(group));
        return { user: known, groups: [{ group_id: Number(group), name: w.group(Number(group)) }] };
      }
      return { user: known, groups };
    },
    [user, group],
  );
  return (
    <Shown answer={answer}>
      {({ user: { user_id }, groups }) =>
        groups.length > 1 ? (
          <>
            <p>{w.why.manyGroups}</p>
            <ul class="links">
              {groups.map(({ group_id, name }) => (
                <li key={group_id}>
                  <a href={hrefOf(['why'], { user: user_id, group: group_id })}>
                    {name} <small>{w.group(group_id)}</small>
                  </a>
                </li>
              ))}
            </ul>
          </>
        ) : (
          <Decisions user={user_id} group={groups[0]?.group_id} />
        )
      }
    </Shown>
  );
}

function Decisions({ user, group }: { user: number; group: number | undefined }) {
  const { client } = session.value!;
  const actions: Action[] = group === undefined ? ['connect'] : ['connect', 'subscribe', 'publish'];
  const answer = useCall(
    (signal) =>
      Promise.all(
        actions.map((action) =>
          client.admin.accessExplain(
            { action, user_id: user, ...(action !== 'connect' && { group_id: group! }) },
            { signal },
          ),
        ),
      ),
    [user, group],
  );
  return (
    <>
      <p class="subject">
        <UserLink id={user} />
        {group !== undefined && (
          <>
            {' · '}
            <GroupLink id={group} />
          </>
        )}
      </p>
      <Shown answer={answer}>
        {(decisions) => (
          <div class="decisions">
            {decisions.map((decision, index) => {
              const action = actions[index]!;
              const same = decisions.findIndex(({ allow, code }) => !allow && code === decision.code) < index;
              return (
                <Verdict
                  key={action}
                  action={action}
                  decision={decision}
                  user={user}
                  group={group}
                  // What refuses the first of them refuses the others: it is explained once.
                  whole={decision.allow || !same}
                  again={answer.again}
                />
              );
            })}
          </div>
        )}
      </Shown>
    </>
  );
}

interface VerdictProps {
  action: Action;
  decision: Explained;
  user: number;
  group: number | undefined;
  whole: boolean;
  again(): void;
}

function Verdict({ action, decision, user, group, whole, again }: VerdictProps) {
  const w = useWords();
  const { allow, code, role, until, event } = decision;
  const reasons: Record<string, string> = w.why.reasons;
  const reason = allow ? (action === 'connect' ? reasons[200] : reasons[action]) : (reasons[code] ?? decision.reason);
  return (
    <section class={`card verdict ${allow ? 'may' : 'may-not'}`} aria-label={w.why[action]}>
      <header>
        <h2>{w.why[action]}</h2>
        <Badge kind={allow ? 'good' : 'bad'}>{allow ? w.why.may : w.why.mayNot}</Badge>
      </header>
      <p class="because">
        {reason} {!allow && <small>({code})</small>}
      </p>
      {allow && role !== null && <p class="order">{(w.roles as readonly string[])[role]}</p>}
      {whole && !allow && <Since event={event} until={until} again={again} />}
      {whole && !allow && <Mends code={code} user={user} group={group} again={again} />}
      {allow && until !== -1 && (
        <p class="order">
          <Left ms={until} ended={again} />
        </p>
      )}
    </section>
  );
}

/** Since when, by whom, and until when. */
function Since({ event, until, again }: { event: RosterEvent | null; until: number; again(): void }) {
  const w = useWords();
  return (
    <>
      {event ? <Cause event={event} /> : <p class="none">{w.why.noEvent}</p>}
      <Facts of={[[w.why.until, until === -1 ? w.why.untilChanged : <Left key="left" ms={until} ended={again} />]]} />
    </>
  );
}

function Cause({ event }: { event: RosterEvent }) {
  const w = useWords();
  return (
    <Facts
      of={[
        [w.why.since, <Time key="since" ms={Date.parse(event.time)} plain />],
        [w.why.by, <Who key="who" event={event} />],
        [
          w.events.what,
          <>
            <What event={event} />{' '}
            <a href={hrefOf(['events', numberOf(event)])}>
              <EventType type={event.type} />
            </a>
          </>,
        ],
      ]}
    />
  );
}

/** What would let the user do it. */
function Mends({ code, user, group, again }: { code: number; user: number; group: number | undefined; again(): void }) {
  const w = useWords();
  const { client, names } = session.value!;
  const answer = useCall(
    async (signal) => {
      if (group === undefined || ![20011, 20026, 20027].includes(code)) return undefined;
      const info = await client.group.info({ group_id: group }, { signal });
      if (code !== 20011) return { info, blocked: false };
      const { data } = await client.admin.userGroups({ user_id: user, limit: 100 }, { signal });
      return { info, blocked: data.some((one) => one.group_id === group && one.state === 'blocked') };
    },
    [code, user, group],
  );
  const name = (id: number) => names.users.get(id)?.username ?? w.user(id);
  const inGroup = (info: Group, action: 'add' | 'unban' | 'unblock') => (
    <Act
      key={action}
      label={w.room[action]}
      scope="groups"
      kind="main"
      question={() => memberQuestion(action, [user], { group: info, again }, w, name)}
    />
  );
  const { info, blocked } = answer.data ?? {};
  if (code === 10010)
    return (
      <div class="actions">
        <Act
          label={w.act.enable}
          scope="users"
          kind="main"
          question={() => ({
            title: w.act.enableAsk(name(user)),
            tells: w.act.enableTells,
            action: w.act.enable,
            after: again,
            run: async () => {
              await client.user.enable({ list: [user] });
              return w.act.doneNamed(w.act.enable, name(user));
            },
          })}
        />
        <a class="button" href={hrefOf(['users', user])}>
          {w.why.see} {name(user)}
        </a>
      </div>
    );
  if (!info || group === undefined) return null;
  return (
    <>
      {blocked && <p class="trouble warn">{w.why.blockedToo}</p>}
      <div class="actions">
        {code === 20011 && (blocked ? inGroup(info, 'unblock') : inGroup(info, 'add'))}
        {code === 20026 && inGroup(info, 'unban')}
        {code === 20027 && (
          <Act
            label={w.room.unsilence}
            scope="groups"
            kind="main"
            question={() => ({
              title: w.room.unsilenceAsk(info.name),
              tells: w.room.unsilenceTells,
              action: w.room.unsilence,
              after: again,
              run: async () => {
                await client.group.settingsUnbanAll({ group_id: group });
                return w.act.doneNamed(w.room.unsilence, info.name);
              },
            })}
          />
        )}
        <a class="button" href={hrefOf(['groups', group, ...(code === 20026 ? ['banned'] : [])])}>
          {w.why.see} {info.name}
        </a>
      </div>
    </>
  );
}
