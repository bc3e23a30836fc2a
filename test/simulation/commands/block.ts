import { andThen, may, success, unchanged } from '../verdict.ts';
import { ADMIN_ERRORS, type Command, type UsersCall } from './command.ts';
import { followExpulsion } from './kick.ts';

export const block: Command<UsersCall> = {
  op: 'block',
  weight: 6,
  freeWeight: 6,
  errors: ADMIN_ERRORS,
  draw: ({ random, by, admin, group, users, world }) => ({
    op: 'block',
    actor: by(admin),
    group,
    users: random.some(random.chance(0.5) ? users : world.users, 2),
  }),
  request: ({ group, users }) => ['POST /group/block', { group_id: group, user_list: users }],
  permitted: (oracle, call) => oracle.permit(call, 'admin'),
  entry(oracle, call, user) {
    const isBlocked = oracle.at.membership(call.group, user)?.state === 'blocked';
    if (oracle.isGone(user)) return may('userMissing');
    return andThen(oracle.touch(call, user), () => (isBlocked ? unchanged : success));
  },
  effect: ({ at }, { group }, user) => at.membership(group, user)?.state === 'blocked',
  follow: followExpulsion,
};
