import { announcementsOf } from '../../data/announcement-repo.ts';
import type { Database } from '../../data/database.ts';
import { filesOf, removeFile } from '../../data/file-repo.ts';
import { cleanedSteps } from '../../data/group-repo.ts';
import type { JobOf } from '../../data/job-repo.ts';
import { announcementKey } from '../../data/keys.ts';
import { forgetSteps, peopleOf, personOf, type Relation } from '../../data/membership-repo.ts';
import { closeSequence, forgetSequence } from '../../data/sequence-repo.ts';
import { remove } from '../../data/step.ts';
import { deleteObject } from '../../storage/objects.ts';
import { type EachPlan, settleEach } from '../decision.ts';
import { objectOf } from '../file/publication.ts';

/** Read at once, and written by so many transactions side by side. */
const PAGE = 330;
const BATCH = 33;

/**
 * What a dissolved group left behind: memberships (with the members' counts), blocks, applications, announcements, files
 * and their objects. Each item goes by its own condition, so that it can stop anywhere and be begun again, even twice at once.
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
  // Nothing is published from here on: what is found now is all there is.
  await db.write([closeSequence(app, group)]);
  for (;;) {
    const files = await db.read(filesOf(app, group, PAGE));
    if (files.length === 0) break;
    for (let from = 0; from < files.length; from += BATCH) {
      await Promise.all(
        files.slice(from, from + BATCH).map(async (file) => {
          const object = objectOf(app, group, file);
          if (object !== undefined) await deleteObject(object);
          await db.write(removeFile(app, group, file, now));
        }),
      );
      if (expired()) return false;
    }
  }
  await db.write([forgetSequence(app, group, now), ...cleanedSteps(app, group, Date.now())]);
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
