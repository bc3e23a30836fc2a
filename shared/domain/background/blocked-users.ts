import type { Database } from '../../data/database.ts';
import { atMost } from '../../data/expression.ts';
import { invitationsToGroupOf } from '../../data/invitation-repo.ts';
import type { JobOf } from '../../data/job-repo.ts';
import { userPartition } from '../../data/keys.ts';
import { edgeOf } from '../../data/membership-repo.ts';
import { remove } from '../../data/step.ts';

/** Side by side. */
const AT_ONCE = 10;

/** Invitations that a block voided leave the lists; a newer one stays. @returns whether all is done */
export async function forgetInvitations(
  db: Database,
  { app, group, users, made }: JobOf<'blocked users'>,
  _now: number,
  expired: () => boolean,
): Promise<boolean> {
  for (const user of users) {
    const [invitations, edge] = await db.read([
      invitationsToGroupOf(app, user, group),
      edgeOf(app, user, group),
    ] as const);
    const blocked = edge?.blocked ?? made;
    for (let from = 0; from < invitations.length; from += AT_ONCE) {
      if (expired()) return false;
      await Promise.all(
        invitations
          .slice(from, from + AT_ONCE)
          .filter(({ made }) => made <= blocked)
          .map(({ sk }) => db.write([remove({ pk: userPartition(app, user), sk }, atMost('made', blocked))])),
      );
    }
  }
  return true;
}
