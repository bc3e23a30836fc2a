/** The feed of events, as they come. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { type EventPattern, EventsGone, type RosterEvent } from '../../client/roster.ts';
import { endedBy } from '../call.ts';
import { Badge, Heading, Skeleton, Time } from '../parts/bits.tsx';
import { EventLine } from '../parts/events.tsx';
import { Trouble } from '../parts/trouble.tsx';
import { type EventFilter, Past, sequenceOf } from '../past.ts';
import { place, refine } from '../router.ts';
import { session } from '../session.ts';
import { useStore } from '../store.ts';
import { useWords } from '../text/words.ts';

/** Events that are kept in the page. */
const MOST = 1000;

const PATTERNS: readonly EventPattern[] = [
  'user.*',
  'user.block.*',
  'session.*',
  'device.*',
  'friend.*',
  'group.*',
  'group.member.*',
  'group.user.*',
  'group.application.*',
  'group.invitation.*',
  'group.announcement.*',
  'group.file.*',
  'app.*',
];

const idOf = (text: string | null) => (text && /^[1-9]\d{0,15}$/.test(text) ? Number(text) : undefined);

export function EventsPage() {
  const w = useWords();
  const { query } = useStore(place);
  const [types, user, group] = [query.get('types') ?? '', idOf(query.get('user')), idOf(query.get('group'))];
  const [paused, setPaused] = useState(false);
  const set = (name: string, value: string) => refine({ ...Object.fromEntries(query), [name]: value.trim() });
  const filter: EventFilter = {
    ...(types && { types }),
    ...(user !== undefined && { user_id: user }),
    ...(group !== undefined && { group_id: group }),
  };
  return (
    <>
      <Heading
        title={w.events.title}
        beside={
          <p class="marks">
            <Badge kind={paused ? 'warn' : 'good'}>{paused ? w.events.paused : w.events.live}</Badge>
            <button type="button" aria-pressed={paused} onClick={() => setPaused(!paused)}>
              {paused ? w.events.resume : w.events.pause}
            </button>
          </p>
        }
      />
      <form class="search" onSubmit={(event) => event.preventDefault()}>
        <label class="inline">
          <span>{w.events.types}</span>
          <input
            list="event-types"
            name="types"
            autocomplete="off"
            spellcheck={false}
            placeholder={w.events.allTypes}
            value={types}
            onChange={(event) => set('types', event.currentTarget.value)}
          />
          <datalist id="event-types">
            {[...PATTERNS, ...Object.keys(w.says)].map((type) => (
              <option key={type} value={type} />
            ))}
          </datalist>
        </label>
        <label class="inline">
          <span>{w.events.user}</span>
          <input
            inputMode="numeric"
            name="user"
            size={12}
            autocomplete="off"
            value={query.get('user') ?? ''}
            onChange={(event) => set('user', event.currentTarget.value)}
          />
        </label>
        <label class="inline">
          <span>{w.events.group}</span>
          <input
            inputMode="numeric"
            name="group"
            size={12}
            autocomplete="off"
            value={query.get('group') ?? ''}
            onChange={(event) => set('group', event.currentTarget.value)}
          />
        </label>
      </form>
      <Feed key={`${types}/${user}/${group}`} filter={filter} paused={paused} />
    </>
  );
}

function Feed({ filter, paused }: { filter: EventFilter; paused: boolean }) {
  const w = useWords();
  const { client, waiting: patient } = session.value!;
  const past = useRef(new Past(client, filter));
  const [events, setEvents] = useState<readonly RosterEvent[]>([]);
  /** What came while the feed was paused, the newest first. */
  const [held, setHeld] = useState<readonly RosterEvent[]>([]);
  const pausing = useRef(paused);
  const [error, setError] = useState<unknown>();
  const [fault, setFault] = useState(false);
  const [waits, setWaits] = useState(true);
  const [looked, setLooked] = useState(false);
  const end = useRef(new AbortController());

  const older = async () => {
    const { signal } = end.current;
    setWaits(true);
    setError(undefined);
    try {
      const more = await past.current.older({ signal });
      if (signal.aborted) return false;
      setEvents((before) => [...before, ...more]);
      setLooked(true);
      return true;
    } catch (thrown) {
      if (!signal.aborted && !endedBy(thrown)) setError(thrown);
      return false;
    } finally {
      if (!signal.aborted) setWaits(false);
    }
  };

  const follow = async () => {
    const { signal } = end.current;
    const { types, user_id, group_id } = filter;
    const feed = patient.events({
      after: past.current.head > 0 ? sequenceOf(past.current.head) : 'now',
      ...(types && { types: types.split(',').map((type) => type.trim() as EventPattern) }),
      ...(user_id !== undefined && { user_id }),
      ...(group_id !== undefined && { group_id }),
      signal,
      onFault: () => setFault(true),
    });
    try {
      for await (const event of feed) {
        setFault(false);
        const add = (before: readonly RosterEvent[]) => [event, ...before].slice(0, MOST);
        if (pausing.current) setHeld(add);
        else setEvents(add);
      }
    } catch (thrown) {
      if (!signal.aborted && !endedBy(thrown)) setError(thrown);
    }
  };

  const start = async () => {
    if (await older()) void follow();
  };
  useEffect(() => {
    end.current = new AbortController();
    void start();
    return () => end.current.abort();
  }, []);
  useEffect(() => {
    pausing.current = paused;
    if (paused) return;
    setEvents((before) => [...held, ...before].slice(0, MOST));
    setHeld([]);
  }, [paused]);

  if (error instanceof EventsGone) return <p class="none">{w.events.off}</p>;
  const { ended } = past.current;
  const last = events.at(-1);
  return (
    <>
      {fault && (
        <p class="trouble warn" role="status">
          {w.events.fault}
        </p>
      )}
      {held.length > 0 && (
        <p class="held" role="status">
          {w.events.held(held.length)}
        </p>
      )}
      <Trouble of={{ error, again: looked ? older : start }} stale={events.length > 0} />
      {waits && events.length === 0 && <Skeleton lines={8} />}
      {events.length > 0 && (
        <ol class="events feed">
          {events.map((event) => (
            <EventLine key={event.sequence} event={event} />
          ))}
        </ol>
      )}
      {!waits && events.length === 0 && !error && <p class="none">{w.events.none}</p>}
      {looked &&
        (ended ? (
          <p class="order">{w.events.start}</p>
        ) : (
          <p class="more">
            <button type="button" onClick={older} aria-busy={waits}>
              {w.events.older}
            </button>{' '}
            {last && (
              <small>
                <Time ms={Date.parse(last.time)} />
              </small>
            )}
          </p>
        ))}
    </>
  );
}
