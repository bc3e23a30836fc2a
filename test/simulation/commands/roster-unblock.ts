import { may, success, unchanged } from '../verdict.ts';
import type { Command } from './command.ts';
import { drawPair, isBlocked, ROSTER, type RosterCall, sidesOf } from './roster.ts';

export const unblockUser: Command<RosterCall> = {
  op: 'roster/unblock',
  weight: 3,
  freeWeight: 4,
  errors: ['noPermission'],
  draw: (draw) => ({ op: 'roster/unblock', ...drawPair(draw, isBlocked) }),
  request: ({ user }) => ['POST /roster/unblock', { user_id: user }],
  permitted({ at }, call) {
    if (call.actor === call.user) return may('noPermission');
    return isBlocked(sidesOf(at, call, call.user).mine) ? success : unchanged;
  },
  effect: ({ at }, call, user) => !isBlocked(sidesOf(at, call, user).mine),
  ...ROSTER,
};
