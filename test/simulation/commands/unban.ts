import { may, unchanged } from '../verdict.ts';
import { ADMIN_ERRORS, type Command, type UsersCall } from './command.ts';

export const unban: Command<UsersCall> = {
  op: 'unban',
  weight: 3,
  freeWeight: 3,
  errors: ADMIN_ERRORS,
  draw: ({ by, admin, group, users }) => ({ op: 'unban', actor: by(admin), group, users }),
  request: ({ group, users }) => ['POST /group/unban', { group_id: group, user_list: users }],
  permitted: (oracle, call) => oracle.permit(call, 'admin'),
  entry(oracle, call, user) {
    const banned = (oracle.at.membership(call.group, user)?.bannedUntil ?? 0) > oracle.now;
    if (banned) return oracle.touch(call, user);
    return oracle.role(call.group, user) < 0 ? may('notMember') : unchanged;
  },
  effect: ({ at }, { group }, user) => at.membership(group, user)?.bannedUntil === undefined,
};
