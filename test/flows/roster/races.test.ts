import { expect } from 'vitest';
import { getItem } from '../../../shared/data/read.ts';
import * as schema from '../../../shared/data/schema.ts';
import { update } from '../../../shared/data/step.ts';
import { doJobs } from '../../support/jobs.ts';
import { meanwhile } from '../../support/meanwhile.ts';
import { outcomes, times } from '../../support/outcomes.ts';
import { type Given, inRaces, inThisProcess, PASSWORD, type Person } from '../../support/story.ts';

const friendsOf = async (person: Person): Promise<number[]> => (await person.lists('GET /roster/list')).sort();
const idsOf = (people: { id: number }[]) => people.map(({ id }) => id).sort();

const applies = (one: Person, other: Person) => () => one.insists('POST /roster/apply', { user_id: other.id });
const acts = (one: Person, path: 'accept' | 'decline' | 'delete' | 'block' | 'unblock', other: Person) => () =>
  one.insists(`POST /roster/${path}`, { user_id: other.id });

/** Two users whose friends need consent; `asked`: the first has asked the second. */
async function two(given: Given, asked = false): Promise<[Person, Person]> {
  const [alice, bob] = (await given.users(2)) as [Person, Person];
  for (const person of [alice, bob]) await person.does('POST /user/authmode', { value: 1 });
  if (asked) await alice.does('POST /roster/apply', { user_id: bob.id });
  return [alice, bob];
}

/** Whether they are friends. Fails where their lists differ. */
async function agreed(alice: Person, bob: Person): Promise<boolean> {
  const [one, other] = [(await friendsOf(alice)).includes(bob.id), (await friendsOf(bob)).includes(alice.id)];
  expect(one).toBe(other);
  return one;
}

