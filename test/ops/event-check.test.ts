import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { forgetCachedApps } from '../../shared/call/app-cache.ts';
import { putApp } from '../../shared/data/app-repo.ts';
import { appLog, groupLog } from '../../shared/data/log-repo.ts';
import { viewOf } from '../../shared/data/operator-queries.ts';
import { remove } from '../../shared/data/step.ts';
import { newApp } from '../../shared/domain/app/apps.ts';
import type { EventEntry } from '../../shared/domain/event/entry.ts';
import { eventOf } from '../../shared/domain/event/entry.ts';
import { readLog } from '../../shared/domain/event/log-pages.ts';
import { TABLE_NAME } from '../../shared/environment.ts';
import { eventSchema } from '../../shared/events/catalogue.ts';
import { TEST_BUCKET } from '../support/bucket.ts';
import { newTable } from '../support/database.ts';
import { relayed, streamOf } from '../support/events.ts';
import { appId, groupId } from '../support/ids.ts';
import { doJobs } from '../support/jobs.ts';
import { Given } from '../support/story.ts';
import { worldInProcess } from '../support/world.ts';
import { opsHere, stackFolder } from './command-line.ts';

let table: Awaited<ReturnType<typeof newTable>>;
let given: Given;
let folder: string;
const project = process.cwd();

beforeAll(async () => {
  const world = await worldInProcess();
  table = await newTable();
  process.env[TABLE_NAME] = table.name;
  forgetCachedApps();
  await streamOf(table);
  given = await Given.app({ ...world, table });
  folder = stackFolder(table.endpoint, table.name, { endpoint: inject('s3Endpoint'), name: TEST_BUCKET });
  process.chdir(folder);
});
afterAll(() => process.chdir(project));

async function check(...options: string[]) {
  const { exitCode, stdout } = await opsHere(['events', 'check', given.app, '--json', ...options]);
  return { exitCode, ...JSON.parse(stdout) };
}

async function logged(log = appLog(given.app)): Promise<EventEntry[]> {
  const entries: EventEntry[] = [];
  for await (const part of readLog(viewOf(table), log, 0)) entries.push(...part.entries);
  return entries;
}

describe('events check', () => {
  test('finds what a lost stream has not told, and repairs it once', async () => {
    const [owner, admin, banned, blocked, gone] = await given.users(5);
    const kept = await given.group(owner!, { members: [banned!, gone!], admins: [admin!] });
    const dissolved = await given.group(owner!, { members: [admin!] });
    await relayed(given);
    expect(await check()).toMatchObject({ exitCode: 0, differences: [], older: { users: 0, groups: 0 }, appended: 0 });

    const g = { group_id: kept };
    await owner!.does('POST /group/ban', { ...g, user_list: [banned!.id], duration: -1 });
    await owner!.does('POST /group/block', { ...g, user_list: [blocked!.id] });
    await owner!.does('POST /group/settings/ban_all', { ...g, duration: -1 });
    await owner!.does('POST /group/info/name', { ...g, value: 'Another' });
    await owner!.does('POST /group/transfer', { ...g, new_owner: admin!.id });
    await owner!.does('POST /group/destroy', { group_id: dissolved });
    await banned!.does('POST /user/username', { username: 'renamed_one' });
    await given.admin({ user: gone!.id }).does('POST /user/delete');
    await doJobs(given);
    const late = await given.user();
    const founded = await given.group(late, { members: [owner!] });
    // The stream loses all of it.
    await (await streamOf(table)).toNow();

    const before = await logged();
    const lost = await check();
    expect(lost).toMatchObject({ exitCode: 1, appended: 0, sequence: before.length });
    const named = lost.differences.map(({ subject, field, events, table }: Record<string, string>) =>
      [subject, field, events, table].join(' '),
    );
    expect(named.sort()).toEqual(
      [
        `user/${gone!.id} status active deleted`,
        `user/${banned!.id} username ${banned!.username} renamed_one`,
        `user/${late.id} status none active`,
        `group/${kept} name Group Another`,
        `group/${kept} owner ${owner!.id} ${admin!.id}`,
        `group/${kept} silence none -1`,
        `group/${kept}/member/${admin!.id} role 1 0`,
        `group/${kept}/member/${banned!.id} ban none -1`,
        `group/${kept}/member/${blocked!.id} blocked none true`,
        `group/${kept}/member/${gone!.id} role 0 none`,
        `group/${dissolved} status normal dissolved`,
        `group/${founded} status none normal`,
        `group/${founded}/member/${late.id} role none 0`,
        `group/${founded}/member/${owner!.id} role none 0`,
      ].sort(),
    );
    expect(await logged()).toEqual(before);

    const repaired = await check('--repair');
    expect(repaired).toMatchObject({ exitCode: 0, appended: 14, cause: expect.stringMatching(/^repair-/) });
    const all = await logged();
    const added = all.slice(before.length);
    expect(added).toHaveLength(14);
    for (const entry of added) {
      expect(entry).toMatchObject({ authtype: 'system', cause: repaired.cause });
      expect(eventSchema(entry.type).safeParse(eventOf(given.app, entry)).error).toBeUndefined();
    }
    const ofFounded = await logged(groupLog(given.app, groupId(founded)));
    expect(ofFounded.map(({ type, data }) => [type, (data as { count?: number }).count])).toEqual([
      ['group.created', undefined],
      ['group.member.added', 1],
      ['group.member.added', 2],
    ]);
    expect(await check('--repair')).toMatchObject({ exitCode: 0, differences: [], appended: 0 });

    await owner!.does('POST /group/leave', { group_id: founded });
    await relayed(given);
    expect((await logged()).at(-1)!.data).toMatchObject({ group_id: founded, user_id: owner!.id, count: 1 });
    expect(await check()).toMatchObject({ exitCode: 0, differences: [] });
  });

  test('says what it cannot compare where the first events are gone, unless it has an earlier result', async () => {
    const file = join(folder, 'model.json');
    expect(await check('--model', file)).toMatchObject({ exitCode: 0 });
    const { model } = JSON.parse(readFileSync(file, 'utf8'));
    const groups = Object.values(model.groups as { dissolved?: true }[]).filter(({ dissolved }) => !dissolved);
    const log = appLog(given.app);
    const pages = new Set<number>();
    for await (const { page } of readLog(viewOf(table), log, 0)) if (page.sk !== log.open.sk) pages.add(page.last);
    await viewOf(table).write([...pages].map((last) => remove(log.closed(last))));

    const [one, other] = await given.users(2);
    await given.group(one!, { members: [other!] });
    await relayed(given);
    const users = Object.values(model.users as { status: string }[]).filter(({ status }) => status !== 'deleted');
    expect(await check()).toMatchObject({ exitCode: 0, older: { users: users.length, groups: groups.length } });
    expect(await check('--model', file)).toMatchObject({ exitCode: 0, older: { users: 0, groups: 0 } });
  });

  test('refuses an app whose feed is off', async () => {
    await viewOf(table).write([putApp(newApp(appId('silent'), { event_days: 0 }))]);
    const { exitCode, stdout } = await opsHere(['events', 'check', 'silent', '--json']);
    expect({ exitCode, error: JSON.parse(stdout).error }).toEqual({
      exitCode: 1,
      error: 'app silent has no events: its limit event_days is 0',
    });
  });
});
