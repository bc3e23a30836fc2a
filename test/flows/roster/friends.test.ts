import { expect } from 'vitest';
import { relation } from '../../support/relation.ts';
import { PASSWORD } from '../../support/secrets.ts';
import { type Given, inBothWorlds, type Person } from '../../support/story.ts';

const befriend = (one: Person, ...others: Person[]) =>
  one.does('POST /roster/apply/batch', { rosterApplications: others.map(({ id }) => ({ user_id: id })) });
const idsOf = (people: { id: number }[]) => people.map(({ id }) => id);

inBothWorlds('Friends', (story) => {
  story('the list has pages, in the order in which users became friends', async (given) => {
    const [alice, ...people] = (await given.users(6)) as [Person, ...Person[]];
    for (const person of people) await befriend(person, alice);
    const { body } = await alice.asks('GET /roster/list', { limit: 2 });
    expect(body).toMatchObject({ data: idsOf(people.slice(0, 2)), version: 0, cursor: expect.any(String) });
    expect(await alice.lists('GET /roster/list', { limit: 2 })).toEqual(idsOf(people));
    const whole = await alice.asks('GET /roster/list');
    expect(whole.body.data).toEqual(idsOf(people));
    expect(whole.body).not.toHaveProperty('cursor');
    // A cursor belongs to one list and one caller.
    const { cursor } = body;
    expect(await people[0]!.fails('GET /roster/list', { cursor })).toBe('badParameter');
    expect(await alice.fails('GET /roster/apply/list', { cursor })).toBe('badParameter');
    expect(await alice.fails('GET /roster/list', { cursor: 'x' })).toBe('badParameter');
    expect(await alice.fails('GET /roster/list', { limit: 0 })).toBe('badParameter');
  });

  story('a deleted friendship ends on both sides, with what both kept about it', async (given) => {
    const [alice, bob] = (await given.users(2)) as [Person, Person];
    await befriend(alice, bob);
    const notes = { alias: 'A', ext: '{"colour":"blue"}', mute_notification: true };
    await bob.does('POST /roster/ext', { user_id: alice.id, ...notes });
    await alice.does('PUT /roster/ext', { user_id: bob.id, ext: 'e' });
    expect(await alice.does('DELETE /roster/delete', { user_id: bob.id })).toBe(true);
    expect(await alice.does('GET /roster/list')).toEqual([]);
    expect(await bob.does('GET /roster/list')).toEqual([]);
    const nothing = { alias: '', ext: '', mute_notification: false };
    expect(await alice.does('GET /roster/id', { user_id: bob.id })).toMatchObject({ relation: 2, ...nothing });
    expect(await bob.does('GET /roster/id', { user_id: alice.id })).toMatchObject({ relation: 1, ...nothing });
    expect(await bob.fails('POST /roster/ext', { user_id: alice.id, alias: 'A' })).toBe('notFriend');
    // Again it changes nothing; the deleted side may forget it.
    expect(await alice.does('POST /roster/delete', { user_id: bob.id })).toBe(true);
    expect(await relation(bob, alice)).toBe(1);
    expect(await bob.does('POST /roster/delete', { user_id: alice.id })).toBe(true);
    expect(await relation(bob, alice)).toBe(2);
    await befriend(bob, alice);
    expect([await relation(alice, bob), await relation(bob, alice)]).toEqual([0, 0]);
    expect(await bob.does('GET /roster/id', { user_id: alice.id })).toMatchObject(nothing);
  });

  story('alias, ext and mute of a friend are the own side only, and change one by one', async (given) => {
    const [alice, bob, carol] = (await given.users(3)) as [Person, Person, Person];
    await befriend(alice, bob);
    const sees = async (one: Person, other: Person) => {
      const { alias, ext, mute_notification } = await one.does('GET /roster/id', { user_id: other.id });
      return { alias, ext, mute_notification };
    };
    const sets = (change: object) => alice.does('POST /roster/ext', { user_id: bob.id, ...change });
    expect(await sets({ alias: ' Bobby ' })).toBe(true);
    await sets({ mute_notification: '1' });
    await sets({ ext: 'x'.repeat(16_384) });
    expect(await sees(alice, bob)).toEqual({ alias: 'Bobby', ext: 'x'.repeat(16_384), mute_notification: true });
    expect(await sees(bob, alice)).toEqual({ alias: '', ext: '', mute_notification: false });
    expect(await sets({})).toBe(true);
    await sets({ alias: '', mute_notification: false });
    await sets({ ext: 'short' });
    expect(await sees(alice, bob)).toEqual({ alias: '', ext: 'short', mute_notification: false });
    await sets({ ext: '' });
    expect(await sees(alice, bob)).toEqual({ alias: '', ext: '', mute_notification: false });
    const wrong = (change: object) => alice.fails('POST /roster/ext', { user_id: bob.id, ...change });
    expect(await wrong({ ext: 'x'.repeat(16_385) })).toBe('badParameter');
    expect(await wrong({ alias: 'x'.repeat(129) })).toBe('badParameter');
    expect(await wrong({ mute_notification: 'perhaps' })).toBe('badParameter');
    expect(await alice.fails('POST /roster/ext', { user_id: carol.id, alias: 'C' })).toBe('notFriend');
  });
});

