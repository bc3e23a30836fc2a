import { andThen, may, success } from '../verdict.ts';
import { type Command, GROUP_ERRORS } from './command.ts';

export const leave: Command = {
  op: 'leave',
  weight: 6,
  freeWeight: 8,
  usersOnly: true,
  errors: [...GROUP_ERRORS, 'ownerCannotLeave'],
  draw: ({ likely, members, group }) => ({ op: 'leave', actor: likely(members), group }),
  request: ({ group }) => ['POST /group/leave', { group_id: group }],
  permitted: (oracle, call) =>
    andThen(oracle.permit(call, 'member'), () =>
      oracle.role(call.group, call.actor) === 2 ? may('ownerCannotLeave') : success,
    ),
  effect: ({ at }, { group }, user) => at.membership(group, user)?.state === undefined,
};
