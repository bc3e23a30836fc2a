import { transact } from '../../call/transact.ts';
import type { SharedFile } from '../../data/file-repo.ts';
import * as files from '../../data/file-repo.ts';
import { fileOf, filesOf } from '../../data/file-repo.ts';
import { groupOf } from '../../data/group-repo.ts';
import { indexedKeys, type OperatorTable, viewOf } from '../../data/operator-queries.ts';
import { sequenceOf } from '../../data/sequence-repo.ts';
import type { AppId, GroupId } from '../../ids.ts';
import type { ListedObject, OperatorBucket } from '../../storage/operator-object-repo.ts';
import * as objects from '../../storage/operator-object-repo.ts';

/** An object that no record names. */
export type Orphan = ListedObject & {
  group: GroupId;
  /**
   * Why it may not be deleted: it was written too recently (`new`), or the upload that it was copied from is still
   * there and may be published (`upload waits`).
   */
  kept?: 'new' | 'upload waits';
  /** By this run. */
  deleted: boolean;
};

/** A published file whose object is missing. */
export interface Broken {
  group: GroupId;
  file: SharedFile;
  /** By this run. */
  removed: boolean;
}

export interface FilesReport {
  /** Groups with an object or a record, objects, and records of published files (no links) that were looked at. */
  groups: number;
  objects: number;
  records: number;
  orphans: Orphan[];
  broken: Broken[];
}

/** Everything that a check of one group needs. */
interface Check {
  table: OperatorTable;
  bucket: OperatorBucket;
  app: AppId;
  fix: boolean;
  /** Milliseconds. */
  now: number;
  /** Milliseconds: an orphan written later may still be recorded. */
  before: number;
  report: FilesReport;
}

/**
 * Compares objects and records of an app's group files. With `fix` it deletes orphans, and removes broken records with
 * their count, as `file/delete` does. The app may be in use: each group's objects are listed before its records are read,
 * a record that seems broken is looked up again, and an orphan is deleted only if it is older than `olderThan`
 * milliseconds and nothing is left that could be published as it. The check touches no uploads (they expire in a day),
 * no avatars (they have no records), and nothing that the clean-up of a dissolved group has still to remove.
 *
 * It costs one Query per group, and per app one list request for a thousand objects and one index page for its records.
 */
export async function checkFiles(
  table: OperatorTable,
  bucket: OperatorBucket,
  app: AppId,
  { fix, olderThan, now = Date.now() }: { fix: boolean; olderThan: number; now?: number },
): Promise<FilesReport> {
  const report: FilesReport = { groups: 0, objects: 0, records: 0, orphans: [], broken: [] };
  const check = { table, bucket, app, fix, now, before: now - olderThan, report };
  const seen = new Set<GroupId>();
  for await (const [group, listed] of objects.filesByGroup(bucket, app)) {
    seen.add(group);
    await checkGroup(check, group, listed);
  }
  // The index may lag. A group that it does not know yet has objects, or will have some.
  for await (const keys of indexedKeys(table, files.indexedFiles(app)))
    for (const group of keys.map(files.groupOfFile)) {
      if (!seen.has(group)) await checkGroup(check, group, []);
      seen.add(group);
    }
  report.groups = seen.size;
  return report;
}

async function checkGroup(check: Check, group: GroupId, listed: ListedObject[]): Promise<void> {
  const { app, report } = check;
  const found = await recordsOf(check, group);
  const there = new Set(listed.map(({ key }) => key));
  report.objects += listed.length;
  report.records += found.files.length;
  const orphans = listed.filter(({ key }) => !found.named.has(key));
  if (orphans.length > 0) await judgeOrphans(check, group, orphans);
  if (found.group?.status !== 'normal') return;
  for (const file of found.files) if (!there.has(keyOf(app, group, file))) await judgeRecord(check, group, file);
}

/** Files of the group that have an object, and the keys of those. */
async function recordsOf({ table, app }: Check, id: GroupId) {
  const { group, all } = await viewOf(table).read({ group: groupOf(app, id), all: filesOf(app, id) });
  const published = all.filter(({ object }) => object !== undefined);
  return { group, files: published, named: new Set(published.map((file) => keyOf(app, id, file))) };
}

const keyOf = (app: AppId, group: GroupId, { object = '' }: SharedFile) => objects.objectKey(app, group, object);

async function judgeOrphans(check: Check, group: GroupId, suspects: ListedObject[]): Promise<void> {
  const { bucket, app, fix, before, report } = check;
  const isWaiting = await objects.uploadsWaiting(bucket, app, group);
  // An upload is removed after its file is recorded: where it is gone, the records that are read next are complete.
  const { named } = await recordsOf(check, group);
  for (const { key, size, written } of suspects.filter((one) => !named.has(one.key))) {
    const judged = (at: number): Orphan['kept'] => (at > before ? 'new' : isWaiting(key) ? 'upload waits' : undefined);
    let kept = judged(written);
    // Just before it is deleted: a run may have made a new copy since it was listed.
    if (fix && !kept) kept = judged((await objects.writtenAt(bucket, key)) ?? written);
    const deleted = fix && !kept;
    if (deleted) await objects.remove(bucket, key);
    report.orphans.push({ key, size, written, group, deleted, ...(kept && { kept }) });
  }
}

async function judgeRecord({ table, bucket, app, fix, now, report }: Check, group: GroupId, file: SharedFile) {
  // It may have been published after the objects were listed.
  if ((await objects.writtenAt(bucket, keyOf(app, group, file))) !== undefined) return;
  const db = viewOf(table);
  const reads = { group: groupOf(app, group), sequence: sequenceOf(app, group), file: fileOf(app, group, file.id) };
  await db.read(reads);
  const isBroken = await transact(db, reads, ({ group: at, sequence, file: found }) => {
    // Meanwhile the file was deleted, or its group dissolved.
    if (!found || found.object !== file.object || at?.status !== 'normal' || sequence?.closed)
      return { steps: [], answer: () => false };
    const steps = fix ? [...files.remove(app, group, found, now), files.uncount(app, group, 1)] : [];
    return { steps, answer: () => true };
  });
  if (isBroken) report.broken.push({ group, file, removed: fix });
}
