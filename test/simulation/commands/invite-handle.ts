import { type Invitation, partiesOf } from '../../../shared/data/invitation-repo.ts';
import type { Oracle } from '../oracle.ts';
import { andThen, may, success, type Verdict } from '../verdict.ts';
import { type Call, type Command, isInvitation, JOIN_ERRORS } from './command.ts';

/** `inviter` names the actor where any invitation will do: the newest is answered. */
type HandleInvitation = Call & { inviter: number; approval: boolean };

export const handleInvitation: Command<HandleInvitation> = {
  op: 'invite/handle',
  weight: 12,
  freeWeight: 10,
  usersOnly: true,
  errors: ['groupMissing', 'invitationGone', ...JOIN_ERRORS],
  draw({ random, moment, world: { users, groups }, anyone, group }) {
    const pairs = users.flatMap((id) => groups.map((to) => [id, to] as const));
    const invited = pairs.filter(([id, to]) => moment.invitations(id, to).length > 0);
    const [actor, to] = invited.length > 0 ? random.one(invited) : ([anyone, group] as const);
    const inviters = moment.invitations(actor, to).map((invitation) => partiesOf(invitation).inviter);
    const inviter = inviters.length > 0 && random.chance(0.6) ? random.one(inviters) : actor;
    return { op: 'invite/handle', actor, group: to, inviter, approval: random.chance(0.8) };
  },
  request: ({ group, inviter, approval }) => [
    'POST /group/invite/handle',
    { group_id: group, user_id: inviter, approval },
  ],
  permitted: (oracle, call) => andThen(oracle.living(call.group), () => usable(oracle, call)),
  changed: (key) => (isInvitation(key) ? key.id : undefined),
  // Which invitation was the newest was decided when they were read. The one that is answered must be usable now.
  asWritten(call, writes) {
    const invitation = writes.find(({ key }) => key.sk.startsWith('I#'))?.key.sk;
    return invitation ? { ...call, inviter: Number(invitation.split('#')[2]) } : call;
  },
  // Of several invitations a call knows those that were there when it read them.
  excused: ({ inviter, actor }, { outcome }) => outcome !== 'success' && inviter === actor,
};

function usable(oracle: Oracle, { actor = 0, group, inviter, approval }: HandleInvitation): Verdict {
  const { at, now } = oracle;
  const isUsable = (invitation: Invitation | undefined) =>
    invitation?.status === 0 &&
    invitation.expiresAt > now &&
    at.invitationMadeAt(actor, group, partiesOf(invitation).inviter) > at.voidedAt(group, actor);
  const all = inviter === actor ? at.invitations(actor, group) : [at.invitation(actor, group, inviter)];
  const [newest] = all.filter(isUsable).sort((one, other) => other!.createdAt - one!.createdAt);
  if (at.membership(group, actor)?.state === 'blocked') return may('blocked', 'invitationGone');
  if (!newest || !oracle.isMember(group, partiesOf(newest).inviter)) return may('invitationGone');
  const verdict = approval ? oracle.gate(group, actor) : success;
  // A call made the invitation that began before the join or the block: it may count as made before that.
  const { settled = 0, blocked = 0 } = at.userMembership(actor, group) ?? {};
  const mayBeVoid = newest.createdAt <= Math.max(settled, blocked);
  return mayBeVoid ? { ...verdict, outcomes: [...verdict.outcomes, 'invitationGone'] } : verdict;
}
