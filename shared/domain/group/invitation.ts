import type { Call } from '../../call/call.ts';
import { ListPage } from '../../call/cursor.ts';
import { Page } from '../../call/page.ts';
import type { Entry, Records, Step } from '../../call/transact.ts';
import { AGREED, PENDING, REJECTED } from '../../data/application-repo.ts';
import { type Group, groupOf } from '../../data/group-repo.ts';
import * as invitations from '../../data/invitation-repo.ts';
import { type Invitation, partiesOf } from '../../data/invitation-repo.ts';
import * as memberships from '../../data/membership-repo.ts';
import { groupMembershipOf, isMember, type UserMembership, userMembershipOf } from '../../data/membership-repo.ts';
import { userOf } from '../../data/user-repo.ts';
import { ApiError } from '../../errors.ts';
import type { GroupId, UserId } from '../../ids.ts';
import { KEPT_IN_LISTS } from '../../limits.ts';
import { admissible, admit, type Candidate, countJoined } from './admission.ts';
import { groupCommandEach } from './command.ts';
import { existingGroup } from './permissions.ts';

type Invitee = Candidate & { userMembership: UserMembership | undefined };

/** What is read of users who are to be invited. */
export const inviteeReads = (call: Call, group: GroupId, users: readonly UserId[]) =>
  users.map((id) => ({
    user: userOf(call.app, id),
    membership: groupMembershipOf(call.app, group, id),
    userMembership: userMembershipOf(call.app, id, group),
  }));

/**
 * Section 7.42: a user who has asked to consent gets an invitation (or the inviter's earlier one is renewed); any other
 * joins at once. Each entry on its own.
 */
export const invite = (call: Call, id: GroupId, reason: string, users: UserId[]) => {
  call.uses('invitations_per_hour', users.length);
  return groupCommandEach(call, id, 'invite', users, inviteeReads(call, id, users), {
    user: ({ group, actor }, invitees, { entry, index }, batch) => {
      const invitee = { id: entry, ...invitees[index]! };
      const nth = countJoiners(invitees, batch);
      return inviteeSteps(call, group, actor.user, invitee, { via: 'invited', reason, index, nth });
    },
    group: ({ group }, invitees, batch) => {
      const joining = countJoiners(invitees, batch);
      return joining > 0 ? [countJoined(call, group, joining)] : [];
    },
  });
};

/** How many of a batch join at once. */
export const countJoiners = (invitees: Pick<Invitee, 'user'>[], batch: readonly Entry<UserId>[]) =>
  batch.filter(({ index }) => !invitees[index]?.user?.confirm).length;

/** One invitee's steps: the admission, or an invitation. */
export function inviteeSteps(
  call: Call,
  group: Group,
  inviter: UserId,
  invitee: Invitee,
  { via, reason, index, nth }: { via: 'created' | 'invited'; reason: string; index: number; nth: number },
): Step[] {
  if (!admissible(invitee).confirm) return admit(call, group, invitee, { via, by: inviter, index, nth, unasked: true });
  // Later than any join or block, which voids earlier invitations, even within one millisecond.
  const { settled = 0, blocked = 0 } = invitee.userMembership ?? {};
  const createdAt = Math.max(call.now, settled + 1, blocked + 1);
  const expiresAt = createdAt + call.limits.invitation_life * 1000;
  const invitation = { group: group.group, inviter, reason, createdAt, expiresAt };
  const most = call.limits.invitations_per_user_per_day;
  const counted = call.actorKind === 'user' && most > 0 ? invitee.user : undefined;
  if (counted && invitations.invitationsFrom(counted, inviter, createdAt) >= most)
    throw new ApiError('tooManyCalls', `at most ${most} invitations of one user per day`);
  return invitations.send(call.app, invitee.id, invitee.membership, invitation, counted);
}

/**
 * Section 7.43: the invitee's answer, which can be given once. The invitee's own id as `inviter` means its newest pending
 * invitation to the group. Approval joins, through the gate, and is not asked for again.
 * @throws ApiError groupMissing, invitationGone, blocked, tooManyJoined, groupFull
 */
