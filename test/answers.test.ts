import { beforeAll, expect, test } from 'vitest';
import { answeredBytes, fitting } from '../shared/call/page.ts';
import { LONGEST } from '../shared/http/parameters.ts';
import { routes } from '../shared/routes/index.ts';
import type { Answer } from './support/api.ts';
import { escaped, fillUp, LARGEST, wide } from './support/largest.ts';
import { requestOf, type Scene, setScene } from './support/recipes.ts';
import { Given } from './support/story.ts';
import { worldInProcess } from './support/world.ts';

/**
 * Answers of every list at its longest, with texts that take the most bytes. test/support/api.ts fails a test whose
 * answer is larger than Lambda takes.
 */
let scene: Scene;

beforeAll(async () => {
  scene = await setScene(await Given.app(await worldInProcess()));
  const most = {
    members: 1000,
    blocked: 1000,
    applications: 1000,
    files: 1000,
    groups: 1000,
    invitations: 1000,
    friends: 150,
  };
  await fillUp(scene, { ...most, text: escaped });
});

/** The row's call with its largest parameters. */
function ask(id: string, more: object = {}): Promise<Answer> {
  const route = routes.find((row) => row.id === id)!;
  const { method, path, request } = requestOf(route, scene);
  const given = { ...((request.query ?? request.body) as object), ...LARGEST[id], ...more };
  return scene.given.api.call(method, path, { ...request, ...(request.query ? { query: given } : { body: given }) });
}

const LISTS = routes
  .map(({ id }) => id)
  .filter((id) =>
    /(-list|\/list|user-joined|info\/batch|members\/display-name|push\/tag\/get|profile\/get|roster\/list\/\w+)$/.test(
      id,
    ),
  );

test('every list and every long record fits into an answer of Lambda at its largest, and no first page is empty', async () => {
  expect(LISTS.length).toBeGreaterThan(15);
  const lengths: Record<string, number> = {};
  for (const id of LISTS) {
    const { body } = await ask(id, {
      page_num: 1,
      ...(id === 'group/application-list' && { group_list: [scene.group] }),
    });
    expect(body.code, `${id}: ${body.message}`).toBe(200);
    lengths[id] = [body.data].flat().length;
  }
  expect(Object.entries(lengths).filter(([, length]) => length === 0)).toEqual([]);
});

test('a list that does not fit into one answer continues over pages, and each entry comes once', async () => {
  const files: number[] = [];
  const lengths: number[] = [];
  let cursor: string | undefined;
  do {
    const { body } = await ask('group/file/list', { cursor });
    lengths.push(body.data.length);
    files.push(...body.data.map(({ file_id }: { file_id: number }) => file_id));
    cursor = body.cursor;
  } while (cursor);
  expect(new Set(files).size).toBe(1002);
  expect(files).toHaveLength(1002);
  // A page holds what fits of a page of the database.
  expect(lengths.length).toBeGreaterThan(2);
});

test('a list of long announcements shows the newest that fit, oldest first, and the others are read by their ids', async () => {
  const { body } = await ask('group/announcement/list');
  const ids = body.data.map(({ id }: { id: number }) => id);
  expect(ids).toEqual(Array.from({ length: ids.length }, (_, n) => 101 - ids.length + n));
  expect(ids.length).toBeGreaterThan(75);
  expect(ids.length).toBeLessThan(98);
  expect((await ask('group/announcement', { announcement_id: 3 })).body.code).toBe(200);
});

test('info/batch shows all of a thousand groups, and leaves out avatars that do not fit into the answer', async () => {
  const { body } = await ask('group/info/batch');
  expect(body.data).toHaveLength(1000);
  expect(new Set(body.data.map(({ avatar }: { avatar: string }) => avatar))).toEqual(new Set(['']));
  const group_list = body.data.slice(0, 300).map(({ group_id }: { group_id: number }) => group_id);
  const few = await ask('group/info/batch', { group_list });
  expect(few.body.data[0].avatar).toBe(escaped(2048));
});

test('details of friends leave out texts only where one answer cannot hold all', async () => {
  const { body } = await ask('roster/list/details');
  expect(body.data).toHaveLength(150);
  const [{ user_id, nick_name, ...long }] = body.data;
  expect(nick_name).toBe(escaped(128));
  expect(long).toMatchObject({ avatar: '', public_info: '', ext: '', relation: 0 });
  expect((await ask('roster/id', { user_id })).body.data.avatar).toBe(escaped(2048));
  const list = body.data.slice(0, 50).map((entry: { user_id: number }) => entry.user_id);
  const few = await ask('roster/list/details', { list });
  expect(few.body.data[0].public_info).toHaveLength(LONGEST.infoBytes);
});

test('the size of an answer is counted as Lambda counts it, within 40 bytes', () => {
  const entries = [escaped(100), wide(100), '"'.repeat(100), 'é\\\n'];
  const answer = { statusCode: 200, body: JSON.stringify(entries) };
  const whole = Buffer.byteLength(JSON.stringify(answer));
  const counted = entries.reduce((sum, entry) => sum + answeredBytes(entry), 0);
  expect(counted - whole).toBeLessThan(0);
  expect(whole - counted).toBeLessThan(40);
  expect(fitting([3_000_000, 3_000_000, 1], (bytes) => bytes)).toBe(2);
});
