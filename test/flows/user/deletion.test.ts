import { expect } from 'vitest';
import { deliver, jobsEnded, jobsOf } from '../../support/jobs.ts';
import { inBothWorlds, PASSWORD, type Person } from '../../support/story.ts';

inBothWorlds('The groups of a deleted user', (story) => {
  story('a group of a deleted user passes to the longest admin, else member, else is dissolved', async (given) => {
    const [gone, one, two, three] = (await given.users(4)) as [Person, Person, Person, Person];
    const toAdmin = await given.group(gone, { members: [one], admins: [two, three] });
    const toMember = await given.group(gone, { members: [one, two] });
    const alone = await given.group(gone, { type: 1 });
    const joined = await given.group(three, { members: [gone, two] });
    await gone.does('POST /user/delete', { password: PASSWORD });
    expect(await gone.fails('GET /group/user_joined')).toBe('loginAgain');
    if (given.world.conflicts) {
      // Until then the user is still listed and counted.
      expect(await one.does('GET /group/info', { group_id: toMember })).toMatchObject({
        owner_id: gone.id,
        count: 3,
      });
      for (let run = 0; run < 3; run++) await deliver(await jobsOf(given.world.table, given.app));
    }
    await jobsEnded(given);
    const info = (group_id: number) => one.does('GET /group/info', { group_id });
    expect(await info(toAdmin)).toMatchObject({ owner_id: two.id, count: 3, status: 0 });
    expect(await info(toMember)).toMatchObject({ owner_id: one.id, count: 2, status: 0 });
    expect(await info(alone)).toMatchObject({ count: 0, status: 1 });
    expect(await info(joined)).toMatchObject({ owner_id: three.id, count: 2 });
    const members = await three.does('GET /group/member_list', { group_id: joined });
    expect(members.map(({ user_id }: { user_id: number }) => user_id)).toEqual([three.id, two.id]);
    // The new owner has the owner's rights.
    expect(await two.does('POST /group/destroy', { group_id: toAdmin })).toBe(true);
  });
});
