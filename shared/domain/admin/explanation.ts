import type { Call } from '../../call/call.ts';
import { appLog, type EventPage, entriesOf, groupLog, isKept, openPageOf, pagesBefore } from '../../data/log-repo.ts';
import { isUser, type User } from '../../data/user-repo.ts';
import { ApiError } from '../../errors.ts';
import type { EventType, RosterEvent } from '../../events/catalogue.ts';
import type { GroupId, UserId } from '../../ids.ts';
import { type Action, asked, decide, readsOf } from '../access/decision.ts';
import { type EventEntry, eventOf } from '../event/entry.ts';

/**
 * Closed pages of a log that one call looks through, the newest first. A page has some five events and costs a quarter of
 * a read unit.
 */
const LOOKED_AT = 100;

interface Question {
  user_id: UserId;
  action: Action;
  group_id?: GroupId | undefined;
  peer_id?: UserId | undefined;
}

/** The events that bring a decision about: their types, and the ids that they name. */
interface Cause {
  types: EventType[];
  ids: { [field: string]: number };
}

/**
 * The decision on a user, and the newest event that made it so, which says when it began and who it was.
 * @throws ApiError badParameter
 */
export async function explain(call: Call, question: Question) {
  const { app, now } = call;
  const { action, group_id: group } = question;
  const inGroup = action !== 'connect' && group !== undefined;
  const checked = asked(question);
  const log = inGroup ? groupLog(app, group) : undefined;
  const found = await call.open({
    records: readsOf(app, checked, false),
    // The log of a group is one partition, so its newest pages need no number.
    newest: log ? [{ head: openPageOf(log), pages: pagesBefore(log, Number.MAX_SAFE_INTEGER, LOOKED_AT) }] : [],
  });
  if (checked instanceof ApiError) throw checked;
  const decision = decide(call.appRecord, now, checked, found.records);
  const cause = causeOf(question, decision, found.records);
  const { allow, code, reason, role, until } = decision;
  const event = cause && (await newest(call, cause, cause.ids.group_id === undefined ? undefined : found.newest[0]));
  return { allow, code, reason, role, until, event: event ?? null };
}

function causeOf(
  { action, user_id, group_id, peer_id }: Question,
  { allow, code }: { allow: boolean; code: number },
  { user: [user], peer: [peer] }: { user: (User | undefined)[]; peer: (User | undefined)[] },
): Cause | undefined {
  const gone = (id: UserId, found: User | undefined): Cause | undefined => {
    if (found?.status === 'deleted') return { types: ['user.deleted'], ids: { user_id: id } };
    return found?.status === 'disabled' ? { types: ['user.disabled'], ids: { user_id: id } } : undefined;
  };
  if (!isUser(user) || user.status === 'disabled') return gone(user_id, user);
  if (action === 'connect') return undefined;
  if (group_id === undefined) {
    // Only what is written to a peer is refused for something that happened.
    if (allow || action !== 'publish' || peer_id === undefined) return undefined;
    if (gone(peer_id, peer)) return gone(peer_id, peer);
    return code === new ApiError('notFriend').code
      ? { types: ['friend.removed'], ids: { user_id, friend_id: peer_id } }
      : { types: ['user.block.added'], ids: { user_id: peer_id, blocked_id: user_id } };
  }
  const member = { group_id, user_id };
  switch (code) {
    case 200:
      return { types: ['group.member.added'], ids: member };
    case new ApiError('groupMissing').code:
      return { types: ['group.dissolved'], ids: { group_id } };
    case new ApiError('groupSilenced').code:
      return { types: ['group.silenced'], ids: { group_id } };
    case new ApiError('bannedInGroup').code:
      return { types: ['group.member.banned'], ids: member };
    default:
      return { types: ['group.user.blocked', 'group.member.removed'], ids: member };
  }
}

/** The newest event of a cause. @param given newest pages of its log, where they are read already */
async function newest(
  call: Call,
  { types, ids }: Cause,
  given: { head: EventPage | undefined; pages: EventPage[] } | undefined,
): Promise<RosterEvent | undefined> {
  const { app, db, now } = call;
  const log = appLog(app);
  const head = given ? given.head : await db.read(openPageOf(log));
  const is = ({ type, data }: EventEntry) =>
    types.includes(type) && Object.entries(ids).every(([name, id]) => (data as Record<string, unknown>)[name] === id);
  const find = (pages: EventPage[]) => {
    for (const page of pages) {
      const entry = page.count > 0 && isKept(page, now) ? entriesOf<EventEntry>(page).findLast(is) : undefined;
      if (entry) return eventOf(app, entry);
    }
    return undefined;
  };
  if (!head) return undefined;
  return find([head]) ?? find(given ? given.pages : await db.read(pagesBefore(log, head.last, LOOKED_AT)));
}
