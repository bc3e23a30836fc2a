import type { Call } from '../../call/call.ts';
import { ListPage } from '../../call/cursor.ts';
import { Page } from '../../call/page.ts';
import { AGREED, PENDING, REJECTED } from '../../data/application-repo.ts';
import { absent, all, any, below, type Condition, equal } from '../../data/expression.ts';
import { groupOf } from '../../data/group-repo.ts';
import {
  answerStep,
  type Invitation,
  invitationCountOf,
  invitationOf,
  invitationsNewestFirst,
  invitationsToGroupOf,
  latestInvitationsOf,
  partiesOf,
} from '../../data/invitation-repo.ts';
import { groupMembershipKey } from '../../data/keys.ts';
import { groupMembershipOf, isMember, userMembershipOf, voidingMembershipsOf } from '../../data/membership-repo.ts';
import type { Records } from '../../data/read.ts';
import { check } from '../../data/step.ts';
import { userOf } from '../../data/user-repo.ts';
import { ApiError } from '../../errors.ts';
import { KEPT_IN_LISTS } from '../../limits.ts';
import { admit, countJoined } from './admission.ts';
import { existingGroup } from './permissions.ts';

/**
 * Section 7.43: the invitee's answer, once. `inviter` is whoever invited; the invitee's own id stands for its newest
 * pending invitation to that group. Approval joins, through the gate, and is not asked for again.
 * @throws ApiError groupMissing, invitationGone, blocked, tooManyJoined, groupFull
 */
export async function handleInvitation(call: Call, id: number, inviter: number, approval: boolean): Promise<object> {
  const { app, now } = call;
  const me = call.person;
  const all = invitationsToGroupOf(app, me, id);
  const reads = {
    group: groupOf(app, id),
    user: userOf(app, me),
    membership: groupMembershipOf(app, id, me),
    userMembership: userMembershipOf(app, me, id),
    named: inviter === me ? [] : [invitationOf(app, me, id, inviter)],
    latest: inviter === me ? [latestInvitationsOf(app, me, now)] : [],
    inviter: inviter === me ? [] : [groupMembershipOf(app, id, inviter)],
  };
  /** @param older all invitations to this group have been read, however many to others are newer (decision 54) */
  const decide = (older: boolean) => (records: Records<typeof reads>) => {
    const { user, membership, userMembership, named, latest } = records;
    const group = existingGroup(records.group);
    const voided = Math.max(userMembership?.settled ?? 0, userMembership?.blocked ?? 0);
    const pending = ({ status, expiresAt }: Invitation) => status === PENDING && expiresAt > now;
    const listed = older ? call.db.records(all) : latest.flatMap(({ invitations }) => invitations);
    const candidates = [...named, ...listed.filter((one) => partiesOf(one).group === id)]
      // Those of a Query are looked up once more: what a failed condition has shown of them counts.
      .map(
        (one) => one && (call.db.cached(invitationOf(app, me, id, partiesOf(one).inviter)) ?? { record: one }).record,
      )
      .filter((one): one is Invitation => one !== undefined && pending(one))
      .sort((one, other) => other.createdAt - one.createdAt);
    const [invitation] = candidates;
    if (!invitation) {
      const unseen = !older && latest.some(({ more }) => more) && (membership?.invited ?? 0) > voided;
      if (unseen) return { steps: [], answer: () => undefined };
      throw new ApiError('invitationGone');
    }
    if (membership?.state === 'blocked') throw new ApiError('blocked');
    if (invitation.createdAt <= voided || isMember(membership)) throw new ApiError('invitationGone');
    const from = partiesOf(invitation).inviter;
    // Not always read before (the newest invitation's): taken to be a member until the write finds otherwise.
    const inviting = call.db.cached(groupMembershipOf(app, id, from));
    if (inviting && !isMember(inviting.record)) throw new ApiError('invitationGone');
    const joining = approval
      ? [
          countJoined(call, group, 1),
          ...admit(call, group, { id: me, user, membership }, { userMembership: notVoided(invitation) }),
        ]
      : [];
    return {
      steps: [
        ...joining,
        answerStep(app, me, invitation, approval ? AGREED : REJECTED, now),
        check(groupMembershipKey(app, id, from), equal('state', 'member')),
      ],
      answer: () => ({}),
    };
  };
  const handled = await call.change(reads, decide(false));
  if (handled) return handled;
  await call.db.load([all]);
  return (await call.transact(reads, decide(true))) ?? {};
}

/** The person has neither joined nor been blocked since the invitation was made. */
const notVoided = ({ createdAt }: Invitation): Condition =>
  all(any(absent('settled'), below('settled', createdAt)), any(absent('blocked'), below('blocked', createdAt)));

/**
 * Section 7.41: invitations of the last 30 days to the actor, the newest first. Those that a later joining settled show
 * as agreed, and those that a later block voided not at all: by the times on the actor's user memberships, read side by side. Those
 * to dissolved groups are left out, which takes a second round trip (decision 4).
 * @throws ApiError badParameter (cursor)
 */
export async function invitationList(call: Call, given: { cursor?: string | undefined; limit: number }) {
  const { app, now } = call;
  const me = call.person;
  const page = new ListPage(call, 'invitation_list', invitationsNewestFirst(app, me, now), given);
  const reads = {
    invitations: page.read,
    total: invitationCountOf(app, me, now),
    userMemberships: voidingMembershipsOf(app, me, now - KEPT_IN_LISTS * 1000),
  };
  const { invitations, total, userMemberships } = await call.open(reads);
  const { entries: listed, cursor } = page.cut(invitations);
  const userMembershipTo = new Map(userMemberships.map((userMembership) => [userMembership.group, userMembership]));
  const groups = [...new Set(listed.map((invitation) => partiesOf(invitation).group))];
  const found = await call.db.read(groups.map((group) => groupOf(app, group)));
  const living = new Set(found.map((group) => (group?.status === 'normal' ? group.group : undefined)));
  const entries = listed.flatMap((invitation) => {
    const { group, inviter } = partiesOf(invitation);
    if (!living.has(group)) return [];
    const { blocked = 0, settled = 0 } = userMembershipTo.get(group) ?? {};
    const { createdAt, reason, status, expiresAt, updatedAt } = invitation;
    if (createdAt <= blocked) return [];
    const agreed = status === PENDING && createdAt <= settled;
    return [
      {
        group_id: group,
        inviter_id: inviter,
        invitee_id: me,
        reason,
        status: agreed ? AGREED : status,
        expired_time: expiresAt,
        updated_at: new Date(agreed ? settled : updatedAt).toISOString(),
      },
    ];
  });
  return new Page(entries, cursor, total);
}