inRaces('Races of friends', (story) => {
  story('two requests that cross at the same moment make friends', async (given) => {
    const [alice, bob] = await two(given);
    expect(outcomes(await given.race(applies(alice, bob), applies(bob, alice)))).toEqual(times(2, 'success'));
    expect(await agreed(alice, bob)).toBe(true);
  });

  story('of ten who accept one request at once one does (friendRequestGone)', async (given) => {
    const [alice, bob] = await two(given, true);
    const answers = await given.race(...Array.from({ length: 10 }, () => acts(bob, 'accept', alice)));
    expect(outcomes(answers)).toEqual(['success', ...times(9, 'friendRequestGone')]);
    expect(await agreed(alice, bob)).toBe(true);
  });

  story('a request that is accepted and rejected at once is handled once (friendRequestGone)', async (given) => {
    const [alice, bob] = await two(given, true);
    const [accepted, declined] = await given.race(acts(bob, 'accept', alice), acts(bob, 'decline', alice));
    expect(outcomes([accepted!, declined!])).toEqual(['success', 'friendRequestGone']);
    expect(await agreed(alice, bob)).toBe(accepted!.outcome === 'success');
    expect(await bob.does('GET /roster/apply/list')).toMatchObject([
      { status: accepted!.outcome === 'success' ? 1 : 2 },
    ]);
  });

  story('a friendship that both end while one asks again is the same on both sides', async (given) => {
    const [alice, bob] = await two(given, true);
    await bob.does('POST /roster/accept', { user_id: alice.id });
    await given.race(acts(alice, 'delete', bob), acts(bob, 'delete', alice), applies(alice, bob));
    await agreed(alice, bob);
  });

  story('a request accepted while its sender deletes the receiver leaves both lists in agreement', async (given) => {
    const [alice, bob] = await two(given, true);
    const [accepted, deleted] = await given.race(acts(bob, 'accept', alice), acts(alice, 'delete', bob));
    expect(outcomes([accepted!, deleted!])).toEqual(times(2, 'success'));
    await agreed(alice, bob);
  });

  story('a request that comes while it is blocked is not there afterwards', async (given) => {
    const [alice, bob] = await two(given);
    expect(outcomes(await given.race(applies(alice, bob), acts(bob, 'block', alice)))).toEqual(times(2, 'success'));
    expect(await bob.does('GET /roster/apply/list')).toEqual([]);
    expect(await bob.fails('POST /roster/accept', { user_id: alice.id })).toBe('friendRequestGone');
    expect(await bob.does('GET /roster/blocked_list')).toEqual([alice.id]);
    expect(await agreed(alice, bob)).toBe(false);
  });

  story('a request accepted while its sender blocks makes friends or is gone', async (given) => {
    const [alice, bob] = await two(given, true);
    const [accepted] = await given.race(acts(bob, 'accept', alice), acts(alice, 'block', bob));
    expect(['success', 'friendRequestGone']).toContain(accepted!.outcome);
    expect(await friendsOf(bob)).toEqual(accepted!.outcome === 'success' ? [alice.id] : []);
    expect(await friendsOf(alice)).toEqual([]);
    await alice.does('POST /roster/unblock', { user_id: bob.id });
    expect(await agreed(alice, bob)).toBe(accepted!.outcome === 'success');
  });

  story(
    'of ten who want the last place of a friend one gets it (tooManyFriends)',
    async (given) => {
      const [alice, ...people] = (await given.users(11)) as [Person, ...Person[]];
      const answers = await given.race(...people.map((person) => applies(person, alice)));
      expect(outcomes(answers)).toEqual(['success', ...times(9, 'tooManyFriends')]);
      const winner = people[answers.findIndex(({ outcome }) => outcome === 'success')]!;
      expect(await friendsOf(alice)).toEqual([winner.id]);
      for (const person of people) expect(await friendsOf(person)).toEqual(person === winner ? [alice.id] : []);
    },
    { limits: { friends: 1 } },
  );

  story('ten users who add one user at once are all its friends', async (given) => {
    const [alice, ...people] = (await given.users(11)) as [Person, ...Person[]];
    const answers = await given.race(...people.map((person) => applies(person, alice)));
    expect(outcomes(answers)).toEqual(times(10, 'success'));
    expect(await friendsOf(alice)).toEqual(idsOf(people));
  });

  story(
    'of ten requests at once only as many are open as allowed (tooManyFriendRequests)',
    async (given) => {
      const [alice, ...people] = (await given.users(11)) as [Person, ...Person[]];
      await alice.does('POST /user/authmode', { value: 1 });
      const answers = await given.race(...people.map((person) => applies(person, alice)));
      expect(outcomes(answers)).toEqual([...times(3, 'success'), ...times(7, 'tooManyFriendRequests')]);
      expect(await alice.does('GET /roster/apply/list')).toHaveLength(3);
    },
    { limits: { friend_requests: 3 } },
  );

  story('two batches that name each other make friends of all', async (given) => {
    const [alice, bob, ...others] = (await given.users(8)) as [Person, Person, ...Person[]];
    const batch = (one: Person, other: Person) => () =>
      one.insists('POST /roster/apply/batch', {
        rosterApplications: [...others, other].map(({ id }) => ({ user_id: id })),
      });
    const answers = await given.race(batch(alice, bob), batch(bob, alice));
    expect(outcomes(answers)).toEqual(times(2, 'success'));
    expect(await friendsOf(alice)).toEqual(idsOf([bob, ...others]));
    expect(await friendsOf(bob)).toEqual(idsOf([alice, ...others]));
  });

  story('a user who stops taking requests gets none afterwards', async (given) => {
    const [alice, bob] = (await given.users(2)) as [Person, Person];
    const [applied] = await given.race(applies(alice, bob), () => bob.insists('POST /user/authmode', { value: 3 }));
    expect(['success', 'friendRefused']).toContain(applied!.outcome);
    expect(await agreed(alice, bob)).toBe(applied!.outcome === 'success');
  });
});

