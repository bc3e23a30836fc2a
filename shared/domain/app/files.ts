import { transact } from '../../call/transact.ts';
import { Database } from '../../data/database.ts';
import { allFilesOf, fileOf, removeFile, type SharedFile, uncountFiles } from '../../data/file-repo.ts';
import { groupOf } from '../../data/group-repo.ts';
import { filesIndexed, groupIn } from '../../data/keys.ts';
import { indexedKeys, type OperatorTable } from '../../data/operator-queries.ts';
import { sequenceOf } from '../../data/sequence-repo.ts';
import { FILES, fileObject, groupIncoming, randomOf } from '../../storage/names.ts';
import {
  type ListedObject,
  type OperatorBucket,
  objectsBelow,
  removeObject,
  writtenAt,
} from '../../storage/operator-bucket.ts';

/** An object that no record names. */
export type Orphan = ListedObject & {
  group: number;
  /**
   * What stands against deleting it: written too recently (`new`), or what it was copied from is still there, so that
   * the upload may yet be published (`upload waits`).
   */
  kept?: 'new' | 'upload waits';
  /** By this run. */
  deleted: boolean;
};

/** A published file whose object is not there. */
export interface Broken {
  group: number;
  file: SharedFile;
  /** By this run. */
  removed: boolean;
}

export interface FilesReport {
  /** Groups with an object or a record, objects and records of published files (no links) that were looked at. */
  groups: number;
  objects: number;
  records: number;
  orphans: Orphan[];
  broken: Broken[];
}

/** Everything a check of one group needs. */
interface Check {
  table: OperatorTable;
  bucket: OperatorBucket;
  app: string;
  fix: boolean;
  /** Milliseconds. */
  now: number;
  /** Milliseconds: an orphan written since may still be recorded. */
  before: number;
  report: FilesReport;
}

/**
 * Compares objects and records of an app's group files, and with `fix` deletes orphans and removes broken records with
 * their count, as `file/delete` does. While the app is in use as well: each group's objects are listed before its records
 * are read, what then seems broken is looked up, and an orphan goes only where it is older than `olderThan` milliseconds
 * and nothing is left that could be published as it. Uploads below `incoming/` are not touched (they go in a day by
 * themselves), nor are avatars, which have no records, nor what a dissolved group's clean-up has still to remove.
 *
 * Of each group a Query, of an app a list request for a thousand objects and an index page for its records.
 */
export async function checkFiles(
  table: OperatorTable,
  bucket: OperatorBucket,
  app: string,
  { fix, olderThan, now = Date.now() }: { fix: boolean; olderThan: number; now?: number },
): Promise<FilesReport> {
  const report: FilesReport = { groups: 0, objects: 0, records: 0, orphans: [], broken: [] };
  const check = { table, bucket, app, fix, now, before: now - olderThan, report };
  const seen = new Set<number>();
  for await (const [group, objects] of groupsWithObjects(bucket, app)) {
    seen.add(group);
    await checkGroup(check, group, objects);
  }
  // The index may lag: a group that it does not know yet has objects, or will have.
  for await (const keys of indexedKeys(table, filesIndexed(app)))
    for (const { pk } of keys) {
      const group = groupIn(pk);
      if (!seen.has(group)) await checkGroup(check, group, []);
      seen.add(group);
    }
  report.groups = seen.size;
  return report;
}

/** All objects of one group lie behind one another. Avatars come after all groups, which begin with a digit. */
async function* groupsWithObjects(
  bucket: OperatorBucket,
  app: string,
): AsyncGenerator<[group: number, objects: ListedObject[]]> {
  const prefix = `${FILES}${app}/`;
  let group: number | undefined;
  let objects: ListedObject[] = [];
  for await (const object of objectsBelow(bucket, prefix)) {
    const [, id] = /^(\d{1,16})\//.exec(object.key.slice(prefix.length)) ?? [];
    if (id === undefined) break;
    if (Number(id) !== group) {
      if (group !== undefined) yield [group, objects];
      group = Number(id);
      objects = [];
    }
    objects.push(object);
  }
  if (group !== undefined) yield [group, objects];
}

async function checkGroup(check: Check, group: number, objects: ListedObject[]): Promise<void> {
  const { app, report } = check;
  const found = await recordsOf(check, group);
  const there = new Set(objects.map(({ key }) => key));
  report.objects += objects.length;
  report.records += found.files.length;
  const orphans = objects.filter(({ key }) => !found.named.has(key));
  if (orphans.length > 0) await judgeOrphans(check, group, orphans);
  if (found.group?.status !== 'normal') return;
  for (const file of found.files) if (!there.has(keyOf(app, group, file))) await judgeRecord(check, group, file);
}

/** Files of the group that have an object, and the keys of those. */
async function recordsOf({ table, app }: Check, id: number) {
  const reads = { group: groupOf(app, id), files: allFilesOf(app, id) };
  const { group, files: all } = await new Database(table.client, table.name).read(reads);
  const files = all.filter(({ object }) => object !== undefined);
  return { group, files, named: new Set(files.map((file) => keyOf(app, id, file))) };
}

const keyOf = (app: string, group: number, { object = '' }: SharedFile) => fileObject(app, group, object);

async function judgeOrphans(check: Check, group: number, suspects: ListedObject[]): Promise<void> {
  const { bucket, app, fix, before, report } = check;
  const waiting = new Set<string>();
  for await (const { key } of objectsBelow(bucket, groupIncoming(app, group))) waiting.add(randomOf(key));
  // An upload goes after its file is recorded: where it is gone, a record that is read from here on tells.
  const { named } = await recordsOf(check, group);
  for (const { key, size, written } of suspects.filter((one) => !named.has(one.key))) {
    const judged = (at: number): Orphan['kept'] =>
      at > before ? 'new' : waiting.has(randomOf(key)) ? 'upload waits' : undefined;
    let kept = judged(written);
    // Looked at again just before it goes: somebody may have made a new copy of it since it was listed.
    if (fix && !kept) kept = judged((await writtenAt(bucket, key)) ?? written);
    const deleted = fix && !kept;
    if (deleted) await removeObject(bucket, key);
    report.orphans.push({ key, size, written, group, deleted, ...(kept && { kept }) });
  }
}

async function judgeRecord({ table, bucket, app, fix, now, report }: Check, group: number, file: SharedFile) {
  const key = keyOf(app, group, file);
  // Published after the objects were listed, perhaps.
  if ((await writtenAt(bucket, key)) !== undefined) return;
  const db = new Database(table.client, table.name);
  const reads = { group: groupOf(app, group), sequence: sequenceOf(app, group), file: fileOf(app, group, file.id) };
  await db.read(reads);
  const isBroken = await transact(db, reads, ({ group: at, sequence, file: found }) => {
    // Deleted, or the group dissolved meanwhile.
    if (!found || found.object !== file.object || at?.status !== 'normal' || sequence?.closed)
      return { steps: [], answer: () => false };
    const steps = fix ? [...removeFile(app, group, found, now), uncountFiles(app, group, 1)] : [];
    return { steps, answer: () => true };
  });
  if (isBroken) report.broken.push({ group, file, removed: fix });
}
