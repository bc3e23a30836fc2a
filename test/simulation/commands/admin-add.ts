import { may, success, unchanged } from '../verdict.ts';
import { type Command, OWNER_ERRORS, type UsersCall } from './command.ts';

export const addAdmins: Command<UsersCall> = {
  op: 'admin/add',
  weight: 6,
  freeWeight: 5,
  errors: OWNER_ERRORS,
  takesPlaces: true,
  draw: ({ by, owner, group, users }) => ({ op: 'admin/add', actor: by(owner), group, users }),
  request: ({ group, users }) => ['POST /group/admin/add', { group_id: group, user_list: users }],
  permitted: (oracle, call) => oracle.permit(call, 'owner'),
  entry(oracle, { group }, user, { joined }) {
    const role = oracle.role(group, user);
    if (role < 0) return may('notMember');
    if (role > 0) return unchanged;
    const admins = (oracle.at.group(group)?.admins ?? 0) + joined;
    return admins >= oracle.limits.group_admins ? may('badParameter') : success;
  },
  effect: ({ at }, { group }, user) => at.membership(group, user)?.role === 1,
};