inThisProcess('Between reading and writing', (story) => {
  const apply = (one: Person, other: Person) => one.asks('POST /roster/apply', { user_id: other.id });
  const deletes = (one: Person) => one.does('POST /user/delete', { password: PASSWORD });

  story('a user closes its settings: the request is refused (friendRefused)', async (given) => {
    const [alice, bob] = (await given.users(2)) as [Person, Person];
    const close = () => bob.does('POST /user/authmode', { value: 3 });
    expect((await meanwhile(() => apply(alice, bob), close)).outcome).toBe('friendRefused');
    expect(await agreed(alice, bob)).toBe(false);
  });

  story('the actor sends a request to the user whom it blocks: no request waits', async (given) => {
    const [alice, bob] = (await given.users(2)) as [Person, Person];
    await bob.does('POST /user/authmode', { value: 1 });
    const blocks = () => alice.does('POST /roster/block', { user_id: bob.id });
    expect(await meanwhile(blocks, () => apply(alice, bob))).toBe(true);
    expect(await bob.lists('GET /roster/apply/list')).toEqual([]);
  });

  story('the other user is deleted: there is no friendship (userMissing)', async (given) => {
    const [alice, bob, carol] = (await given.users(3)) as [Person, Person, Person];
    expect(
      (
        await meanwhile(
          () => apply(alice, bob),
          () => deletes(bob),
        )
      ).outcome,
    ).toBe('userMissing');
    await alice.does('POST /user/authmode', { value: 1 });
    await apply(carol, alice);
    const accepts = () => alice.asks('POST /roster/accept', { user_id: carol.id });
    expect((await meanwhile(accepts, () => deletes(carol))).outcome).toBe('userMissing');
    await doJobs(given);
    expect(await friendsOf(alice)).toEqual([]);
  });

  story('the actor is deleted: its call has no effect (loginAgain)', async (given) => {
    const [alice, bob, carol] = (await given.users(3)) as [Person, Person, Person];
    await bob.does('POST /user/authmode', { value: 1 });
    await apply(alice, bob);
    expect(
      (
        await meanwhile(
          () => apply(alice, carol),
          () => deletes(alice),
        )
      ).outcome,
    ).toBe('loginAgain');
    const accepts = () => bob.asks('POST /roster/accept', { user_id: alice.id });
    expect((await accepts()).outcome).toBe('userMissing');
    const dave = await given.user();
    await apply(dave, bob);
    const handles = () => bob.asks('POST /roster/accept', { user_id: dave.id });
    const again = await given.session({ user: bob.id, username: bob.username });
    expect((await meanwhile(handles, () => deletes(again))).outcome).toBe('loginAgain');
    await doJobs(given);
    expect(await friendsOf(dave)).toEqual([]);
    const blocks = () => carol.asks('POST /roster/block', { user_id: dave.id });
    expect((await meanwhile(blocks, () => deletes(carol))).outcome).toBe('loginAgain');
    await doJobs(given);
  });

  /** Bob with two requests, which are all that he may have: one of carol, which has expired, and one of dave. */
  const fullOf = async (given: Given) => {
    const people = (await given.users(5)) as [Person, Person, Person, Person, Person];
    const [, bob, carol, dave] = people;
    await bob.does('POST /user/authmode', { value: 1 });
    for (const person of [carol, dave]) expect((await apply(person, bob)).outcome).toBe('success');
    const key = schema.contact.key(given.app, bob.id, carol.id);
    await given.db.write([update(key, { set: { requestExpiresAt: Date.now() - 1 } })]);
    return people;
  };
  const requestsOf = (given: Given, { id }: Person) =>
    given.db.read(getItem<{ requests: number }>(schema.contactCounts.key(given.app, id)));

  story(
    'an expired request is renewed while it is counted: the count is right (tooManyFriendRequests)',
    async (given) => {
      const [alice, bob, carol] = await fullOf(given);
      expect(
        (
          await meanwhile(
            () => apply(alice, bob),
            () => apply(carol, bob),
          )
        ).outcome,
      ).toBe('tooManyFriendRequests');
      expect(await requestsOf(given, bob)).toMatchObject({ requests: 2 });
    },
    { limits: { friend_requests: 2 } },
  );

  story(
    'requests are counted again while an expired one is renewed: the count is right (tooManyFriendRequests)',
    async (given) => {
      const [alice, bob, carol] = await fullOf(given);
      expect(
        (
          await meanwhile(
            () => apply(carol, bob),
            () => apply(alice, bob),
          )
        ).outcome,
      ).toBe('tooManyFriendRequests');
      expect(await requestsOf(given, bob)).toMatchObject({ requests: 2 });
    },
    { limits: { friend_requests: 2 } },
  );

  story(
    'a request comes and another goes while they are counted: the count is right',
    async (given) => {
      const [alice, bob, , dave, erin] = await fullOf(given);
      const changes = async () => {
        await bob.does('POST /roster/decline', { user_id: dave.id });
        expect((await apply(erin, bob)).outcome).toBe('success');
        expect((await apply(dave, bob)).outcome).toBe('success');
      };
      expect((await meanwhile(() => apply(alice, bob), changes)).outcome).toBe('tooManyFriendRequests');
      expect(await requestsOf(given, bob)).toMatchObject({ requests: 2 });
    },
    { limits: { friend_requests: 2 } },
  );
});
