import { expect } from 'vitest';
import { getItem } from '../../../shared/data/read.ts';
import * as schema from '../../../shared/data/schema.ts';
import { isTombstone, itemsOf } from '../../support/invariants.ts';
import { doJobs, jobsEnded } from '../../support/jobs.ts';
import { type Given, inBothWorlds, inRaces, PASSWORD, type Person } from '../../support/story.ts';

/** Waits until the job of a deletion has ended. In process there is no stream that runs it. */
async function cleanedUp(given: Given) {
  if (given.world.conflicts) await doJobs(given);
  await jobsEnded(given);
}

/** What is left in the partition of a user besides the user's own item, and in contacts of others. */
const remains = async ({ world, app }: Given, { id }: Person) =>
  (await itemsOf(world.table, app)).filter(
    ({ pk, sk, ...item }) =>
      (pk === `U#${app}#${id}` && sk !== '#') || (pk.startsWith('U#') && sk.endsWith(`#${id}`) && !isTombstone(item)),
  );
const countsOf = ({ db, app }: Given, { id }: Person) => db.read(getItem(schema.contactCounts.key(app, id)));

inBothWorlds('The friends of a deleted user', (story) => {
  story('friendships and requests end on both sides, and a block by another user stays', async (given) => {
    const people = (await given.users(6)) as [Person, Person, Person, Person, Person, Person];
    const [gone, friend, asked, asking, blocked, blocking] = people;
    for (const person of [gone, asked]) await person.does('POST /user/authmode', { value: 1 });
    await gone.does('POST /roster/apply', { user_id: friend.id, alias: 'F' });
    await friend.does('POST /roster/ext', { user_id: gone.id, alias: 'G', ext: 'e' });
    await gone.does('POST /roster/ext', { user_id: friend.id, ext: 'e' });
    await gone.does('POST /roster/apply', { user_id: asked.id });
    await asking.does('POST /roster/apply', { user_id: gone.id });
    await gone.does('POST /roster/block', { user_id: blocked.id });
    await gone.does('POST /roster/apply', { user_id: blocking.id });
    await blocking.does('POST /roster/block', { user_id: gone.id });
    await gone.does('POST /user/delete', { password: PASSWORD });
    // At once it is no user for anyone, whatever the lists still show.
    expect(await friend.does('POST /roster/list', { list: [gone.id] })).toEqual([]);
    expect(await friend.fails('POST /roster/ext', { user_id: gone.id, alias: 'x' })).toBe('userMissing');
    expect(await asked.fails('POST /roster/accept', { user_id: gone.id })).toBe('userMissing');
    await cleanedUp(given);
    expect(await friend.does('GET /roster/list')).toEqual([]);
    expect(await asked.does('GET /roster/apply/list')).toEqual([]);
    expect(await countsOf(given, friend)).toMatchObject({ friends: 0 });
    expect(await countsOf(given, asked)).toMatchObject({ requests: 0 });
    const left = await remains(given, gone);
    expect(left.map(({ pk, sk, blockedAt }) => [pk, sk, typeof blockedAt])).toEqual([
      [`U#${given.app}#${blocking.id}`, `F#${gone.id}`, 'number'],
    ]);
    expect(await blocking.does('GET /roster/blocked_list')).toEqual([gone.id]);
    expect(await blocking.does('POST /roster/unblock', { user_id: gone.id })).toBe(true);
    expect(await remains(given, gone)).toEqual([]);
  });
});

inRaces('Races with the deletion of a user', (story) => {
  story('a user who is deleted while others befriend it is no friend afterwards', async (given) => {
    const [gone, ...people] = (await given.users(9)) as [Person, ...Person[]];
    await given.race<unknown>(
      ...people.slice(0, 4).map((one) => () => one.insists('POST /roster/apply', { user_id: gone.id })),
      () => gone.insists('POST /user/delete', { password: PASSWORD }),
      () => cleanedUp(given),
      ...people.slice(4).map((one) => () => one.insists('POST /roster/apply', { user_id: gone.id })),
    );
    await cleanedUp(given);
    for (const person of people) expect(await person.does('GET /roster/list')).toEqual([]);
    expect(await remains(given, gone)).toEqual([]);
  });

  story('a friendship that ends while the user is deleted ends once on both sides', async (given) => {
    const [gone, one, two] = (await given.users(3)) as [Person, Person, Person];
    for (const person of [one, two]) await person.does('POST /roster/apply', { user_id: gone.id });
    await gone.does('POST /user/delete', { password: PASSWORD });
    await given.race<unknown>(
      () => cleanedUp(given),
      () => one.insists('POST /roster/delete', { user_id: gone.id }),
      () => two.insists('POST /roster/block', { user_id: gone.id }),
    );
    await cleanedUp(given);
    expect(await remains(given, gone)).toEqual([]);
    for (const person of [one, two]) expect(await countsOf(given, person)).toMatchObject({ friends: 0 });
  });
});
