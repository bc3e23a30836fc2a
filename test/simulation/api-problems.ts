import type { FileReply } from './commands/file.ts';
import type { Run } from './run.ts';

/** What the lists of the API show that does not agree with each other, with the counts or with the model. */
export async function apiProblems(run: Run): Promise<string[]> {
  const app = run.given.admin();
  const joined = new Map<number, number[]>();
  const askJoined = async (id: number) => {
    const { outcome, body } = await run.given.admin({ user: id }).asks('GET /group/user_joined');
    if (outcome === 'success') joined.set(id, body.data);
  };
  await Promise.all(run.users.map(({ id }) => askJoined(id)));
  const publicGroups: number[] = await app.lists('GET /group/public_list', { limit: 2 });
  const problems = await Promise.all(run.groups.map((group) => groupProblems(run, group, joined, publicGroups)));
  return problems.flat().map((problem) => `the API shows ${problem}`);
}

async function groupProblems(
  { given, random, model }: Run,
  group_id: number,
  joined: Map<number, number[]>,
  publicGroups: number[],
): Promise<string[]> {
  const app = given.admin();
  const problems: string[] = [];
  const demand = (holds: boolean, problem: string) => void (holds || problems.push(problem));
  // Page by page now and then: each page costs as much as the whole list.
  const limit = random.chance(0.3) ? 2 : 100;
  const info = await app.does('GET /group/info', { group_id });
  const joinedBy = [...joined].filter(([, groups]) => groups.includes(group_id)).map(([id]) => id);
  if (info.status === 1) {
    demand(!publicGroups.includes(group_id), `${group_id} in the public list`);
    demand(joinedBy.length === 0, `${joinedBy} in ${group_id}, which is dissolved`);
    return problems;
  }
  const idsOf = (entries: { user_id: number }[]) => entries.map(({ user_id }) => user_id);
  const list = async (name: string) => idsOf(await app.lists(`GET /group/${name}`, { group_id, limit }));
  const { data, total } = (await app.asks('GET /group/member_list', { group_id })).body;
  const [members, blocked, admins, files] = await Promise.all([
    limit === 2 ? list('member_list') : idsOf(data),
    list('blocked_list'),
    list('admin_list'),
    app.lists('GET /group/file/list', { group_id, limit }),
  ]);
  const published = model.at(model.version).published(group_id);
  const newest = published.sort((one, other) => other.published! - one.published! || other.id - one.id);
  const shown = (list: { id: number; name: string; size: number }[]) =>
    list.map(({ id, name, size }) => `${id} ${name} ${size}`).join();
  const listed = shown(files.map(({ file_id: id, name, size }: FileReply) => ({ id, name, size })));
  demand(listed === shown(newest), `the files ${listed} of ${group_id}, which has ${shown(newest)}`);
  demand(
    info.count === members.length && total === members.length,
    `${info.count} and ${total} members of ${group_id} and lists ${members.length}`,
  );
  demand(info.count <= info.capacity, `${info.count} members of ${group_id}, which takes ${info.capacity}`);
  demand(members.includes(info.owner_id), `an owner of ${group_id} who is no member`);
  demand(!blocked.some((id) => members.includes(id)), `members of ${group_id} that are blocked`);
  demand(
    admins.every((id) => members.includes(id) && id !== info.owner_id),
    `wrong admins of ${group_id}`,
  );
  for (const id of joined.keys())
    demand(joinedBy.includes(id) === members.includes(id), `${id} in ${group_id} on one side only`);
  return problems;
}
