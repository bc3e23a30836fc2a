import type { Database } from '../../data/database.ts';
import { atMost } from '../../data/expression.ts';
import { invitationsToGroupOf } from '../../data/invitation-repo.ts';
import type { JobOf } from '../../data/job-repo.ts';
import { userPartition } from '../../data/keys.ts';
import { edgeOf } from '../../data/membership-repo.ts';
import { remove } from '../../data/step.ts';
import type { Pace } from './pace.ts';

/** Invitations that a block voided leave the lists; a newer one stays. @returns whether all is done */
export function forgetInvitations(
  db: Database,
  { app, group, users, made }: JobOf<'blocked users'>,
  pace: Pace,
): Promise<boolean> {
  const reads = users.map((user) => ({
    invitations: invitationsToGroupOf(app, user, group),
    edge: edgeOf(app, user, group),
  }));
  const voided = async () =>
    (await db.read(reads)).flatMap(({ invitations, edge }, index) => {
      const pk = userPartition(app, users[index]!);
      const until = edge?.blocked ?? made;
      return invitations.filter((one) => one.made <= until).map(({ sk }) => remove({ pk, sk }, atMost('made', until)));
    });
  return pace.workOff(voided, (step) => db.write([step]));
}
