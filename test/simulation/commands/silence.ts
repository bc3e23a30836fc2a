import { ADMIN_ERRORS, type Command, isGroup } from './command.ts';

/** The group is silenced for a minute or for ever, or speaks again. */
export const silence: Command = {
  op: 'silence',
  weight: 2,
  freeWeight: 1,
  errors: ADMIN_ERRORS,
  draw: ({ by, admin, group }) => ({ op: 'silence', actor: by(admin), group }),
  request: ({ group }, nth) =>
    nth % 3 === 0
      ? ['POST /group/settings/unban_all', { group_id: group }]
      : ['POST /group/settings/ban_all', { group_id: group, duration: nth % 3 === 1 ? 1 : -1 }],
  permitted: (oracle, call) => oracle.permit(call, 'admin'),
  changed: (key) => (isGroup(key) ? 0 : undefined),
};
