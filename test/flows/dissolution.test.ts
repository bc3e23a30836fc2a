import { describe, expect, vi } from 'vitest';
import { announcementItemsOf } from '../../shared/data/announcement-repo.ts';
import { documentClient } from '../../shared/data/client.ts';
import { jobOf } from '../../shared/data/job-repo.ts';
import * as schema from '../../shared/data/schema.ts';
import { userOf } from '../../shared/data/user-repo.ts';
import { deliver, jobsOf } from '../support/jobs.ts';
import { type Given, inBothWorlds, inRaces, inThisProcess, type Person } from '../support/story.ts';

const joinedOf = async (given: Given, people: Person[]): Promise<number[]> =>
  (await given.db.read(people.map(({ id }) => userOf(given.app, id)))).map((user) => user?.joined ?? -1);

describe('A dissolved group', () => {
  inBothWorlds('Calls to a dissolved group', (story) => {
    story('a dissolved group is gone at once for everybody (groupMissing), except for its info', async (given) => {
      const [alice, bob, carol] = await given.users(3);
      const group_id = await given.group(alice!, { members: [bob!], type: 1 });
      await carol!.does('POST /group/apply', { group_id, reason: '' });
      const before = await bob!.does('GET /group/info', { group_id });
      expect(await bob!.fails('POST /group/destroy', { group_id })).toBe('needsOwner');
      expect(await carol!.fails('POST /group/destroy', { group_id })).toBe('needsMember');
      expect(await carol!.fails('POST /group/destroy', { group_id: 1 })).toBe('groupMissing');
      expect(await alice!.does('POST /group/destroy', { group_id })).toBe(true);
      for (const who of [alice!, bob!, given.admin()]) {
        expect(await who.does('GET /group/info', { group_id })).toEqual({ ...before, status: 1, count: 0 });
        const errors = [
          await who.fails('GET /group/settings', { group_id }),
          await who.fails('GET /group/member_list', { group_id }),
          await who.fails('POST /group/invite', { group_id, user_list: [carol!.id] }),
          await who.fails('POST /group/kick', { group_id, user_list: [bob!.id] }),
          await who.fails('POST /group/apply/handle', { group_id, user_id: carol!.id, approval: true }),
          await who.fails('POST /group/destroy', { group_id }),
        ];
        expect(errors).toEqual(Array(6).fill('groupMissing'));
      }
      expect(await bob!.fails('POST /group/leave', { group_id })).toBe('groupMissing');
      expect(await bob!.fails('POST /group/apply', { group_id, reason: '' })).toBe('groupMissing');
      expect(await alice!.does('POST /group/application_list')).toEqual([]);
      for (const who of [alice!, bob!]) expect(await who.does('GET /group/user_joined')).toEqual([]);
    });

    story('the app dissolves a group by itself, on the group, or as its owner', async (given) => {
      const alice = await given.user();
      const groups = [];
      for (let n = 0; n < 4; n++) groups.push(await given.group(alice));
      expect(await given.admin().does('DELETE /group/destroy', { group_id: groups[0] })).toBe(true);
      expect(await given.admin({ group: groups[1]! }).does('POST /group/destroy')).toBe(true);
      expect(await given.admin({ user: alice.id }).does('POST /group/destroy', { group_id: groups[2] })).toBe(true);
      expect(await alice.does('GET /group/user_joined')).toEqual([groups[3]]);
    });
  });

  inThisProcess('Clean-up of a dissolved group', (story) => {
    story('the clean-up of 200 members completes after a failed run and two runs at once', async (given) => {
      const [alice, ...people] = await given.users(201);
      const group_id = await given.group(alice!, { members: people.slice(0, 199) });
      const applicant = people[199]!;
      await applicant.does('POST /group/apply', { group_id, reason: '' });
      const { log } = await alice!.asks('POST /group/destroy', { group_id });
      expect(log?.trips).toBe(2);
      expect(await given.problems()).toEqual([]);
      expect(await joinedOf(given, people)).toEqual([...Array(199).fill(1), 0]);
      const jobs = await jobsOf(given.world.table, given.app);
      expect(jobs).toHaveLength(1);

      // The function fails half-way: its writes stay, and the stream hands out the job again.
      let writes = 0;
      documentClient().middlewareStack.add(
        (next) => (args) => {
          if ('TransactItems' in args.input && ++writes > 4) throw new Error('out of memory');
          return next(args);
        },
        { step: 'initialize', name: 'dies' },
      );
      try {
        await expect(deliver(jobs)).rejects.toThrow('out of memory');
      } finally {
        documentClient().middlewareStack.remove('dies');
      }
      const joined = await joinedOf(given, people.slice(0, 199));
      expect(joined).toContain(0);
      expect(joined).toContain(1);
      expect(await given.problems()).toEqual([]);
      expect(await people[0]!.does('GET /group/user_joined')).toEqual([]);

      // Two runs at once, which a stream may cause.
      await Promise.all([deliver(jobs), deliver(jobs)]);
      expect(await joinedOf(given, [alice!, ...people])).toEqual(Array(201).fill(0));
      expect(await jobsOf(given.world.table, given.app)).toEqual([]);
      await deliver(jobs);
      expect(await given.problems()).toEqual([]);
      for (const person of [people[0]!, people[198]!]) expect(await person.does('GET /group/user_joined')).toEqual([]);
    });

    story('a member does not see a dissolved group that is cleaned up between two reads', async (given) => {
      const [alice, bob] = await given.users(2);
      const group_id = await given.group(alice!, { members: [bob!] });
      await alice!.does('POST /group/destroy', { group_id });
      const jobs = await jobsOf(given.world.table, given.app);
      // The answer to the Query of user memberships is there before the clean-up begins, that of marks is asked for when it has ended.
      let userMembershipsRead: (value?: unknown) => void;
      const read = new Promise((resolve) => {
        userMembershipsRead = resolve;
      });
      const cleaned = read.then(() => deliver(jobs));
      const asked: string[] = [];
      documentClient().middlewareStack.add(
        (next) => async (args) => {
          const { ExpressionAttributeValues: values = {} } = args.input as { ExpressionAttributeValues?: object };
          if (Object.values(values).includes(schema.dissolvedGroup.partition(given.app))) await cleaned;
          const answer = await next(args);
          asked.push(JSON.stringify(args.input));
          if (Object.values(values).includes(schema.user.partition(given.app, bob!.id))) userMembershipsRead();
          return answer;
        },
        { step: 'initialize', name: 'late' },
      );
      try {
        expect(await bob!.does('GET /group/user_joined')).toEqual([]);
      } finally {
        documentClient().middlewareStack.remove('late');
      }
      expect(await jobsOf(given.world.table, given.app)).toEqual([]);
      expect(await bob!.does('GET /group/user_joined')).toEqual([]);
      // One of the two marks exists at every moment, and a Query that misses the first meets the second later.
      const place = (what: RegExp) => asked.findIndex((input) => what.test(input));
      expect(place(/"Item":{[^}]*"sk":"C#/)).toBeGreaterThan(-1);
      expect(place(/"Key":{[^}]*"sk":"D#/)).toBeGreaterThan(place(/"Item":{[^}]*"sk":"C#/));
      expect(asked[place(/":v\d":"C#/)]).toContain('"ScanIndexForward":false');
    });

    story('the clean-up continues over as many runs as it needs', async (given) => {
      const [alice, bob] = await given.users(2);
      const group_id = await given.group(alice!, { members: [bob!] });
      for (const content of ['short', 'long'.repeat(1000)])
        await alice!.does('POST /group/announcement/edit', { group_id, title: 'T', content });
      await alice!.does('POST /group/destroy', { group_id });
      const [job] = await jobsOf(given.world.table, given.app);
      // With no time left the job is touched, so that the stream hands it out again.
      await deliver([job!], 0);
      expect(await given.db.read(jobOf(job!))).toMatchObject({
        kind: 'dissolved group',
        continued: expect.any(Number),
      });
      await deliver([job!]);
      expect(await given.db.read(jobOf(job!))).toBeUndefined();
      expect(await joinedOf(given, [alice!, bob!])).toEqual([0, 0]);
      expect(await given.db.read(announcementItemsOf(given.app, group_id, 10))).toEqual([]);
    });
  });

  inRaces('Clean-up of a dissolved group, in races', (story) => {
    story('a dissolved group is cleaned up while its members join another group', async (given) => {
      const [alice, bob, ...people] = await given.users(22);
      const group_id = await given.group(alice!, { members: people });
      const other = await given.group(bob!, { approval: 0 });
      await alice!.does('POST /group/destroy', { group_id });
      const jobs = await jobsOf(given.world.table, given.app);
      await given.race<unknown>(
        () => deliver(jobs),
        ...people.map((person) => () => person.does('POST /group/apply', { group_id: other, reason: '' })),
      );
      expect(await joinedOf(given, people)).toEqual(Array(20).fill(1));
    });
  });

  inBothWorlds('Clean-up of a dissolved group by the stream', (story) => {
    story('the stream of the table starts the clean-up of a dissolved group', async (given) => {
      const [alice, ...people] = await given.users(31);
      const group_id = await given.group(alice!, { members: people });
      await alice!.does('POST /group/destroy', { group_id });
      // Over HTTP the stream runs the job.
      if (given.world.conflicts) await deliver(await jobsOf(given.world.table, given.app));
      await vi.waitFor(
        async () => {
          expect(await joinedOf(given, people)).toEqual(Array(30).fill(0));
          expect(await jobsOf(given.world.table, given.app)).toEqual([]);
        },
        { timeout: 25_000, interval: 100 },
      );
    });
  });
});
