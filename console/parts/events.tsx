/** Events in words. */
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { RosterEvent } from '../../client/roster.ts';
import { EventsGone } from '../../client/roster.ts';
import { endedBy } from '../call.ts';
import { moment } from '../format.ts';
import { type EventFilter, numberOf, Past } from '../past.ts';
import { hrefOf } from '../router.ts';
import { session } from '../session.ts';
import { useWords, type Words } from '../text/words.ts';
import { Badge, GroupLink, Id, Sentence, Skeleton, Time, UserLink } from './bits.tsx';
import { Trouble } from './trouble.tsx';

/** What happened. */
export function What({ event }: { event: RosterEvent }) {
  const w = useWords();
  const { says } = w;
  // The service may have types that are newer than this page.
  const known = Object.hasOwn(says, event.type) ? says[event.type] : event.type;
  const { changed = [] } = event.data as { changed?: string[] };
  const text = changed.length === 1 && changed[0] === 'role' ? w.events.roleChanged : known;
  return <Sentence text={text} values={valuesOf(event, w)} />;
}

function valuesOf(event: RosterEvent, w: Words): Record<string, ComponentChildren> {
  const data = event.data as Record<string, unknown>;
  const number = (name: string) => (typeof data[name] === 'number' ? data[name] : undefined);
  const user = (name: string) => {
    const id = number(name);
    return id === undefined ? undefined : <UserLink id={id} />;
  };
  const group = number('group_id');
  const until = number('until');
  const reasons: Record<string, string> = w.events.reasons;
  const ways: Record<string, string> = w.events.via;
  const said = (texts: Record<string, string>, name: string) => texts[String(data[name])] ?? String(data[name] ?? '');
  const by = number('by');
  return {
    user: user('user_id'),
    group: group === undefined ? undefined : <GroupLink id={group} />,
    other: user('friend_id') ?? user('blocked_id'),
    owner: user('owner_id'),
    previous: user('previous_owner_id'),
    inviter: user('inviter_id'),
    device: number('device_sn'),
    devices: number('device_sn') === undefined ? w.events.allDevices : w.events.oneDevice(number('device_sn')!),
    number: number('announcement_id'),
    name: String(data.name ?? ''),
    token: String(data.token_id ?? ''),
    reason: said(reasons, 'reason'),
    via: (
      <>
        {said(ways, 'via')}
        {by !== undefined && (
          <>
            , {w.events.letIn} <UserLink id={by} />
          </>
        )}
      </>
    ),
    until: until === undefined ? '' : until === -1 ? w.forEver : w.until(moment(until)),
    changed: changedOf(event, w),
  };
}

function changedOf({ data }: RosterEvent, w: Words): string {
  const { changed = [], role } = data as { changed?: string[]; role?: number };
  return changed
    .map((name) => (name === 'role' && role !== undefined ? (w.events.role[role] ?? name) : name))
    .join(', ');
}

/** Who did it. */
export function Who({ event: { authtype, authid } }: { event: RosterEvent }) {
  const w = useWords();
  if (authtype === 'system') return <>{w.events.system}</>;
  if (authtype === 'operator')
    return (
      <>
        {w.events.operator} {authid}
      </>
    );
  if (authtype === 'app')
    return (
      <>
        {w.events.admin} {authid && <Id of={authid} />}
      </>
    );
  return (
    <>
      {authtype === 'app_as_user' && `${w.events.asUser} `}
      {authid && <UserLink id={Number(authid)} short />}
    </>
  );
}

/** Colour of the kind of change. */
const BAD =
  /deleted$|dissolved$|removed$|rejected$|declined$|\.banned$|\.blocked$|block\.added$|disabled$|revoked$|\.silenced$/;
const GOOD =
  /created$|added$|enabled$|approved$|accepted$|published$|\.unbanned$|\.unblocked$|block\.removed$|unsilenced$/;
const kindOf = (type: string) =>
  type !== 'user.block.removed' && BAD.test(type) ? 'bad' : GOOD.test(type) ? 'good' : 'plain';

export function EventLine({ event }: { event: RosterEvent }) {
  return (
    <li class={`event ${kindOf(event.type)}`}>
      <a class="when" href={hrefOf(['events', numberOf(event)])}>
        <Time ms={Date.parse(event.time)} />
      </a>
      <span class="what">
        <What event={event} />
      </span>
      <span class="who">
        <Who event={event} />
      </span>
    </li>
  );
}

export const EventType = ({ type }: { type: string }) => <Badge kind={kindOf(type)}>{type}</Badge>;

/** Events about a user or a group, the newest first. */
export function Timeline({ filter }: { filter: EventFilter }) {
  const w = useWords();
  const { client } = session.value!;
  const past = useRef<Past | undefined>(undefined);
  const [events, setEvents] = useState<RosterEvent[]>([]);
  const [error, setError] = useState<unknown>();
  const [waiting, setWaiting] = useState(true);
  const end = useRef(new AbortController());

  const older = async () => {
    const { signal } = end.current;
    setWaiting(true);
    setError(undefined);
    try {
      const more = await past.current!.older({ signal });
      if (!signal.aborted) setEvents((before) => [...before, ...more]);
    } catch (thrown) {
      if (!signal.aborted && !endedBy(thrown)) setError(thrown);
    } finally {
      if (!signal.aborted) setWaiting(false);
    }
  };
  useEffect(() => {
    end.current = new AbortController();
    past.current = new Past(client, filter);
    setEvents([]);
    void older();
    return () => end.current.abort();
  }, [filter.user_id, filter.group_id, filter.types]);

  const off = error instanceof EventsGone;
  const ended = past.current?.ended === true;
  return (
    <>
      {events.length > 0 && (
        <ol class="events">
          {events.map((event) => (
            <EventLine key={event.sequence} event={event} />
          ))}
        </ol>
      )}
      {waiting && events.length === 0 && <Skeleton lines={5} />}
      {!waiting && !error && events.length === 0 && ended && <p class="none">{w.events.none}</p>}
      {off ? <p class="none">{w.events.off}</p> : <Trouble of={{ error, again: older }} stale={events.length > 0} />}
      {!ended && !error && !(waiting && events.length === 0) && (
        <p class="more">
          <button type="button" onClick={older} aria-busy={waiting}>
            {w.events.older}
          </button>
        </p>
      )}
    </>
  );
}
