import type { Call } from '../../call/call.ts';
import { Beside } from '../../call/page.ts';
import { groupLog, openChangesOf, pagesAfter } from '../../data/log-repo.ts';
import { ADMIN_ROLE } from '../../data/membership-repo.ts';
import { EventsGone } from '../../errors.ts';
import { selects } from '../../events/catalogue.ts';
import type { GroupId } from '../../ids.ts';
import type { EventEntry } from '../event/entry.ts';
import { chosen, eventsRead } from '../event/log-reader.ts';
import { groupRead } from './command.ts';

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
  const { data, last = version } = chosen(call.app, events, limit, sees);
  return new Beside(data, { version: last, head });
}
