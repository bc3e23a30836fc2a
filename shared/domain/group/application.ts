import type { Call } from '../../call/call.ts';
import { Cursor } from '../../call/cursor.ts';
import { newestOf, type Source } from '../../call/newest.ts';
import { Page } from '../../call/page.ts';
import * as applications from '../../data/application-repo.ts';
import { type Application, applicantOf, applicationOf, isPending } from '../../data/application-repo.ts';
import { existenceOf, groupOf } from '../../data/group-repo.ts';
import { groupMembershipOf } from '../../data/membership-repo.ts';
import { groupsAdministeredOf } from '../../data/role-repo.ts';
import { userOf } from '../../data/user-repo.ts';
import { ApiError } from '../../errors.ts';
import type { GroupId, UserId } from '../../ids.ts';
import { admissible, admit, countJoined } from './admission.ts';
import { entryResult, groupCommand } from './command.ts';
import { existingGroup } from './permissions.ts';
import { changesOf, versionOf } from './version.ts';

/**
 * Section 7.12: joins an open group at once, makes or renews an application where admins decide, and is refused where
 * the group takes no applications (`result` "fail").
 * @throws ApiError groupMissing, userMissing, alreadyMember, blocked, and for an open group tooManyJoined, groupFull
 */
export function apply(call: Call, id: GroupId, reason: string) {
  call.uses('applications_per_hour');
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
    if (group.approval === 2) return { steps: [], answer: () => entryResult(applicant, TAKES_NONE) };
    const answer = () => entryResult(applicant);
    if (group.approval === 0)
      return {
        steps: [countJoined(call, group, 1, { approval: 0 }), ...admit(call, group, candidate, { via: 'applied' })],
        answer,
      };
    const createdAt = Math.max(call.now, (membership?.applied ?? 0) + 1);
    const expiresAt = createdAt + call.limits.application_life * 1000;
    return {
      steps: applications.submit(call.app, id, applicant, membership, { reason, createdAt, expiresAt }),
      answer,
    };
  });
}

const TAKES_NONE = { message: 'the group takes no applications' };

/**
 * Section 7.13: an admin's decision on an application, which can be made once. Approval joins, through the gate.
 * @throws ApiError groupMissing, needsMember, needsAdmin, applicationGone, and on approval userMissing, blocked,
 *   tooManyJoined, groupFull
 */
export function handleApplication(call: Call, id: GroupId, applicant: UserId, approval: boolean) {
  const reads = {
    user: userOf(call.app, applicant),
    membership: groupMembershipOf(call.app, id, applicant),
    application: applicationOf(call.app, id, applicant),
  };
  return groupCommand(call, id, 'handle_application', reads, ({ group, actor }, { user, membership, application }) => {
    // Without its mark an application is void, whatever it says: the user has joined since, or was blocked.
    if (!isPending(application, call.now) || membership?.applied !== application.createdAt)
      throw new ApiError('applicationGone');
    return {
      steps: approval
        ? [
            countJoined(call, group, 1),
            ...admit(call, group, { id: applicant, user, membership }, { via: 'application', by: actor.user }),
          ]
        : applications.reject(call.app, id, applicant, application),
      answer: () => entryResult(applicant),
    };
  });
}

/** How many groups are read where the caller names none. */
const LATEST_GROUPS = 100;
type Position = [createdAt: number, group: GroupId, applicant: UserId, total: number];
/** The position of the last entry as text. */
const POSITION = /^\d{13}#\d{1,16}#\d{1,16}#\d{1,16}$/;

/**
 * Section 7.11: applications to the groups that the actor administers, the newest first over all of them. Other groups
 * and missing ones are left out. Where the caller names no groups, those whose admin the actor became last.
 * `total` is counted with the first page and travels in the cursor.
 * @throws ApiError badParameter (cursor), groupMissing where an admin token's header names a missing group
 */
export async function applicationList(
  call: Call,
  named: GroupId[],
  given: { cursor?: string | undefined; limit: number },
) {
  const list = `application_list ${call.headerGroup ?? ''} ${named.join(' ')}`;
  const cursor = new Cursor(call, list, POSITION, given.cursor);
  const asked = named.length === 0 && call.headerGroup !== undefined ? [call.headerGroup] : named;
  // Several groups have no version together.
  const changes = asked.length === 1 ? changesOf(call, asked[0]!) : [];
  const groups = await administeredGroups(call, asked, changes);
  const position = cursor.position?.split('#').map(Number) as Position | undefined;
  const sources = groups.map((group) => applicationsTo(call, group, position));
  const { entries, goesOn, total: counted } = await newestOf(call.db, sources, given.limit, newestFirst);
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
    last && cursor.next(positionOf(last, total)),
    total,
    groups.length === 1 ? versionOf(call, call.db.records(changes)) : 0,
  );
}

/** The applications to one group after the position of a cursor. */
function applicationsTo(call: Call, group: GroupId, position: Position | undefined): Source<Listed> {
  const { app, now } = call;
  const start = position && upTo(group, position);
  return {
    there: existenceOf(app, group),
    read: (limit, last) => {
      const until = last ? { createdAt: last.application.createdAt, applicant: applicantOf(last.application) } : start;
      return applications.applicationsOf(app, group, now, until, limit, (application) => ({ group, application }));
    },
    count: () => applications.applicationCountOf(app, group, now),
  };
}

/** The groups asked for (or else the latest) that the actor administers. @param beside read in the same round trip */
async function administeredGroups(
  call: Call,
  asked: GroupId[],
  beside: ReturnType<typeof changesOf>,
): Promise<GroupId[]> {
  if (call.me === undefined) {
    await call.open(beside);
    return call.headerGroup === undefined ? asked : asked.filter((group) => group === call.headerGroup);
  }
  const latest = groupsAdministeredOf(call.app, call.me, asked.length > 0 ? undefined : LATEST_GROUPS);
  const { administered } = await call.open({ administered: latest, beside });
  return asked.length > 0 ? asked.filter((group) => administered.includes(group)) : administered;
}

interface Listed {
  group: GroupId;
  application: Application;
}

/** Newest first over all groups; within a millisecond by group, then by the digits of the applicant. */
const newestFirst = (one: Listed, other: Listed) =>
  other.application.createdAt - one.application.createdAt ||
  other.group - one.group ||
  (String(applicantOf(one.application)) < String(applicantOf(other.application)) ? 1 : -1);

const positionOf = ({ group, application }: Listed, total: number) =>
  [String(application.createdAt).padStart(13, '0'), group, applicantOf(application), total].join('#');

/** The newest application of a group that comes after the position in that order. */
function upTo(group: GroupId, [createdAt, at, applicant]: Position) {
  if (group === at) return { createdAt, applicant };
  return { createdAt: group < at ? createdAt : createdAt - 1 };
}
