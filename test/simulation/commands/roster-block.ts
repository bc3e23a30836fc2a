import { may, success, unchanged } from '../verdict.ts';
import type { Command } from './command.ts';
import {
  anotherOnce,
  countOf,
  demandExisting,
  drawPair,
  isBlocked,
  isWaiting,
  ROSTER,
  ROSTER_ERRORS,
  type RosterCall,
  sidesOf,
} from './roster.ts';

export const blockUser: Command<RosterCall> = {
  op: 'roster/block',
  weight: 4,
  freeWeight: 5,
  errors: [...ROSTER_ERRORS, 'tooManyBlocked'],
  draw: (draw) => ({
    op: 'roster/block',
    ...drawPair(draw, (contact) => contact !== undefined && !isBlocked(contact)),
  }),
  request: ({ user }) => ['POST /roster/block', { user_id: user }],
  permitted: (oracle, call) =>
    anotherOnce(oracle, call, () => {
      if (isBlocked(sidesOf(oracle.at, call, call.user).mine)) return unchanged;
      const full = countOf(oracle.at, call.actor ?? 0, isBlocked) >= oracle.limits.blocked;
      return full ? may('tooManyBlocked') : success;
    }),
  // Requests of both are void.
  effect({ at }, call, user) {
    const { mine, theirs } = sidesOf(at, call, user);
    return isBlocked(mine) && mine?.requestStatus === undefined && !isWaiting(theirs);
  },
  succeeded: demandExisting,
  ...ROSTER,
};
