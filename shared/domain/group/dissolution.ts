import type { Call } from '../../call/call.ts';
import { countStep } from '../../data/counter-repo.ts';
import { all, type Condition, equal } from '../../data/expression.ts';
import { type Group, groupOf, putDissolved, removePublic, updateGroup } from '../../data/group-repo.ts';
import { putJob } from '../../data/job-repo.ts';
import { groupMembershipKey, userKey, userMembershipKey } from '../../data/keys.ts';
import { measured, remove, type Step, update } from '../../data/step.ts';
import { actorMembership, permit, sameOwner } from './permissions.ts';

/**
 * Section 7.20: dissolves the group for everyone at once, by one small transaction whatever its size. What its members
 * still carry of it is cleaned up behind (`background/clean-up`).
 * @throws ApiError groupMissing, needsMember, needsOwner
 */
export function destroy(call: Call, id: number): Promise<true> {
  return call.change({ group: groupOf(call.app, id), me: actorMembership(call, id) }, ({ group: found, me }) => {
    const { group, actor } = permit(call, 'destroy', found, me);
    return {
      steps: [
        ...dissolutionSteps(call.app, group, call.now, call.limits.groups > 0),
        ...sameOwner(call.app, group, actor),
      ],
      answer: () => true as const,
    };
  });
}

/** @param counted the app counts its groups */
export function dissolutionSteps(
  app: string,
  group: Group,
  now: number,
  counted: boolean,
  ...conditions: Condition[]
): Step[] {
  const { group: id, owner } = group;
  return [
    measured(
      'groups_dissolved',
      updateGroup(
        app,
        id,
        { set: { status: 'dissolved', count: 0, admins: 0, blocks: 0 } },
        all(equal('status', 'normal'), equal('owner', owner), ...conditions),
      ),
    ),
    putDissolved(app, id),
    ...removePublic(app, group),
    putJob({ kind: 'dissolved group', app, group: id, createdAt: now }),
    // The owner's side goes at once: it counts the groups owned.
    remove(groupMembershipKey(app, id, owner)),
    remove(userMembershipKey(app, owner, id)),
    update(userKey(app, owner), { add: { joined: -1, owned: -1 } }),
    ...(counted ? [countStep(app, 'groups', -1)] : []),
  ];
}
