import { expect } from 'vitest';
import { documentClient } from '../../shared/data/client.ts';
import { userOf } from '../../shared/data/user-repo.ts';
import { share } from '../support/files.ts';
import { deliver, jobsOf } from '../support/jobs.ts';
import { takeLogs } from '../support/log.ts';
import { type Given, inThisProcess, type Person } from '../support/story.ts';

/**
 * A database that takes so many writes at a time, each for some milliseconds: above the rate that comes of that it
 * throttles, as a partition of DynamoDB does.
 */
const TAKEN = 3;
const HELD = 15;

/** Runs the app's jobs once each beside that database, and says how many writes were done and how many refused. */
async function runThrottled({ app, world }: Given): Promise<{ done: number; refused: number; reads: number }> {
  const count = { done: 0, refused: 0, reads: 0 };
  let taken = 0;
  documentClient().middlewareStack.add(
    (next) => async (args) => {
      const throttled = () => Object.assign(new Error('slow down'), { name: 'ThrottlingException' });
      if (/KeyConditionExpression/.test(JSON.stringify(args.input)) && ++count.reads % 2 === 1) throw throttled();
      if (!/TransactItems|UpdateExpression|"Key"/.test(JSON.stringify(args.input))) return next(args);
      if (taken >= TAKEN) {
        count.refused++;
        throw throttled();
      }
      taken++;
      try {
        const [answer] = await Promise.all([next(args), new Promise((resolve) => setTimeout(resolve, HELD))]);
        count.done++;
        return answer;
      } finally {
        taken--;
      }
    },
    { step: 'initialize', name: 'throttles' },
  );
  const keys = await jobsOf(world.table, app);
  try {
    for (const key of keys) {
      await deliver([key], undefined, key.pk);
      expect(takeLogs(key.pk)).toMatchObject([{ level: 'info', done: true }]);
    }
  } finally {
    documentClient().middlewareStack.remove('throttles');
  }
  expect(await jobsOf(world.table, app)).toEqual([]);
  return count;
}

inThisProcess('A database that throttles above a rate', (story) => {
  story('throttling slows the clean-up of a dissolved group without failing it', async (given) => {
    const [owner, ...people] = (await given.users(200)) as [Person, ...Person[]];
    const group_id = await given.group(owner, { members: people });
    for (let n = 0; n < 6; n++) {
      await owner.does('POST /group/announcement/edit', { group_id, title: 'T', content: 'C' });
      await share(given, owner, group_id);
    }
    await owner.does('POST /group/destroy', { group_id });
    const { done, refused } = await runThrottled(given);
    expect(refused).toBeGreaterThan(0);
    expect(refused).toBeLessThan(done);
    const users = await given.db.read(people.map(({ id }) => userOf(given.app, id)));
    expect(users.map((user) => user?.joined)).toEqual(people.map(() => 0));
  });

  story('throttling slows the clean-up of a deleted user without failing it', async (given) => {
    const [gone, owner] = (await given.users(2)) as [Person, Person];
    for (let n = 0; n < 40; n++) await given.group(owner, { members: [gone] });
    await given.admin({ user: gone.id }).does('POST /user/delete');
    const { done, refused } = await runThrottled(given);
    expect(refused).toBeGreaterThan(0);
    expect(refused).toBeLessThan(done);
  });

  story('throttling slows the clean-up after a block without failing it', async (given) => {
    const [owner, ...admins] = (await given.users(30)) as [Person, ...Person[]];
    const invited = await given.user('invited', { confirm: true });
    const group_id = await given.group(owner, { admins });
    for (const admin of admins) await admin.does('POST /group/invite', { group_id, user_list: [invited.id] });
    await owner.does('POST /group/block', { group_id, user_list: [invited.id] });
    const { done, refused } = await runThrottled(given);
    expect(refused).toBeGreaterThan(0);
    expect(refused).toBeLessThan(done);
    expect(await invited.lists('GET /group/invitation_list')).toEqual([]);
  });
});
