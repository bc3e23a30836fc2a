import { variable } from '../aws-signing.ts';
import { Patience } from '../deadline.ts';
import { BUS_NAME } from '../environment.ts';
import { EVENTBRIDGE, FAULTS, request } from './requests.ts';

/** The EventBridge bus that gets every event. */

/** An event of the feed. */
interface BusEvent {
  type: string;
  time: string;
  source: string;
}

/** PutEvents takes ten entries, and so many bytes of them together. Largest events have about 15 KB. */
const AT_ONCE = 10;

/** The source of all events on the bus. Rules find the app in `resources` or in `detail.source`. */
const SOURCE = 'roster';

/** Whether this function was deployed with a bus. */
export const hasBus = (): boolean => process.env[BUS_NAME] !== undefined;

/**
 * Puts events on the bus. Those that it does not take are put again.
 * @throws Unavailable where that lasts, Error where the bus refuses them; some may be on the bus then
 */
export async function putEvents(events: readonly BusEvent[]): Promise<void> {
  for (let from = 0; from < events.length; from += AT_ONCE) {
    const patience = new Patience(FAULTS, 'the event bus does not take all events');
    let pending = events.slice(from, from + AT_ONCE).map((event) => ({
      EventBusName: variable(BUS_NAME),
      Source: SOURCE,
      DetailType: event.type,
      // Seconds, as the protocol has them.
      Time: Date.parse(event.time) / 1000,
      Resources: [event.source],
      Detail: JSON.stringify(event),
    }));
    for (;;) {
      const { Entries = [] } = await request<{ Entries?: { ErrorCode?: string }[] }>(EVENTBRIDGE, 'PutEvents', {
        Entries: pending,
      });
      pending = pending.filter((_, index) => Entries[index]?.ErrorCode);
      if (pending.length === 0) break;
      await patience.again(Entries.find(({ ErrorCode }) => ErrorCode));
    }
  }
}
