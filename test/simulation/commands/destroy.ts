import { type Command, OWNER_ERRORS } from './command.ts';

export const destroy: Command = {
  op: 'destroy',
  weight: 1.2,
  freeWeight: 0.7,
  errors: OWNER_ERRORS,
  draw: ({ by, owner, group }) => ({ op: 'destroy', actor: by(owner), group }),
  request: ({ group }) => ['POST /group/destroy', { group_id: group }],
  permitted: (oracle, call) => oracle.permit(call, 'owner'),
  effect: ({ at }, { group }) => at.group(group)?.status === 'dissolved',
};
