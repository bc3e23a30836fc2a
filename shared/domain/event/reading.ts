import type { Call } from '../../call/call.ts';
import { Beside } from '../../call/page.ts';
import { appLog, openEventsOf, pagesAfter } from '../../data/log-repo.ts';
import { pause } from '../../deadline.ts';
import { badParameter, EventsGone } from '../../errors.ts';
import { sequenceText } from './entry.ts';
import { type EventFilter, wants } from './filter.ts';
import { chosen, eventsRead } from './log-reader.ts';

/** Time between two looks for new events (ms). */
const LOOK_AGAIN = 200;
/** Events looked at where a filter may leave out most. */
const LOOKED_AT = 1000;

/**
 * Events of the app after a number, or from the oldest that is kept.
 * @throws ApiError badParameter (after), eventsGone where the next event is not kept any more, or the app has none
 */
export async function eventList(
  call: Call,
  { after: given, limit, wait, ...filter }: EventFilter & { after?: number | undefined; limit: number; wait: number },
) {
  const log = appLog(call.app);
  const most = Object.values(filter).some((value) => value !== undefined) ? LOOKED_AT : limit;
  const head = openEventsOf(call.app);
  const readsAfter = (number: number) => ({ head, pages: pagesAfter(log, number, most) });
  const end = call.now + wait * 1000;
  let after = given;
  let read = await call.open(readsAfter(after ?? 0));
  if (call.limits.event_days === 0) throw new EventsGone(undefined, 'the app has no events');
  if (after !== undefined && after > (read.head?.last ?? 0))
    throw badParameter('after', 'no event has this number yet');
  for (;;) {
    const newest = read.head?.last ?? 0;
    const events = await eventsRead(call, log, read, after);
    // From the beginning, where nothing is kept any more, the reader goes on with what comes.
    const { data, last = after ?? newest } = chosen(call.app, events, limit, (entry) => wants(filter, entry));
    after = last;
    if (data.length > 0 || after < newest || Date.now() >= end)
      return new Beside(data, { next: sequenceText(after), head: sequenceText(newest) });
    let now: typeof read.head;
    do {
      await pause(Math.min(LOOK_AGAIN, Math.max(0, end - Date.now())));
      now = (await call.db.read([head] as const))[0];
    } while ((now?.last ?? 0) === newest && Date.now() < end);
    read = await call.db.read(readsAfter(after));
  }
}