inBothWorlds('Details of users', (story) => {
  /** Bob with everything that a profile and settings have. */
  const bobIn = async (given: Given) => {
    const bob = await given.user('bob');
    await bob.does('PUT /user/profile', {
      nick_name: 'Bob',
      description: 'a builder',
      private_info: 'secret',
      public_info: 'open',
    });
    await bob.does('PUT /user/avatar', { avatar: 'https://example.org/b.png' });
    await bob.does('PUT /user/settings', {
      user_id: bob.id,
      auth_mode: 2,
      auth_question: 'Why?',
      auth_answer: 'secret, too',
    });
    await bob.does('PUT /user/mobile', { mobile: '+4930111222' });
    return bob;
  };

  story('a user is found by id, username or mobile number, without anything private', async (given) => {
    const alice = await given.user();
    const bob = await bobIn(given);
    const expected = {
      user_id: bob.id,
      username: bob.username,
      nick_name: 'Bob',
      avatar: 'https://example.org/b.png',
      description: 'a builder',
      public_info: 'open',
      auth_mode: 2,
      auth_question: 'Why?',
      alias: '',
      ext: '',
      mute_notification: false,
      relation: 2,
    };
    const found = [
      await alice.asks('GET /roster/id', { user_id: bob.id }),
      await alice.asks('GET /roster/name', { username: ` ${bob.username.toUpperCase()} ` }),
      await alice.asks('GET /roster/mobile', { mobile: '+4930111222' }),
      await alice.asks('POST /roster/list', { list: [bob.id] }),
    ];
    for (const { body, text } of found) {
      expect([body.data].flat()).toEqual([expected]);
      expect(text).not.toMatch(/secret|4930111222/);
    }
    expect(await alice.fails('GET /roster/id', { user_id: 12345 })).toBe('userMissing');
    expect(await alice.fails('GET /roster/name', { username: bob.username.slice(0, -1) })).toBe('userMissing');
    expect(await alice.fails('GET /roster/name', { username: 'no#name' })).toBe('userMissing');
    expect(await alice.fails('GET /roster/mobile', { mobile: '4930111222' })).toBe('userMissing');
    expect(await alice.fails('GET /roster/name', {})).toBe('badParameter');
    // One may look oneself up.
    expect(await alice.does('GET /roster/id', { user_id: alice.id })).toMatchObject({ relation: 2 });
  });

  story('details come in the order asked, of friends and strangers, without users who do not exist', async (given) => {
    const [alice, bob, carol, dave, erin, gone] = (await given.users(6)) as [
      Person,
      Person,
      Person,
      Person,
      Person,
      Person,
    ];
    await befriend(alice, bob, carol, dave);
    await carol.does('POST /roster/delete', { user_id: alice.id });
    await alice.does('POST /roster/block', { user_id: dave.id });
    await alice.does('POST /roster/ext', { user_id: bob.id, ext: 'e', alias: 'B' });
    await gone.does('DELETE /user/delete', { password: PASSWORD });
    const list = [dave.id, 12345, erin.id, bob.id, gone.id, carol.id, bob.id];
    expect(await alice.does('POST /roster/list', { list })).toMatchObject([
      { user_id: dave.id, relation: 3 },
      { user_id: erin.id, relation: 2 },
      { user_id: bob.id, relation: 0, alias: 'B', ext: 'e' },
      { user_id: carol.id, relation: 1 },
    ]);
    expect(await alice.does('POST /roster/list', { list: [] })).toEqual([]);
    expect(await alice.fails('POST /roster/list')).toBe('badParameter');
    const many = Array.from({ length: 1001 }, (_, n) => n + 1);
    expect(await alice.fails('POST /roster/list', { list: many })).toBe('badParameter');
    expect(await alice.does('POST /roster/list', { list: many.slice(1) })).toEqual([]);
  });
});
