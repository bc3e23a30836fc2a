import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { exportFile } from '../../infra/ops/export-file.ts';
import { opsHere, stackFolder } from '../ops/command-line.ts';
import { laptopStack } from '../support/stack.ts';
import { Given } from '../support/story.ts';
import { world } from '../support/world.ts';

const T = 1_700_000_000_000;

/** Lines of each kind, in no order, and one of a user whom nobody knows. */
const LINES = [
  { kind: 'announcement', group_id: 90, id: 1, title: 'T', content: 'C', author: 11, created_at: T },
  { kind: 'member', group_id: 90, user_id: 12, join_time: T },
  { kind: 'member', group_id: 90, user_id: 77, join_time: T },
  { kind: 'ban', group_id: 90, user_id: 12, expired_time: -1, created_at: T },
  { kind: 'block', group_id: 90, user_id: 13, created_at: T },
  { kind: 'group', group_id: 90, owner_id: 11, name: 'Hikers', created_at: T },
  { kind: 'friend', user_id: 11, friend_id: 12, created_at: T, ext: 'x' },
  { kind: 'user_block', user_id: 12, blocked_id: 13, created_at: T },
  ...[11, 12, 13].map((user_id) => ({ kind: 'user', user_id, username: `u${user_id}`, created_at: T })),
];

it('the functions of a stack import a file, and refuse what the command would', async () => {
  const { dynamodb_endpoint, table_name, s3_endpoint, bucket_name, sqs_endpoint } = await laptopStack();
  const given = await Given.app(await world('over HTTP'), { users: 100, groups: 100 });
  const { app } = given;
  const files = mkdtempSync(join(tmpdir(), 'roster-import-flow-'));
  const file = join(files, 'lines.ndjson');
  writeFileSync(file, LINES.map((line) => `${JSON.stringify(line)}\n`).join(''));
  const project = process.cwd();
  process.chdir(stackFolder(dynamodb_endpoint, table_name, { endpoint: s3_endpoint, name: bucket_name }, sqs_endpoint));
  try {
    // biome-ignore lint/suspicious/noExplicitAny: what the command line prints is looked at field by field
    const jobs = async (...args: string[]): Promise<any> => {
      const { exitCode, stdout } = await opsHere(['import-jobs', ...args, '--json']);
      return { exitCode, ...JSON.parse(stdout) };
    };
    const { job_id } = await jobs('start', app, file);
    const ended = await jobs('status', app, job_id, '--watch');
    expect(ended).toMatchObject({ exitCode: 1, state: 'done', lines: LINES.length, done: LINES.length, refused: 1 });
    const report = join(files, 'refused.ndjson');
    await jobs('report', app, job_id, report);
    expect(JSON.parse(readFileSync(report, 'utf8'))).toMatchObject({ line: 3, kind: 'member', field: 'user_id' });
    // The owner is a member, too.
    const exported = join(files, 'exported.ndjson');
    await exportFile(given.world.table, given.record, exported, { write: () => true });
    expect(readFileSync(exported, 'utf8').trimEnd().split('\n')).toHaveLength(LINES.length);
    expect(await given.problems()).toEqual([]);
  } finally {
    process.chdir(project);
  }
});
