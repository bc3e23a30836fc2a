import { expect } from 'vitest';
import { directoryCountsOf } from '../../../shared/data/directory-count-repo.ts';
import { putUser } from '../../../shared/data/user-repo.ts';
import { codeOf } from '../../support/api.ts';
import { putAll } from '../../support/database.ts';
import { userId } from '../../support/ids.ts';
import { doJobs, jobsEnded } from '../../support/jobs.ts';
import { inBothWorlds, leftBy, PASSWORD } from '../../support/story.ts';

interface Listed {
  user_id: number;
  username: string;
  status: number;
}
const ids = (listed: Listed[]) => listed.map(({ user_id }) => user_id);
const SINCE = 1_700_000_000_000;
const idOf = (n: number) => userId(1_000_000 + ((n * 7919) % 10_000));

inBothWorlds('The list of all users', (story) => {
  story('users are listed in the order of registration, by page number or by cursor', async (given) => {
    const registered: number[] = [];
    for (const username of ['zoe', 'adam', 'mia']) {
      const { user_id } = await given.nobody.does('POST /user/register/v2', { username, password: PASSWORD });
      registered.push(user_id);
    }
    const [zoe, adam, mia] = registered as [number, number, number];
    const admin = given.admin();
    expect(await admin.does('GET /user/list')).toEqual([
      { user_id: zoe, username: 'zoe', status: 0 },
      { user_id: adam, username: 'adam', status: 0 },
      { user_id: mia, username: 'mia', status: 0 },
    ]);
    const page = async (page_num: unknown, page_size: unknown) =>
      ids(await admin.does('GET /user/list', { page_num, page_size }));
    expect([await page(1, 2), await page('2', 2), await page(3, 2), await page(2 ** 31 - 1, 500)]).toEqual([
      [zoe, adam],
      [mia],
      [],
      [],
    ]);
    expect(ids(await admin.lists('GET /user/list', { page_size: 1 }))).toEqual(registered);
    await admin.does('PUT /user/disable', { list: [adam] });
    await given.admin({ user: zoe }).does('POST /user/delete');
    expect(await admin.does('GET /user/list')).toEqual([
      { user_id: adam, username: 'adam', status: 1 },
      { user_id: mia, username: 'mia', status: 0 },
    ]);
    for (const wrong of [
      { page_num: 0 },
      { page_size: 0 },
      { page_size: 501 },
      { page_num: 'x' },
      { cursor: 'x' },
      { cursor: 'x', page_num: 1e6 },
    ]) {
      const [name] = Object.keys(wrong);
      const { body } = await admin.asks('GET /user/list', wrong);
      expect(body).toMatchObject({ code: codeOf('badParameter'), message: expect.stringMatching(`^${name}: `) });
    }
    // A cursor is valid for this list, this app and this caller.
    const { body } = await admin.asks('GET /user/list', { page_size: 1 });
    const { cursor } = body;
    expect(await given.admin({ user: mia }).fails('GET /user/list', { cursor })).toBe('badParameter');
    const foreign = await given.otherApp();
    expect(await foreign.admin().fails('GET /user/list', { cursor })).toBe('badParameter');
    // Two calls for a far page make counts and keep them, and the job of a deletion keeps them right.
    const earlier = Array.from({ length: 900 }, (_, n) => {
      const record = { status: 'active' as const, epoch: 0, confirm: false, joined: 0, owned: 0, createdAt: SINCE + n };
      return putUser(given.app, { user: idOf(n), username: `early_${n}`, ...record });
    });
    await putAll(given.world.table, leftBy(earlier.flat()));
    const far = { page_num: 451, page_size: 2 };
    expect(ids(await admin.does('GET /user/list', far))).toEqual([adam, mia]);
    expect(ids(await admin.does('GET /user/list', far))).toEqual([adam, mia]);
    const counted = () => given.db.read(directoryCountsOf(given.app)).then(({ parts }) => parts[0]?.blocks[0]?.[1]);
    const count = (await counted())!;
    expect(count).toBeGreaterThanOrEqual(600);
    await given.admin({ user: idOf(5) }).does('POST /user/delete');
    if (given.world.conflicts) await doJobs(given);
    await jobsEnded(given);
    expect(await counted()).toBe(count - 1);
    expect(ids(await admin.does('GET /user/list', far))).toEqual([mia]);
  });
});
