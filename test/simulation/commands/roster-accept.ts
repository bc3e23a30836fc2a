import { andThen, may } from '../verdict.ts';
import type { Command } from './command.ts';
import {
  another,
  areFriends,
  drawPair,
  isOpen,
  isWaiting,
  ROSTER,
  ROSTER_ERRORS,
  type RosterCall,
  roomForFriends,
  sidesOf,
} from './roster.ts';

export const acceptFriend: Command<RosterCall> = {
  op: 'roster/accept',
  weight: 7,
  freeWeight: 8,
  errors: [...ROSTER_ERRORS, 'friendRequestGone', 'tooManyFriends'],
  draw: (draw) => ({ op: 'roster/accept', ...drawPair(draw, isWaiting) }),
  request: ({ user }) => ['POST /roster/accept', { user_id: user }],
  permitted: (oracle, call) =>
    andThen(another(oracle, call, call.user), () =>
      isOpen(sidesOf(oracle.at, call, call.user).mine, oracle.now)
        ? roomForFriends(oracle, call, call.user)
        : may('friendRequestGone'),
    ),
  effect: ({ at }, call, user) => areFriends(at, call, user) && sidesOf(at, call, user).mine?.requestStatus === 1,
  ...ROSTER,
};
