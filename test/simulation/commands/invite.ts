import type { Moment } from '../model.ts';
import type { Oracle } from '../oracle.ts';
import { may, success, type Verdict } from '../verdict.ts';
import { ADMIN_ERRORS, type Command, type Entry, isInvitation, type UsersCall } from './command.ts';

export const invite: Command<UsersCall> = {
  op: 'invite',
  weight: 10,
  freeWeight: 10,
  errors: ADMIN_ERRORS,
  draw: ({ by, likely, members, others, someOf, group }) => ({
    op: 'invite',
    actor: by(likely(members)),
    group,
    users: someOf(others, 3),
  }),
  request: ({ group, users }) => ['POST /group/invite', { group_id: group, user_list: users, reason: '' }],
  permitted: (oracle, call) => oracle.permit(call, 'admin', oracle.at.group(call.group)?.member_invite),
  entry: (oracle, { group }, user, entry) => whoMayBeInvited(oracle, group, user, entry),
  changed: (key) => (isInvitation(key) ? key.id : undefined),
  wrongJoin: joinsUnasked,
};

/** A user who confirms gets an invitation; any other joins. */
export function whoMayBeInvited(oracle: Oracle, group: number, user: number, { joined, confirms }: Entry): Verdict {
  const state = oracle.at.membership(group, user)?.state;
  if (oracle.isGone(user)) return may('userMissing');
  if (state === 'member') return may('alreadyMember');
  if (state === 'blocked') return may('blocked');
  return confirms ? success : oracle.gate(group, user, joined);
}

export function joinsUnasked(user: number, moment: Moment): string | undefined {
  return moment.user(user)?.confirm ? 'joins without being asked' : undefined;
}
