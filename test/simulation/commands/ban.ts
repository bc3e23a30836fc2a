import { andThen, may, success } from '../verdict.ts';
import { ADMIN_ERRORS, type Command, type UsersCall } from './command.ts';

export const ban: Command<UsersCall> = {
  op: 'ban',
  weight: 5,
  freeWeight: 4,
  errors: ADMIN_ERRORS,
  draw: ({ by, admin, group, users }) => ({ op: 'ban', actor: by(admin), group, users }),
  request: ({ group, users }, nth) => [
    'POST /group/ban',
    { group_id: group, user_list: users, duration: nth % 2 ? 1 : -1 },
  ],
  permitted: (oracle, call) => oracle.permit(call, 'admin'),
  entry: (oracle, call, user) =>
    andThen(oracle.touch(call, user), () => (oracle.role(call.group, user) < 0 ? may('notMember') : success)),
  effect({ at, now }, { group }, user) {
    const { state, bannedUntil = 0 } = at.membership(group, user) ?? {};
    return state === 'member' && bannedUntil > now;
  },
};
