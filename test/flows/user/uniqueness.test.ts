import { expect } from 'vitest';
import { comparedName } from '../../../shared/data/keys.ts';
import type { User } from '../../../shared/data/user-repo.ts';
import { itemsOf } from '../../support/invariants.ts';
import { type Given, inRaces, PASSWORD, type Person } from '../../support/story.ts';

/** The same numbers in every run, so that a failure can be repeated. */
function numbersFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

// The last two are one name: U+9F8D, and the radical U+2FD3 that NFKC makes of it.
const NAMES = ['anna', 'Anna', 'ANNA', 'bert', 'Bert', 'carl', '\u9f8d', '\u2fd3'];
const MOBILES = ['4912345678', '+4912345678', '4987654321'];

/** What is wrong with names and numbers in the items of the table: one sentence each. */
async function wrongHolders(given: Given): Promise<string[]> {
  const items = await itemsOf(given.world.table, given.app);
  const users = items.filter(({ pk, sk }) => pk.startsWith('U#') && sk === '#') as unknown as User[];
  const notDeleted = users.filter(({ status }) => status !== 'deleted');
  const wrong: string[] = [];
  const held = { N: new Map<string, number>(), M: new Map<string, number>() };
  for (const { pk, user } of items) {
    const [, , kind, value] = pk.split('#');
    if (kind !== 'N' && kind !== 'M') continue;
    held[kind].set(value ?? '', Number(user));
    const holder = notDeleted.find((one) => one.user === user);
    const has = kind === 'N' ? holder && comparedName(holder.username) : holder?.mobile;
    if (has !== value) wrong.push(`${kind} ${value} points to ${user}, who has ${has}`);
  }
  for (const { user, username, mobile } of notDeleted) {
    if (held.N.get(comparedName(username)) !== user) wrong.push(`${user} has the name ${username} without holding it`);
    if (mobile !== undefined && held.M.get(mobile) !== user) wrong.push(`${user} has ${mobile} without holding it`);
  }
  const directory = items.filter(({ pk }) => pk.endsWith('#D')).map(({ sk }) => Number(sk.split('#')[1]));
  if (
    directory.toSorted().join() !==
    notDeleted
      .map(({ user }) => user)
      .toSorted()
      .join()
  )
    wrong.push('the directory does not list the users who are not deleted');
  return wrong;
}

inRaces('Names and numbers', (story) => {
  for (const seed of [1, 2])
    story(`a name and a number belong to one user at most, whatever happens at once (seed ${seed})`, async (given) => {
      const below = numbersFrom(seed);
      const any = <T>(list: readonly T[]) => list[below(list.length)]!;
      let people: Person[] = await given.users(6);
      for (let round = 0; round < 4; round++) {
        const deleted = new Set<Person>();
        const moves = Array.from({ length: 16 }, () => {
          const person = any(people);
          const username = any(NAMES);
          const mobile = any(MOBILES);
          const kind = below(10);
          if (kind < 5) return () => person.asks('PUT /user/username', { username });
          if (kind < 8) return () => person.asks('POST /user/mobile', { mobile });
          if (kind < 9) return () => given.nobody.asks('POST /user/register/v2', { username, password: PASSWORD });
          deleted.add(person);
          return () => given.admin({ user: person.id }).asks('POST /user/delete');
        });
        const answers = await given.race(...moves);
        for (const { body, outcome } of answers)
          expect(
            ['success', 'usernameTaken', 'mobileTaken', 'userMissing', 'loginAgain'],
            body.message ?? '',
          ).toContain(outcome);
        expect(await wrongHolders(given)).toEqual([]);
        people = [...people.filter((person) => !deleted.has(person)), ...(await given.users(deleted.size))];
      }
    });

  story('a name or number is free for another user once its holder gives it up', async (given) => {
    const [one, other] = (await given.users(2)) as [Person, Person];
    await one.does('PUT /user/username', { username: 'Wanted' });
    expect(await other.fails('PUT /user/username', { username: 'wanted' })).toBe('usernameTaken');
    await one.does('PUT /user/username', { username: 'WANTED' });
    expect(await one.does('GET /user/profile')).toMatchObject({ username: 'WANTED' });
    const answers = await given.race(
      () => one.asks('PUT /user/username', { username: 'left_1' }),
      () => other.asks('PUT /user/username', { username: 'wanted' }),
      () => one.asks('PUT /user/username', { username: 'wAnTeD' }),
    );
    for (const { outcome } of answers) expect(['success', 'usernameTaken']).toContain(outcome);
    await one.does('PUT /user/mobile', { mobile: '12345' });
    expect(await other.fails('PUT /user/mobile', { mobile: '12345' })).toBe('mobileTaken');
    await one.does('PUT /user/mobile', { mobile: '12345' });
    await one.does('PUT /user/mobile', { mobile: '123456' });
    await other.does('PUT /user/mobile', { mobile: '12345' });
    expect(await wrongHolders(given)).toEqual([]);
  });

  story('two users who swap their names at once each hold one name', async (given) => {
    const [one, other] = (await given.users(2)) as [Person, Person];
    await given.race(
      () => one.asks('PUT /user/username', { username: other.username }),
      () => other.asks('PUT /user/username', { username: one.username }),
      () => given.admin({ user: one.id }).asks('POST /user/delete'),
    );
    expect(await wrongHolders(given)).toEqual([]);
  });
});
