import type { Command } from 'commander';
import { viewOf } from '../../shared/data/operator-queries.ts';
import { appNamed } from '../../shared/domain/app/apps.ts';
import { type Broken, checkFiles, type Orphan } from '../../shared/domain/app/files.ts';
import type { AppId } from '../../shared/ids.ts';
import { type Answering, aligned, isoTime, shownTime } from './answer.ts';
import { appId, timeSpan } from './arguments.ts';
import { findBucket } from './bucket.ts';
import type { Place } from './table.ts';

const HOUR = 3_600_000;

/** `files …`: compares objects in the bucket with their records. */
export function addFileCommands(program: Command, answering: Answering) {
  const files = program.command('files').description('compare the objects of group files with their records');

  files
    .command('check')
    .description('find objects without a record and records without an object; ignores uploads and avatars')
    .argument('<app>', 'id of the app', appId)
    .option('--fix', 'delete such objects, and remove such records as file/delete does')
    .option('--older-than <span>', 'keep objects that were written within this time (default: 1h)', timeSpan, HOUR)
    .option('--bucket <name>', 'bucket on AWS: output BucketName of the data stack')
    .action(
      answering<[AppId], Place & { fix?: true; olderThan: number; bucket?: string }>(
        async (table, [app], { fix = false, olderThan, ...place }) => {
          const bucket = findBucket(place);
          await appNamed(viewOf(table), app);
          const { groups, objects, records, orphans, broken } = await checkFiles(table, bucket, app, {
            fix,
            olderThan,
          });
          bucket.client.destroy();
          const rows = [...orphans.map(orphanRow), ...broken.map(brokenRow)];
          const checked = `Checked ${records} records and ${objects} objects of ${groups} groups in ${bucket.name}: `;
          return {
            json: {
              app_id: app,
              bucket: bucket.name,
              ...{ groups, objects, records },
              objects_without_record: orphans.map(orphanJson),
              records_without_object: broken.map(brokenJson),
            },
            text:
              rows.length === 0
                ? `${checked}no differences.`
                : [
                    aligned(rows, ['what', 'group', 'of', 'written', 'bytes', fix ? 'done' : 'with --fix']),
                    '',
                    `${checked}${orphans.length} objects without a record, ${broken.length} records without an object.`,
                  ].join('\n'),
          };
        },
      ),
    );
}

const KEPT = { new: 'kept: new', 'upload waits': 'kept: its upload may still be published' };

const orphanRow = ({ group, key, size, written, kept, deleted }: Orphan) => [
  'object',
  String(group),
  key,
  shownTime(written),
  String(size),
  kept ? KEPT[kept] : deleted ? 'deleted' : 'would be deleted',
];

const brokenRow = ({ group, file, removed }: Broken) => [
  'record',
  String(group),
  `file ${file.id} of user ${file.uploader}`,
  shownTime(file.published),
  String(file.size),
  removed ? 'removed' : 'would be removed',
];

const orphanJson = ({ group, key, size, written, kept, deleted }: Orphan) => ({
  group_id: group,
  key,
  size,
  written_at: isoTime(written),
  kept: kept ?? null,
  deleted,
});

const brokenJson = ({ group, file, removed }: Broken) => ({
  group_id: group,
  file_id: file.id,
  name: file.name,
  uploader: file.uploader,
  size: file.size,
  published_at: isoTime(file.published),
  removed,
});