export async function handleInvitation(call: Call, id: GroupId, inviter: UserId, approval: boolean): Promise<object> {
  const { app, now } = call;
  const me = call.person;
  const all = invitations.invitationsToGroupOf(app, me, id);
  const reads = {
    group: groupOf(app, id),
    user: userOf(app, me),
    membership: groupMembershipOf(app, id, me),
    userMembership: userMembershipOf(app, me, id),
    named: inviter === me ? [] : [invitations.invitationOf(app, me, id, inviter)],
    latest: inviter === me ? [invitations.latestInvitationsOf(app, me, now)] : [],
    inviter: inviter === me ? [] : [groupMembershipOf(app, id, inviter)],
  };
  /** @param older all invitations to this group have been read, not only the user's newest (decision 54) */
  const decide = (older: boolean) => (records: Records<typeof reads>) => {
    const { user, membership, userMembership, named, latest } = records;
    const group = existingGroup(records.group);
    const voided = Math.max(userMembership?.settled ?? 0, userMembership?.blocked ?? 0);
    const pending = ({ status, expiresAt }: Invitation) => status === PENDING && expiresAt > now;
    const listed = older ? call.db.records(all) : latest.flatMap(({ invitations }) => invitations);
    const candidates = [...named, ...listed.filter((one) => partiesOf(one).group === id)]
      // A failed condition may have shown a newer record than the Query did.
      .map(
        (one) =>
          one &&
          (call.db.cached(invitations.invitationOf(app, me, id, partiesOf(one).inviter)) ?? { record: one }).record,
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
    const { createdAt } = invitation;
    if (createdAt <= voided || isMember(membership)) throw new ApiError('invitationGone');
    const from = partiesOf(invitation).inviter;
    // The newest invitation's inviter is not read before: the write finds out whether it is still a member.
    const inviting = call.db.cached(groupMembershipOf(app, id, from));
    if (inviting && !isMember(inviting.record)) throw new ApiError('invitationGone');
    const candidate = { id: me, user, membership };
    return {
      steps: [
        ...(approval
          ? [
              countJoined(call, group, 1),
              ...admit(call, group, candidate, { via: 'invitation', by: from, invited: createdAt }),
            ]
          : []),
        invitations.answer(app, me, invitation, approval ? AGREED : REJECTED, now),
        memberships.stillMember(app, id, from),
      ],
      answer: () => ({}),
    };
  };
  const handled = await call.change(reads, decide(false));
  if (handled) return handled;
  await call.db.load([all]);
  return (await call.transact(reads, decide(true))) ?? {};
}

/**
 * Section 7.41: invitations of the last 30 days to the actor, the newest first. The actor's user memberships, read with
 * the first page, tell which of them a later join settled (shown as agreed) and which a later block voided (left out).
 * Invitations to dissolved groups are left out, too, which takes a second round trip (decision 4).
 * @throws ApiError badParameter (cursor)
 */
export async function invitationList(call: Call, given: { cursor?: string | undefined; limit: number }) {
  const { app, now } = call;
  const me = call.person;
  const page = new ListPage(call, 'invitation_list', invitations.invitationsNewestFirst(app, me, now), given);
  const read = await call.open({
    invitations: page.read,
    total: invitations.invitationCountOf(app, me, now),
    userMemberships: memberships.voidingMembershipsOf(app, me, now - KEPT_IN_LISTS * 1000),
  });
  const { entries: listed, cursor } = page.cut(read.invitations);
  const voiding = new Map(read.userMemberships.map((userMembership) => [userMembership.group, userMembership]));
  const groups = [...new Set(listed.map((invitation) => partiesOf(invitation).group))];
  const found = await call.db.read(groups.map((group) => groupOf(app, group)));
  const existing = new Set(found.map((group) => (group?.status === 'normal' ? group.group : undefined)));
  const entries = listed.flatMap((invitation) => {
    const { group, inviter } = partiesOf(invitation);
    if (!existing.has(group)) return [];
    const { blocked = 0, settled = 0 } = voiding.get(group) ?? {};
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
  return new Page(entries, cursor, read.total);
}
