import { success, unchanged } from '../verdict.ts';
import { ADMIN_ERRORS, type Command, type UsersCall } from './command.ts';

export const unblock: Command<UsersCall> = {
  op: 'unblock',
  weight: 6,
  freeWeight: 8,
  errors: ADMIN_ERRORS,
  draw: ({ by, admin, group, others, someOf }) => ({
    op: 'unblock',
    actor: by(admin),
    group,
    users: someOf(others, 3),
  }),
  request: ({ group, users }) => ['POST /group/unblock', { group_id: group, user_list: users }],
  permitted: (oracle, call) => oracle.permit(call, 'admin'),
  entry: ({ at }, { group }, user) => (at.membership(group, user)?.state === 'blocked' ? success : unchanged),
  effect: ({ at }, { group }, user) => at.membership(group, user)?.state === undefined,
};
