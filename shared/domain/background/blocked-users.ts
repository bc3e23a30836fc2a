import type { Database } from '../../data/database.ts';
import * as invitations from '../../data/invitation-repo.ts';
import type { JobOf } from '../../data/job-repo.ts';
import { userMembershipOf } from '../../data/membership-repo.ts';
import type { Pace } from './pace.ts';

/** Removes the invitations that a block voided; newer ones stay. @returns whether all is done */
export function forgetInvitations(
  db: Database,
  { app, group, users, createdAt }: JobOf<'blocked users'>,
  pace: Pace,
): Promise<boolean> {
  const reads = users.map((user) => ({
    invitations: invitations.invitationsToGroupOf(app, user, group),
    userMembership: userMembershipOf(app, user, group),
  }));
  const voided = async () =>
    (await db.read(reads)).flatMap(({ invitations: found, userMembership }, index) => {
      const until = userMembership?.blocked ?? createdAt;
      return found
        .filter((one) => one.createdAt <= until)
        .map((one) => invitations.removeVoid(app, users[index]!, one, until));
    });
  return pace.workOff(voided, (step) => db.write([step]));
}
