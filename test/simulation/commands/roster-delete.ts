import { success, unchanged } from '../verdict.ts';
import type { Command } from './command.ts';
import {
  anotherOnce,
  areFriends,
  demandExisting,
  drawPair,
  isFriend,
  ROSTER,
  ROSTER_ERRORS,
  type RosterCall,
  sidesOf,
} from './roster.ts';

export const deleteFriend: Command<RosterCall> = {
  op: 'roster/delete',
  weight: 5,
  freeWeight: 7,
  errors: ROSTER_ERRORS,
  draw: (draw) => ({
    op: 'roster/delete',
    ...drawPair(draw, (contact) => isFriend(contact) || contact?.deletedAt !== undefined),
  }),
  request: ({ user }) => ['POST /roster/delete', { user_id: user }],
  permitted: (oracle, call) =>
    anotherOnce(oracle, call, () => {
      const { mine } = sidesOf(oracle.at, call, call.user);
      return isFriend(mine) || mine?.deletedAt !== undefined ? success : unchanged;
    }),
  effect({ at }, call, user, before) {
    const { mine, theirs } = sidesOf(at, call, user);
    const tells = theirs?.deletedAt !== undefined || !areFriends(before, call, user);
    return !isFriend(mine) && !isFriend(theirs) && mine?.deletedAt === undefined && tells;
  },
  succeeded: demandExisting,
  ...ROSTER,
};
