import { EventsGone, type RosterEvent } from '../../client/roster.ts';
import { useCall } from '../call.ts';
import { Card, Copy, Facts, Heading, Id, Shown, Time } from '../parts/bits.tsx';
import { EventLine, EventType, What, Who } from '../parts/events.tsx';
import { numberOf, sequenceOf } from '../past.ts';
import { hrefOf } from '../router.ts';
import { session } from '../session.ts';
import { useWords } from '../text/words.ts';

/** Other events of the same call are looked for among so many before and after. */
const AROUND = 100;

export function EventPage({ number }: { number: number }) {
  const w = useWords();
  const { client } = session.value!;
  const answer = useCall(
    async (signal): Promise<{ event?: RosterEvent; same: RosterEvent[] }> => {
      const from = Math.max(0, number - 1 - AROUND);
      try {
        const { data } = await client.event.list(
          { ...(from > 0 && { after: sequenceOf(from) }), limit: 2 * AROUND + 1 },
          { signal },
        );
        const event = data.find((one) => numberOf(one) === number);
        const same = data.filter((one) => event && one.cause === event.cause && one !== event);
        return event ? { event, same } : { same };
      } catch (error) {
        if (!(error instanceof EventsGone)) throw error;
        // What is before it may be forgotten already.
        const { data } = await client.event
          .list({ after: sequenceOf(number - 1), limit: 1 }, { signal })
          .catch(() => ({ data: [] }));
        const [event] = data;
        return event && numberOf(event) === number ? { event, same: [] } : { same: [] };
      }
    },
    [number],
  );
  return (
    <>
      <Heading
        title={
          <>
            {w.events.title} <small>{number}</small>
          </>
        }
        tab={`${w.events.title} ${number}`}
        beside={
          <p class="marks">
            {number > 1 && <a href={hrefOf(['events', number - 1])}>← {w.events.previous}</a>}
            <a href={hrefOf(['events', number + 1])}>{w.events.next} →</a>
          </p>
        }
      />
      <Shown answer={answer}>
        {({ event, same }) => (event ? <Whole event={event} same={same} /> : <p class="none">{w.events.missing}</p>)}
      </Shown>
    </>
  );
}

function Whole({ event, same }: { event: RosterEvent; same: RosterEvent[] }) {
  const w = useWords();
  const json = JSON.stringify(event, null, 2);
  return (
    <>
      <p class="subject">
        <What event={event} />
      </p>
      <Facts
        of={[
          [w.events.when, <Time key="when" ms={Date.parse(event.time)} plain />],
          [w.events.who, <Who key="who" event={event} />],
          [w.events.type, <EventType key="type" type={event.type} />],
          [w.events.cause, <Id key="cause" of={event.cause} />],
          [w.events.number, <Id key="number" of={event.sequence} />],
        ]}
      />
      {same.length > 0 && (
        <Card title={w.events.causeHint}>
          <ol class="events">
            {same.map((one) => (
              <EventLine key={one.sequence} event={one} />
            ))}
          </ol>
        </Card>
      )}
      <Card title={w.events.json} beside={<Copy text={json} />}>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a part that scrolls can be reached by the keyboard */}
        <pre class="json" tabIndex={0}>
          {json}
        </pre>
      </Card>
    </>
  );
}
