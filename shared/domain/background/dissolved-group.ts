import { announcementsOf } from '../../data/announcement-repo.ts';
import type { Database } from '../../data/database.ts';
import { forgetDissolved } from '../../data/group-repo.ts';
import type { JobOf } from '../../data/job-repo.ts';
import { announcementKey, sequenceKey } from '../../data/keys.ts';
import { forgetSteps, peopleOf, personOf, type Relation } from '../../data/membership-repo.ts';
import { remove } from '../../data/step.ts';
import { type EachPlan, settleEach } from '../decision.ts';

/** Read at once, and written by so many transactions side by side. */
const PAGE = 330;
const BATCH = 33;

/**
 * What a dissolved group left behind: memberships (with the members' counts), blocks, applications, announcements. Each
 * item goes by its own condition, so that it can stop anywhere and be begun again, even twice at once.
 * @returns whether all is done; false when `expired` said so before
 */
export async function forgetGroup(
  db: Database,
  { app, group }: JobOf<'dissolved group'>,
  now: number,
  expired: () => boolean,
): Promise<boolean> {
  for (;;) {
    const people = await db.read(peopleOf(app, group, PAGE));
    if (people.length === 0) break;
    const batches = Array.from({ length: Math.ceil(people.length / BATCH) }, (_, nth) =>
      people.slice(nth * BATCH, (nth + 1) * BATCH),
    );
    await Promise.all(batches.map((batch) => forget(db, app, group, batch, now)));
    if (expired()) return false;
  }
  for (;;) {
    const announcements = await db.read(announcementsOf(app, group, { limit: PAGE }));
    if (announcements.length === 0) break;
    await Promise.all(announcements.map(({ id }) => db.write([remove(announcementKey(app, group, id))])));
    if (expired()) return false;
  }
  await db.write([remove(sequenceKey(app, group)), forgetDissolved(app, group, now)]);
  return true;
}

async function forget(db: Database, app: string, group: number, people: Relation[], now: number): Promise<void> {
  const reads = people.map((item) => personOf(app, group, item.sk));
  const plan: EachPlan<typeof reads, Relation> = {
    permit: () => {},
    entry: (items, { index }) => {
      const item = items[index];
      return item ? forgetSteps(app, group, item, now) : [];
    },
    shared: () => [],
  };
  await settleEach(db, reads, people, plan);
}
