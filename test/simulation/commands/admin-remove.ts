import { may, success, unchanged } from '../verdict.ts';
import { type Command, OWNER_ERRORS, type UsersCall } from './command.ts';

export const removeAdmins: Command<UsersCall> = {
  op: 'admin/remove',
  weight: 3,
  freeWeight: 3,
  errors: OWNER_ERRORS,
  draw: ({ by, owner, group, users }) => ({ op: 'admin/remove', actor: by(owner), group, users }),
  request: ({ group, users }) => ['POST /group/admin/remove', { group_id: group, user_list: users }],
  permitted: (oracle, call) => oracle.permit(call, 'owner'),
  entry(oracle, { group }, user) {
    const role = oracle.role(group, user);
    if (role < 0) return may('notMember');
    return role === 1 ? success : unchanged;
  },
  effect: ({ at }, { group }, user) => at.membership(group, user)?.role === 0,
};
