/** Measures the costs of the same calls in small and large groups and apps. */
import { exists } from '../shared/data/expression.ts';
import { updateGroup } from '../shared/data/group-repo.ts';
import * as schema from '../shared/data/schema.ts';
import { putAll } from '../test/support/database.ts';
import { userId } from '../test/support/ids.ts';
import { Given, type Person } from '../test/support/story.ts';
import { laboratory } from './laboratory.ts';

export interface Grown {
  trips: number;
  read: number;
  write: number;
}

export interface GrowthResults {
  /** By operation, then by number of members. */
  groups: Record<string, Record<number, Grown>>;
  /** By call, then by number of users. */
  apps: Record<string, Record<number, Grown>>;
}

const SINCE = 1_700_000_000_000;

export async function measureGrowth(groupSizes: number[], appSizes: number[]): Promise<GrowthResults> {
  const { world, recorder } = await laboratory();
  const results: GrowthResults = { groups: {}, apps: {} };
  /** Makes a call at a size and records its costs in the table. */
  const note =
    (table: Record<string, Record<number, Grown>>, size: number): Note =>
    async (name, who, ...asked) => {
      const { answer, units } = await recorder.record(() => who.asks(...asked));
      if (answer.body.code !== 200) throw new Error(`${name} at ${size}: ${answer.body.message}`);
      table[name] = { ...table[name], [size]: { trips: answer.log!.trips, ...units } };
      return answer.body;
    };
  for (const size of groupSizes) await ofGroup(await Given.app(world), size, note(results.groups, size));
  for (const size of appSizes) await ofApp(await Given.app(world), size, note(results.apps, size));
  return results;
}

type Note = (
  name: string,
  who: { asks: Person['asks'] },
  ...asked: Parameters<Person['asks']>
) => Promise<{ cursor?: string }>;

async function ofGroup(given: Given, size: number, note: Note): Promise<void> {
  const people = (await given.users(4)) as [Person, Person, Person, Person];
  const [owner, joiner, successor, kicked] = people;
  const group_id = await given.group(owner, { members: [successor, kicked] });
  const { app } = given;
  // Passive members without user memberships, which these calls never read. Three members are real.
  await putAll(
    given.world.table,
    Array.from({ length: size - 3 }, (_, n) => {
      const [user, joined] = [userId(1_000_000 + n), SINCE + n];
      return {
        ...schema.groupMembership.key(app, group_id, user),
        state: 'member',
        role: 0,
        joined,
        lsi1sk: schema.groupMembership.orders.joined(joined, 0, user),
      };
    }),
  );
  const grown = { add: { count: size - 3 }, set: { capacity: 100_001, approval: 0 as const } };
  await given.db.write([updateGroup(app, group_id, grown, exists)]);
  for (const who of people) await who.does('GET /user/push/tag');
  const one = { group_id, user_list: [kicked.id] };
  await note('join by POST /group/apply', joiner, 'POST /group/apply', { group_id, reason: '' });
  await note('GET /group/info', joiner, 'GET /group/info', { group_id });
  await note('POST /group/ban', owner, 'POST /group/ban', { ...one, duration: 5 });
  await note('GET /group/banned_list', owner, 'GET /group/banned_list', { group_id });
  const ten = { group_id, limit: 10 };
  const { cursor } = await note('GET /group/member_list, first 10', owner, 'GET /group/member_list', ten);
  let deep = cursor;
  for (let page = 0; deep && page < Math.min(20, size / 1000 - 1); page++)
    ({ cursor: deep } = (await owner.asks('GET /group/member_list', { group_id, limit: 1000, cursor: deep })).body);
  if (deep) await note('GET /group/member_list, 10 deep in', owner, 'GET /group/member_list', { ...ten, cursor: deep });
  await note('POST /group/admin/add', owner, 'POST /group/admin/add', one);
  await note('POST /group/kick', owner, 'POST /group/kick', one);
  await note('POST /group/leave', joiner, 'POST /group/leave', { group_id });
  await note('POST /group/transfer', owner, 'POST /group/transfer', { group_id, new_owner: successor.id });
  await note('POST /group/destroy', successor, 'POST /group/destroy', { group_id });
}

async function ofApp(given: Given, size: number, note: Note): Promise<void> {
  const { app } = given;
  const users = Array.from({ length: size }, (_, n) => userId(1_000_000 + n));
  await putAll(
    given.world.table,
    users.map((user, n) => ({ ...schema.directoryEntry.key(app, SINCE + n, user) })),
  );
  const user = { status: 'active', password: {}, epoch: 0, confirm: false, joined: 0, owned: 0, createdAt: SINCE };
  const shown = users.filter((_, n) => n < 1000 || n >= size - 1000);
  await putAll(
    given.world.table,
    shown.map((id) => ({ ...schema.user.key(app, id), ...user, user: id, username: `user_${id}` })),
  );
  const admin = given.admin();
  const [someone] = await given.users(1);
  await admin.does('GET /user/list', { page_size: 1 });
  await someone!.does('GET /user/push/tag');
  const page_size = 10;
  const { cursor } = await note('GET /user/list, page 1', admin, 'GET /user/list', { page_size });
  if (cursor) await note('GET /user/list, next by cursor', admin, 'GET /user/list', { page_size, cursor });
  const last = size / page_size;
  // The first call makes the counts, and the second counts.
  for (let call = 1; call <= 2; call++) await admin.does('GET /user/list', { page_size, page_num: last });
  await note('GET /user/list, last page by number', admin, 'GET /user/list', { page_size, page_num: last });
  await note('GET /user/profile', someone!, 'GET /user/profile');
  await note('PUT /user/nickname', someone!, 'PUT /user/nickname', { nick_name: 'Ann' });
  const newcomer = { username: 'newcomer', password: 'correct horse battery' };
  await note('POST /user/register/v2', given.nobody, 'POST /user/register/v2', newcomer);
}
