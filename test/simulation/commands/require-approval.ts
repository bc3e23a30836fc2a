import { ADMIN_ERRORS, type Call, type Command, isGroup } from './command.ts';

export const requireApproval: Command<Call & { value: number }> = {
  op: 'approval',
  weight: 3,
  freeWeight: 2,
  errors: ADMIN_ERRORS,
  draw: ({ random, by, admin, group }) => ({
    op: 'approval',
    actor: by(admin),
    group,
    value: Number(random.weighted({ 0: 3, 1: 3, 2: 1 })),
  }),
  request: ({ group, value }) => [
    'POST /group/settings/require_admin_approval',
    { group_id: group, apply_approval: Number(value) },
  ],
  permitted: (oracle, call) => oracle.permit(call, 'admin'),
  changed: (key) => (isGroup(key) ? 0 : undefined),
};
