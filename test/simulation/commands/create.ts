import { may, success } from '../verdict.ts';
import { type Command, isInvitation, type UsersCall } from './command.ts';
import { joinsUnasked, whoMayBeInvited } from './invite.ts';

export const create: Command<UsersCall> = {
  op: 'create',
  weight: 2,
  freeWeight: 2,
  usersOnly: true,
  errors: ['tooManyOwned', 'tooManyJoined'],
  createsGroup: true,
  draw: ({ anyone, world, someOf }) => ({ op: 'create', actor: anyone, group: 0, users: someOf(world.users, 4) }),
  request: ({ users }) => ['POST /group/create', { name: 'Group', type: 1, user_list: users }],
  permitted({ limits, user }, { actor }) {
    if (user(actor).owned >= limits.groups_owned) return may('tooManyOwned');
    return user(actor).joined >= limits.groups_joined ? may('tooManyJoined') : success;
  },
  entry: (oracle, call, user, entry) => whoMayBeInvited(oracle, call.group, user, entry),
  changed: (key) => (isInvitation(key) ? key.id : undefined),
  wrongJoin: joinsUnasked,
};
