import { may, unchanged } from '../verdict.ts';
import type { Command } from './command.ts';
import {
  anotherOnce,
  demandExisting,
  drawPair,
  isFriend,
  ROSTER,
  ROSTER_ERRORS,
  type RosterCall,
  sidesOf,
} from './roster.ts';

export const describeFriend: Command<RosterCall & { alias: string }> = {
  op: 'roster/ext',
  weight: 2,
  freeWeight: 4,
  errors: [...ROSTER_ERRORS, 'notFriend'],
  draw: (draw) => ({
    op: 'roster/ext',
    ...drawPair(draw, isFriend),
    alias: draw.random.chance(0.3) ? '' : `alias ${draw.world.nth}`,
  }),
  request: ({ user, alias }) => ['POST /roster/ext', { user_id: user, alias, ext: alias }],
  permitted: (oracle, call) =>
    anotherOnce(oracle, call, () =>
      isFriend(sidesOf(oracle.at, call, call.user).mine) ? unchanged : may('notFriend'),
    ),
  effect({ at }, call, user) {
    const { mine } = sidesOf(at, call, user);
    return isFriend(mine) && (mine?.alias ?? '') === call.alias && mine?.ext === (call.alias !== '' || undefined);
  },
  succeeded: demandExisting,
  ...ROSTER,
};
