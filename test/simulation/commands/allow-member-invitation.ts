import { ADMIN_ERRORS, type Call, type Command, isGroup } from './command.ts';

export const allowMemberInvitation: Command<Call & { value: boolean }> = {
  op: 'member_invite',
  weight: 2,
  freeWeight: 2,
  errors: ADMIN_ERRORS,
  draw: ({ random, by, admin, group }) => ({
    op: 'member_invite',
    actor: by(admin),
    group,
    value: random.chance(0.6),
  }),
  request: ({ group, value }) => ['POST /group/settings/allow_member_invitation', { group_id: group, value }],
  permitted: (oracle, call) => oracle.permit(call, 'admin'),
  changed: (key) => (isGroup(key) ? 0 : undefined),
};
