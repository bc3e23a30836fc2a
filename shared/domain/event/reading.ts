import type { Call } from '../../call/call.ts';
import { Beside, fitting } from '../../call/page.ts';
import { appLog, groupLog, openChangesOf, openEventsOf, pagesAfter } from '../../data/log-repo.ts';
import { ADMIN_ROLE } from '../../data/membership-repo.ts';
import { pause } from '../../deadline.ts';
import { badParameter, EventsGone } from '../../errors.ts';
import { selects } from '../../events/catalogue.ts';
import type { GroupId } from '../../ids.ts';
import { groupRead } from '../group/command.ts';
import { type EventEntry, eventOf, sequenceText } from './entry.ts';
import { type EventFilter, wants } from './filter.ts';
import { eventsRead, type Numbered } from './log-reader.ts';

/** At most `limit` of the events that are wanted, and the number of the last one that was looked at. */
function chosen(events: Numbered[], limit: number, wanted: (entry: EventEntry) => boolean) {
  const matching = events.filter(({ entry }) => wanted(entry));
  const shown = matching.slice(0, limit);
  return { shown, last: (matching.length > limit ? shown : events).at(-1)?.number };
}

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
    const { shown, last = after ?? 0 } = chosen(events, limit, (entry) => wants(filter, entry));
    after = last;
    if (shown.length > 0 || after < newest || Date.now() >= end) {
      const data = shown.map(({ entry }) => eventOf(call.app, entry));
      const fit = fitting(data);
      const next = fit < data.length ? shown[fit - 1]!.number : after;
      return new Beside(data.slice(0, fit), { next: sequenceText(next), head: sequenceText(newest) });
    }
    let now: typeof read.head;
    do {
      await pause(Math.min(LOOK_AGAIN, Math.max(0, end - Date.now())));
      now = (await call.db.read([head] as const))[0];
    } while ((now?.last ?? 0) === newest && Date.now() < end);
    read = await call.db.read(readsAfter(after));
  }
}

/** What only admins see of a group's changes, like the lists of it. */
const FOR_ADMINS = ['group.application.*', 'group.invitation.*', 'group.user.*'] as const;
/** And where the group hides its members from each other. */
const OF_MEMBERS = ['group.member.*'] as const;

/**
 * Changes of a group after a version, as its log has them.
 * @throws ApiError groupMissing, needsMember, eventsGone where the changes after `version` are not kept any more
 */
export async function groupChanges(
  call: Call,
  { group_id: id, version, limit }: { group_id: GroupId; version: number; limit: number },
) {
  const log = groupLog(call.app, id);
  const reads = { head: openChangesOf(call.app, id), pages: pagesAfter(log, version, limit) };
  const { actor, group, records } = await groupRead(call, id, 'changes', reads);
  if (call.limits.event_days === 0) throw new EventsGone(undefined, 'the app has no events');
  const head = records.head?.last ?? 0;
  if (version > head) throw new EventsGone();
  const events = await eventsRead(call, log, records, version);
  const hidden = actor.role >= ADMIN_ROLE ? [] : [...FOR_ADMINS, ...(group.hide_member_info ? OF_MEMBERS : [])];
  const sees = ({ type, data }: EventEntry) =>
    !hidden.some((pattern) => selects(pattern, type)) || ('user_id' in data && data.user_id === actor.user);
  const { shown, last = version } = chosen(events, limit, sees);
  return new Beside(
    shown.map(({ entry }) => eventOf(call.app, entry)),
    { version: last, head },
  );
}
