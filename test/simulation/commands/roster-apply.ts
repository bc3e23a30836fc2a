import { contactCounts } from '../../../shared/data/schema.ts';
import { userId } from '../../support/ids.ts';
import type { Draw } from '../draw.ts';
import type { Moment } from '../model.ts';
import type { Oracle } from '../oracle.ts';
import { andThen, may, success, type Verdict } from '../verdict.ts';
import { ANSWER } from './auth-mode.ts';
import type { Call, Command } from './command.ts';
import {
  another,
  areFriends,
  countOf,
  drawPair,
  isBlocked,
  isFriend,
  isOpen,
  isWaiting,
  ROSTER,
  ROSTER_ERRORS,
  type RosterCall,
  roomForFriends,
  sidesOf,
} from './roster.ts';

/** What an application says. */
export interface Said {
  alias: string;
  answer: string;
}

export const APPLY_ERRORS = [
  ...ROSTER_ERRORS,
  'alreadyFriend',
  'blockedByActor',
  'friendRefused',
  'wrongAnswer',
  'tooManyFriends',
  'tooManyFriendRequests',
] as const;

export const applyToFriend: Command<RosterCall & Said> = {
  op: 'roster/apply',
  weight: 13,
  freeWeight: 14,
  errors: APPLY_ERRORS,
  draw: (draw) => ({
    op: 'roster/apply',
    ...drawPair(draw, (contact) => !isFriend(contact) && (isWaiting(contact) || draw.random.chance(0.7))),
    ...say(draw),
  }),
  request: ({ user, alias, answer }) => [
    'POST /roster/apply',
    { user_id: user, alias, reason: '', auth_answer: answer },
  ],
  permitted: (oracle, call) => appliesToFriend(oracle, call, call.user),
  effect: hasApplied,
  ...ROSTER,
};

/** Mostly the right answer, of which neither case nor blanks at its ends matter. */
export const say = ({ random, world }: Draw): Said => ({
  alias: random.chance(0.3) ? '' : `alias ${world.nth}`,
  answer: random.one([ANSWER, ` ${ANSWER.toUpperCase()} `, 'another', '']),
});

/** @param joined friends that the actor gets by the same transaction */
export function appliesToFriend(oracle: Oracle, call: Call & Said, user: number, joined = 0): Verdict {
  const { mine, theirs } = sidesOf(oracle.at, call, user);
  return andThen(another(oracle, call, user), () => {
    if (isFriend(mine)) return may('alreadyFriend');
    // The full list of requests may be read again, and the actor's own side from before the block not.
    if (isBlocked(mine)) return may('blockedByActor', 'tooManyFriendRequests');
    const verdict =
      isOpen(mine, oracle.now) || admits(oracle.at, call, user)
        ? roomForFriends(oracle, call, user, joined)
        : andThen(asks(oracle.at, user), () => roomForRequests(oracle, call, user));
    // The user is not told of the block.
    return andThen(verdict, () => (isBlocked(theirs) ? { ...verdict, changes: false, storesNothing: true } : verdict));
  });
}

const modeOf = (at: Moment, user: number) => at.verification(user)?.auth_mode ?? 0;

/** Whether the application makes friends, without a request of the other user. */
function admits(at: Moment, { answer }: Said, user: number): boolean {
  const right = at.verification(user)?.auth_answer?.toLowerCase() ?? '';
  if (modeOf(at, user) === 2) return right !== '' && answer.trim().toLowerCase() === right;
  return modeOf(at, user) === 0;
}

/** Whether an application that makes no friends becomes a request. */
function asks(at: Moment, user: number): Verdict {
  const errors = { 2: may('wrongAnswer'), 3: may('friendRefused') };
  return errors[modeOf(at, user) as 2 | 3] ?? success;
}

function roomForRequests({ at, now, limits }: Oracle, call: Call, user: number): Verdict {
  // A call whose clock is ahead may have counted the requests, and found some of them expired.
  const { recountedAt = 0 } = at.item(contactCounts.key(at.app, userId(user))) ?? {};
  const counted = Math.max(now, Number(recountedAt));
  // One that is open is renewed.
  if (isOpen(sidesOf(at, call, user).theirs, counted)) return success;
  const openAt = (time: number) => countOf(at, user, (contact) => isOpen(contact, time));
  if (openAt(counted) >= limits.friend_requests) return may('tooManyFriendRequests');
  return openAt(now) >= limits.friend_requests ? may('success', 'tooManyFriendRequests') : success;
}

/** The two are friends, where the user admits the actor or has asked it before; otherwise a request waits. */
export function hasApplied({ at, now }: Oracle, call: Call & Said, user: number, before: Moment): boolean {
  const { mine, theirs } = sidesOf(at, call, user);
  if ((mine?.alias ?? '') !== call.alias) return false;
  if (isOpen(sidesOf(before, call, user).mine, now) || admits(at, call, user))
    return areFriends(at, call, user) && !isWaiting(mine) && !isWaiting(theirs);
  return isWaiting(theirs) && theirs?.requestedAt === mine?.sentAt && !isFriend(mine) && !isFriend(theirs);
}
