import { type BatchPlan, transactEach } from '../../call/transact.ts';
import * as announcements from '../../data/announcement-repo.ts';
import type { Database } from '../../data/database.ts';
import * as files from '../../data/file-repo.ts';
import { forgetName, putCleaned, removeDissolved } from '../../data/group-repo.ts';
import type { JobOf } from '../../data/job-repo.ts';
import type { GroupMembership } from '../../data/membership-repo.ts';
import * as remains from '../../data/remains-repo.ts';
import * as sequences from '../../data/sequence-repo.ts';
import type { AppId, GroupId } from '../../ids.ts';
import * as objects from '../../storage/object-repo.ts';
import type { Pace } from './pace.ts';

/** Items of a page. People are written in batches, one transaction each; announcements and files one by one. */
const PAGE = 330;
const BATCH = 33;

/**
 * Removes what a dissolved group left behind: memberships (with the members' counts), blocks, applications,
 * announcements, files and their objects. Each item has its own condition, so the work can stop anywhere and be begun
 * again, even twice at once.
 * @returns whether all is done
 */
export async function forgetGroup(
  db: Database,
  { app, group }: JobOf<'dissolved group'>,
  now: number,
  pace: Pace,
): Promise<boolean> {
  const batches = async () => {
    const people = await db.read(remains.peopleOf(app, group, PAGE));
    return Array.from({ length: Math.ceil(people.length / BATCH) }, (_, nth) =>
      people.slice(nth * BATCH, (nth + 1) * BATCH),
    );
  };
  const announcementItems = () => db.read(announcements.announcementItemsOf(app, group, PAGE));
  const filePage = () => db.read(files.filesOf(app, group, PAGE));
  const end = async () => {
    // The condition only fails where there is no name.
    await db.write([forgetName(app, group)]);
    await db.write([putCleaned(app, group, Date.now())]);
    await db.write([removeDissolved(app, group), sequences.expire(app, group, now)]);
  };
  return (
    (await pace.workOff(batches, (batch) => forget(db, app, group, batch, now))) &&
    (await pace.workOff(announcementItems, (key) => db.write([remains.removeItem(key)]))) &&
    // From here on no file is published, so the pages that follow show all files.
    (await pace.each([sequences.close(app, group)], (closing) => db.write([closing]))) &&
    (await pace.workOff(filePage, async (file) => {
      const object = objects.objectOf(app, group, file);
      if (object !== undefined) await objects.remove(object);
      await db.write(files.erase(app, group, file, now));
    })) &&
    (await pace.each([end], (write) => write()))
  );
}

async function forget(db: Database, app: AppId, group: GroupId, people: GroupMembership[], now: number): Promise<void> {
  const reads = people.map((item) => remains.personOf(app, group, item));
  const plan: BatchPlan<typeof reads, GroupMembership> = {
    permit: () => {},
    entry: (items, { index }) => {
      const item = items[index];
      return item ? remains.removePerson(app, group, item, now) : [];
    },
    shared: () => [],
  };
  await transactEach(db, reads, people, plan);
}
