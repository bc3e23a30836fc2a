import type { Database } from '../../data/database.ts';
import { atMost } from '../../data/expression.ts';
import { invitationsToGroupOf } from '../../data/invitation-repo.ts';
import type { JobOf } from '../../data/job-repo.ts';
import { userPartition } from '../../data/keys.ts';
import { userMembershipOf } from '../../data/membership-repo.ts';
import { remove } from '../../data/step.ts';
import type { Pace } from './pace.ts';

/** Invitations that a block voided leave the lists; a newer one stays. @returns whether all is done */
export function forgetInvitations(
  db: Database,
  { app, group, users, createdAt }: JobOf<'blocked users'>,
  pace: Pace,
): Promise<boolean> {
  const reads = users.map((user) => ({
    invitations: invitationsToGroupOf(app, user, group),
    userMembership: userMembershipOf(app, user, group),
  }));
  const voided = async () =>
    (await db.read(reads)).flatMap(({ invitations, userMembership }, index) => {
      const pk = userPartition(app, users[index]!);
      const until = userMembership?.blocked ?? createdAt;
      return invitations
        .filter((one) => one.createdAt <= until)
        .map(({ sk }) => remove({ pk, sk }, atMost('createdAt', until)));
    });
  return pace.workOff(voided, (step) => db.write([step]));
}
