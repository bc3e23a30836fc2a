import { may, success } from '../verdict.ts';
import type { Command } from './command.ts';
import {
  anotherOnce,
  demandExisting,
  drawPair,
  isOpen,
  isWaiting,
  ROSTER,
  ROSTER_ERRORS,
  type RosterCall,
  sidesOf,
} from './roster.ts';

export const declineFriend: Command<RosterCall> = {
  op: 'roster/decline',
  weight: 3,
  freeWeight: 3,
  errors: [...ROSTER_ERRORS, 'friendRequestGone'],
  draw: (draw) => ({ op: 'roster/decline', ...drawPair(draw, isWaiting) }),
  request: ({ user }) => ['POST /roster/decline', { user_id: user, reason: '' }],
  permitted: (oracle, call) =>
    anotherOnce(oracle, call, () =>
      isOpen(sidesOf(oracle.at, call, call.user).mine, oracle.now) ? success : may('friendRequestGone'),
    ),
  effect: ({ at }, call, user) => sidesOf(at, call, user).mine?.requestStatus === 2,
  succeeded: demandExisting,
  ...ROSTER,
};
