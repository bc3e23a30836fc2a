import type { Call } from '../../call/call.ts';
import { before, Cursor } from '../../call/cursor.ts';
import { newestOf, type Source } from '../../call/newest.ts';
import { Page } from '../../call/page.ts';
import {
  type Application,
  applicantOf,
  applicationCountOf,
  applicationOf,
  applicationsOf,
  applySteps,
  isPending,
  rejectSteps,
} from '../../data/application-repo.ts';
import { groupOf } from '../../data/group-repo.ts';
import { APPLICATION, applicationOrder, groupKey, time, userKey } from '../../data/keys.ts';
import { groupMembershipOf, groupsAdministeredOf } from '../../data/membership-repo.ts';
import { check } from '../../data/step.ts';
import { NOT_DELETED, userOf } from '../../data/user-repo.ts';
import { ApiError } from '../../errors.ts';
import { KEPT_IN_LISTS } from '../../limits.ts';
import { entryResult } from '../entries.ts';
import { admissible, admit, countJoined } from './admission.ts';
import { actorMembership, existingGroup, permit, sameRole } from './permissions.ts';

/**
 * Section 7.12: joins an open group at once, leaves an application where an admin is to decide (a second renews it), is
 * refused where the group takes none (`result` "fail").
 * @throws ApiError groupMissing, alreadyMember, blocked, and joining an open group tooManyJoined, groupFull
 */
export function apply(call: Call, id: number, reason: string) {
  const applicant = call.person;
  const reads = {
    group: groupOf(call.app, id),
    user: userOf(call.app, applicant),
    membership: groupMembershipOf(call.app, id, applicant),
  };
  return call.change(reads, ({ group: found, user, membership }) => {
    const group = existingGroup(found);
    const candidate = { id: applicant, user, membership };
    admissible(candidate);
    if (group.approval === 2) return { steps: [], answer: () => refusedResult(applicant) };
    if (group.approval === 0)
      return {
        steps: [countJoined(call, group, 1, { approval: 0 }), ...admit(call, group, candidate)],
        answer: () => entryResult(applicant, undefined),
      };
    const createdAt = Math.max(call.now, (membership?.applied ?? 0) + 1);
    const expiresAt = createdAt + call.limits.application_life * 1000;
    return {
      steps: [
        ...applySteps(call.app, id, applicant, membership, { reason, createdAt, expiresAt }),
        check(userKey(call.app, applicant), NOT_DELETED),
      ],
      answer: () => entryResult(applicant, undefined),
    };
  });
}

const refusedResult = (applicant: number) => ({
  user_id: applicant,
  result: 'fail' as const,
  reason: 'the group takes no applications',
});

/**
 * Section 7.13: an admin's decision on an application, which can be made once. Approval joins, through the gate.
 * @throws ApiError groupMissing, needsMember, needsAdmin, applicationGone, and on approval userMissing, blocked,
 *   tooManyJoined, groupFull
 */
export function handleApplication(call: Call, id: number, applicant: number, approval: boolean) {
  const reads = {
    group: groupOf(call.app, id),
    me: actorMembership(call, id),
    user: userOf(call.app, applicant),
    membership: groupMembershipOf(call.app, id, applicant),
    application: applicationOf(call.app, id, applicant),
  };
  return call.change(reads, ({ group: found, me, user, membership, application }) => {
    const { group, actor } = permit(call, 'handle_application', found, me);
    // Void without its mark, whatever the application says: the person has joined since, or was blocked.
    if (!isPending(application, call.now) || membership?.applied !== application.createdAt)
      throw new ApiError('applicationGone');
    const decision = approval
      ? [countJoined(call, group, 1), ...admit(call, group, { id: applicant, user, membership })]
      : rejectSteps(call.app, id, applicant, application);
    return {
      steps: [...sameRole(call.app, id, actor), ...decision],
      answer: () => entryResult(applicant, undefined),
    };
  });
}

/** Groups looked at where the caller names none. */
const LATEST_GROUPS = 100;
const FORM = /^\d{13}#\d{1,16}#\d{1,16}#\d{1,16}$/;

/**
 * Section 7.11: applications to the groups that the actor administers, the newest first over all of them. Groups it
 * does not administer or that are gone are left out. None named: the ones it became admin of last.
 * `total` is counted with the first page and travels in the cursor.
 * @throws ApiError badParameter (cursor), groupMissing where an admin token's header names a group that is gone
 */
export async function applicationList(
  call: Call,
  named: number[],
  given: { cursor?: string | undefined; limit: number },
) {
  const cursor = new Cursor(call, `application_list ${call.headerGroup ?? ''} ${named.join(' ')}`, FORM, given.cursor);
  const groups = await administeredGroups(call, named);
  const position = cursor.position?.split('#').map(Number);
  const sources = groups.map((group) => applicationsTo(call, group, position));
  const { entries, goesOn, total: counted } = await newestOf(call.db, sources, given.limit, age);
  const [first] = groups;
  if (first !== undefined && first === call.headerGroup) existingGroup(call.db.records(groupOf(call.app, first)));
  const total = position?.[3] ?? (await counted());
  const last = goesOn ? entries.at(-1) : undefined;
  return new Page(
    entries.map(({ group, application }) => ({
      group_id: group,
      applicant_id: applicantOf(application),
      reason: application.reason,
      status: application.status,
      expired_time: application.expiresAt,
    })),
    last && cursor.next([time(last.application.createdAt), last.group, applicantOf(last.application), total].join('#')),
    total,
  );
}

/** The applications to one group, those after the position of a cursor. */
function applicationsTo(call: Call, group: number, position: number[] | undefined): Source<Listed> {
  const oldest = `${APPLICATION}${time(call.now - KEPT_IN_LISTS * 1000)}`;
  const newest = `${APPLICATION}~`;
  const start = position ? upTo(group, position) : newest;
  return {
    there: { get: groupKey(call.app, group), parse: (item) => item?.status === 'normal' },
    read: (limit, last) =>
      applicationsOf(
        call.app,
        group,
        [oldest, last ? before(last.application.lsi1sk) : start],
        limit,
        (application) => ({
          group,
          application,
        }),
      ),
    count: () => applicationCountOf(call.app, group, [oldest, newest]),
  };
}

/** Of the groups named (or, of none, the latest) those that the actor administers. */
async function administeredGroups(call: Call, named: number[]): Promise<number[]> {
  const asked = named.length === 0 && call.headerGroup !== undefined ? [call.headerGroup] : named;
  if (call.me === undefined) {
    await call.open([]);
    return call.headerGroup === undefined ? asked : asked.filter((group) => group === call.headerGroup);
  }
  const administered = await call.open(
    groupsAdministeredOf(call.app, call.me, asked.length > 0 ? undefined : LATEST_GROUPS),
  );
  return asked.length > 0 ? asked.filter((group) => administered.includes(group)) : administered;
}

interface Listed {
  group: number;
  application: Application;
}

/** Newest first over all groups; those of one millisecond by group and by key. */
const age = (one: Listed, other: Listed) =>
  other.application.createdAt - one.application.createdAt ||
  other.group - one.group ||
  (one.application.lsi1sk < other.application.lsi1sk ? 1 : -1);

/** The newest key of a group that comes after the position in that order. */
function upTo(group: number, [createdAt = 0, at = 0, applicant = 0]: number[]): string {
  if (group === at) return before(applicationOrder(createdAt, applicant));
  return `${APPLICATION}${time(group < at ? createdAt : createdAt - 1)}#~`;
}
