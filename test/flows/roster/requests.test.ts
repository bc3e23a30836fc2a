import { expect } from 'vitest';
import { getItem } from '../../../shared/data/read.ts';
import * as schema from '../../../shared/data/schema.ts';
import { update } from '../../../shared/data/step.ts';
import { type Given, inBothWorlds, inThisProcess, type Person } from '../../support/story.ts';

/** The friends of a user. */
const friendsOf = (person: Person) => person.lists('GET /roster/list', { limit: 2 });
const requestsTo = (person: Person) => person.lists('GET /roster/apply/list', { limit: 2 });
const areFriends = async (one: Person, other: Person) => [
  (await friendsOf(one)).includes(other.id),
  (await friendsOf(other)).includes(one.id),
];
const verifies = (person: Person, auth_mode: number, more: object = {}) =>
  person.does('PUT /user/settings', { user_id: person.id, auth_mode, ...more });

/** The request expires now, as if a week had passed. */
const expire = async (given: Given, to: Person, from: Person) => {
  const requestExpiresAt = Date.now() - 1;
  await given.db.write([update(schema.contact.key(given.app, to.id, from.id), { set: { requestExpiresAt } })]);
  return requestExpiresAt;
};

inBothWorlds('Friend requests', (story) => {
  story('a user whom anyone may add is a friend at once, on both sides (alreadyFriend)', async (given) => {
    const [alice, bob] = (await given.users(2)) as [Person, Person];
    expect(await alice.does('POST /roster/apply', { user_id: bob.id, alias: ' Bobby ', reason: 'hello' })).toBe(true);
    expect(await areFriends(alice, bob)).toEqual([true, true]);
    expect(await alice.does('GET /roster/id', { user_id: bob.id })).toMatchObject({ relation: 0, alias: 'Bobby' });
    expect(await bob.does('GET /roster/id', { user_id: alice.id })).toMatchObject({ relation: 0, alias: '' });
    expect(await alice.fails('POST /roster/apply', { user_id: bob.id })).toBe('alreadyFriend');
    expect(await bob.fails('POST /roster/apply', { user_id: alice.id })).toBe('alreadyFriend');
    expect(await requestsTo(bob)).toEqual([]);
  });

  story('a request that needs consent waits, and is accepted once (friendRequestGone)', async (given) => {
    const [alice, bob, carol] = (await given.users(3)) as [Person, Person, Person];
    await verifies(bob, 1);
    await alice.does('POST /roster/apply', { user_id: bob.id, alias: 'Bobby', reason: 'hello' });
    await carol.does('POST /roster/apply', { user_id: bob.id, reason: 'hi' });
    expect(await areFriends(alice, bob)).toEqual([false, false]);
    expect(await alice.does('GET /roster/id', { user_id: bob.id })).toMatchObject({ relation: 2, alias: '' });
    expect(await requestsTo(alice)).toEqual([]);
    const listed = await requestsTo(bob);
    expect(listed).toMatchObject([
      { user_id: carol.id, reason: 'hi', status: 0 },
      { user_id: alice.id, reason: 'hello', status: 0 },
    ]);
    for (const { expired_time } of listed) {
      expect(expired_time).toBeGreaterThan(Date.now() + 6 * 86_400_000);
      expect(expired_time).toBeLessThan(Date.now() + 8 * 86_400_000);
    }
    // A second request renews the first.
    await alice.does('POST /roster/apply', { user_id: bob.id, alias: 'Bob', reason: 'please' });
    expect(await requestsTo(bob)).toMatchObject([{ user_id: alice.id, reason: 'please' }, { user_id: carol.id }]);
    expect(await alice.fails('POST /roster/accept', { user_id: bob.id })).toBe('friendRequestGone');
    expect(await bob.does('POST /roster/accept', { user_id: alice.id })).toBe(true);
    expect(await areFriends(alice, bob)).toEqual([true, true]);
    expect(await alice.does('GET /roster/id', { user_id: bob.id })).toMatchObject({ relation: 0, alias: 'Bob' });
    expect(await bob.fails('PUT /roster/accept', { user_id: alice.id })).toBe('friendRequestGone');
    expect(await bob.fails('POST /roster/decline', { user_id: alice.id })).toBe('friendRequestGone');
    expect(await bob.does('PUT /roster/decline', { user_id: carol.id, reason: 'no' })).toBe(true);
    expect(await requestsTo(bob)).toMatchObject([
      { user_id: alice.id, status: 1 },
      { user_id: carol.id, status: 2 },
    ]);
    expect(await bob.fails('POST /roster/accept', { user_id: carol.id })).toBe('friendRequestGone');
    expect(await bob.fails('POST /roster/decline', { user_id: carol.id })).toBe('friendRequestGone');
    expect(await areFriends(carol, bob)).toEqual([false, false]);
    // Whoever was rejected may ask again.
    await carol.does('POST /roster/apply', { user_id: bob.id });
    expect(await bob.does('PUT /roster/accept', { user_id: carol.id })).toBe(true);
    expect(await friendsOf(bob)).toEqual([alice.id, carol.id]);
  });

  story(
    'the right answer makes friends, in any case and with blanks; a wrong one stores nothing (wrongAnswer)',
    async (given) => {
      const [alice, bob, carol] = (await given.users(3)) as [Person, Person, Person];
      await verifies(bob, 2, { auth_question: 'Where?', auth_answer: ' New York ' });
      expect(await alice.does('GET /roster/id', { user_id: bob.id })).toMatchObject({
        auth_mode: 2,
        auth_question: 'Where?',
      });
      for (const auth_answer of [undefined, '', 'Boston', 'new  york'])
        expect(await alice.fails('POST /roster/apply', { user_id: bob.id, auth_answer })).toBe('wrongAnswer');
      expect(await requestsTo(bob)).toEqual([]);
      expect(await given.db.read(getItem(schema.contact.key(given.app, alice.id, bob.id)))).toBeUndefined();
      await alice.does('POST /roster/apply', { user_id: bob.id, auth_answer: ' nEW yORK' });
      expect(await areFriends(alice, bob)).toEqual([true, true]);
      // Where no answer is set, none is right.
      await verifies(carol, 2);
      expect(await alice.fails('POST /roster/apply', { user_id: carol.id, auth_answer: '' })).toBe('wrongAnswer');
      expect(await alice.fails('POST /roster/apply', { user_id: carol.id, auth_answer: ' ' })).toBe('wrongAnswer');
    },
  );

  story('a user whom nobody may add refuses every request (friendRefused)', async (given) => {
    const [alice, bob] = (await given.users(2)) as [Person, Person];
    await bob.does('POST /user/authmode', { value: 3 });
    expect(await alice.fails('POST /roster/apply', { user_id: bob.id })).toBe('friendRefused');
    expect(await requestsTo(bob)).toEqual([]);
    // Its own request is answered by a request of the other: both want it.
    await verifies(alice, 1);
    await bob.does('POST /roster/apply', { user_id: alice.id });
    await alice.does('POST /roster/apply', { user_id: bob.id, alias: 'B' });
    expect(await areFriends(alice, bob)).toEqual([true, true]);
    expect(await requestsTo(alice)).toMatchObject([{ user_id: bob.id, status: 1 }]);
  });

  story('nobody befriends itself, or a user who does not exist (noPermission, userMissing)', async (given) => {
    const [alice, bob] = (await given.users(2)) as [Person, Person];
    for (const path of ['apply', 'accept', 'decline', 'delete', 'ext', 'block', 'unblock'] as const)
      expect(await alice.fails(`POST /roster/${path}`, { user_id: alice.id }), path).toBe('noPermission');
    await bob.does('DELETE /user/delete', { password: 'correct-horse' }).catch(() => undefined);
    for (const path of ['apply', 'accept', 'decline', 'delete', 'ext', 'block'] as const)
      expect(await alice.fails(`POST /roster/${path}`, { user_id: 12345 }), path).toBe('userMissing');
    expect(await alice.does('POST /roster/unblock', { user_id: 12345 })).toBe(true);
    expect(await alice.fails('POST /roster/apply', {})).toBe('badParameter');
    expect(await alice.fails('POST /roster/apply', { user_id: bob.id, reason: 'x'.repeat(513) })).toBe('badParameter');
    expect(await alice.fails('POST /roster/apply', { user_id: bob.id, alias: 'x'.repeat(129) })).toBe('badParameter');
  });

  story('a batch of requests succeeds or fails user by user', async (given) => {
    const [alice, bob, carol, dave, erin] = (await given.users(5)) as [Person, Person, Person, Person, Person];
    await verifies(carol, 1);
    await verifies(dave, 3);
    await verifies(erin, 2, { auth_answer: 'blue' });
    const rosterApplications = [
      { user_id: bob.id, alias: 'B' },
      { user_id: carol.id, reason: 'hi' },
      { user_id: dave.id },
      { user_id: erin.id, auth_answer: 'red' },
      { user_id: alice.id },
      { user_id: 12345 },
      { user_id: bob.id, alias: 'again' },
    ];
    expect(await alice.does('POST /roster/apply/batch', { rosterApplications })).toEqual({
      success: [bob.id, carol.id],
      fails: [
        { user_id: dave.id, reason: 'the user accepts no friend requests' },
        { user_id: erin.id, reason: 'auth_answer: not the right answer' },
        { user_id: alice.id, reason: 'user_id: not allowed on oneself' },
        { user_id: 12345, reason: 'user does not exist' },
      ],
    });
    expect(await friendsOf(alice)).toEqual([bob.id]);
    expect(await alice.does('GET /roster/id', { user_id: bob.id })).toMatchObject({ alias: 'B' });
    expect(await requestsTo(carol)).toMatchObject([{ user_id: alice.id, reason: 'hi' }]);
    const many = Array.from({ length: 101 }, (_, n) => ({ user_id: n + 1 }));
    expect(await alice.fails('POST /roster/apply/batch', { rosterApplications: many })).toBe('badParameter');
    expect(await alice.fails('POST /roster/apply/batch', { rosterApplications: [] })).toBe('badParameter');
    expect(await alice.fails('POST /roster/apply/batch')).toBe('badParameter');
    const { body } = await alice.asks('POST /roster/apply/batch', { rosterApplications: [{ reason: 'whom?' }] });
    expect(body.message).toBe('rosterApplications[0].user_id: is required');
  });

  story('a wrong field of an entry fails that entry alone, and a null is an absent field', async (given) => {
    const [alice, bob, carol] = (await given.users(3)) as [Person, Person, Person];
    const rosterApplications = [
      { user_id: bob.id, reason: 'r'.repeat(513) },
      { user_id: carol.id, alias: null, reason: null, auth_answer: null },
    ];
    expect(await alice.does('POST /roster/apply/batch', { rosterApplications })).toEqual({
      success: [carol.id],
      fails: [{ user_id: bob.id, reason: 'reason: must have at most 512 characters' }],
    });
    expect(await friendsOf(alice)).toEqual([carol.id]);
    const [wrong] = rosterApplications;
    expect(await alice.does('POST /roster/apply/batch', { rosterApplications: [wrong] })).toMatchObject({
      success: [],
    });
    expect(await given.nobody.fails('POST /roster/apply/batch', { rosterApplications: [wrong] })).toBe('noToken');
  });

  story('the app may act as a user, and only so (badParameter)', async (given) => {
    const [alice, bob] = (await given.users(2)) as [Person, Person];
    expect(await given.admin({ user: alice.id }).does('POST /roster/apply', { user_id: bob.id })).toBe(true);
    expect(await areFriends(alice, bob)).toEqual([true, true]);
    expect(await given.admin().fails('POST /roster/apply', { user_id: bob.id })).toBe('badParameter');
    for (const path of ['list', 'apply/list', 'blocked_list'] as const)
      expect(await given.admin().fails(`GET /roster/${path}`), path).toBe('badParameter');
    const other = await given.otherApp();
    const stranger = await other.user();
    expect(await stranger.fails('POST /roster/apply', { user_id: bob.id })).toBe('userMissing');
  });
});

inThisProcess('Friend requests over time', (story) => {
  story('an expired request cannot be handled, and can be made again (friendRequestGone)', async (given) => {
    const [alice, bob] = (await given.users(2)) as [Person, Person];
    await verifies(bob, 1);
    await alice.does('POST /roster/apply', { user_id: bob.id });
    const expired_time = await expire(given, bob, alice);
    expect(await requestsTo(bob)).toEqual([{ user_id: alice.id, reason: '', status: 0, expired_time }]);
    expect(await bob.fails('POST /roster/accept', { user_id: alice.id })).toBe('friendRequestGone');
    expect(await bob.fails('POST /roster/decline', { user_id: alice.id })).toBe('friendRequestGone');
    // Neither does it count as one that crosses.
    await verifies(alice, 1);
    await bob.does('POST /roster/apply', { user_id: alice.id });
    expect(await areFriends(alice, bob)).toEqual([false, false]);
    await alice.does('POST /roster/apply', { user_id: bob.id });
    expect(await areFriends(alice, bob)).toEqual([true, true]);
    expect(await requestsTo(bob)).toMatchObject([{ user_id: alice.id, status: 1 }]);
  });

  story('requests of more than 30 days ago leave the list', async (given) => {
    const [alice, bob] = (await given.users(2)) as [Person, Person];
    await verifies(bob, 1);
    await alice.does('POST /roster/apply', { user_id: bob.id });
    const key = schema.contact.key(given.app, bob.id, alice.id);
    const item = await given.db.read(getItem<{ lsi1sk: string }>(key));
    const old = item!.lsi1sk.replace(/\d{13}/, (time) => String(Number(time) - 31 * 86_400_000));
    await given.db.write([update(key, { set: { lsi1sk: old } })]);
    expect(await requestsTo(bob)).toEqual([]);
    await given.db.write([update(key, { set: { lsi1sk: item!.lsi1sk } })]);
  });

  story(
    'the settings of an app say how long a request lives',
    async (given) => {
      const [alice, bob] = (await given.users(2)) as [Person, Person];
      await verifies(bob, 1);
      const before = Date.now();
      await alice.does('POST /roster/apply', { user_id: bob.id });
      const [{ expired_time }] = await requestsTo(bob);
      expect(expired_time).toBeGreaterThanOrEqual(before + 60_000);
      expect(expired_time).toBeLessThanOrEqual(Date.now() + 60_000);
    },
    { limits: { invitation_life: 60 } },
  );
});

inBothWorlds('Limits of friends', (story) => {
  story(
    'neither user gets more friends than allowed (tooManyFriends)',
    async (given) => {
      const [alice, bob, carol, dave] = (await given.users(4)) as [Person, Person, Person, Person];
      await alice.does('POST /roster/apply', { user_id: bob.id });
      await alice.does('POST /roster/apply', { user_id: carol.id });
      expect(await alice.fails('POST /roster/apply', { user_id: dave.id })).toBe('tooManyFriends');
      expect(await dave.fails('POST /roster/apply', { user_id: alice.id })).toBe('tooManyFriends');
      // A request may wait, and be accepted when there is room.
      await verifies(alice, 1);
      await dave.does('POST /roster/apply', { user_id: alice.id });
      expect(await alice.fails('POST /roster/accept', { user_id: dave.id })).toBe('tooManyFriends');
      await bob.does('DELETE /roster/delete', { user_id: alice.id });
      expect(await alice.does('POST /roster/accept', { user_id: dave.id })).toBe(true);
      expect(await friendsOf(alice)).toEqual([carol.id, dave.id]);
      const rosterApplications = [{ user_id: bob.id }, { user_id: carol.id }, { user_id: given.record.createdAt }];
      const { success, fails } = await dave.does('POST /roster/apply/batch', { rosterApplications });
      expect(success).toEqual([bob.id]);
      expect(fails).toEqual([
        { user_id: carol.id, reason: 'one of the two users has as many friends as allowed' },
        { user_id: given.record.createdAt, reason: 'user does not exist' },
      ]);
    },
    { limits: { friends: 2 } },
  );

  story(
    'a user receives no more open requests than allowed, and expired ones do not count (tooManyFriendRequests)',
    async (given) => {
      const [bob, ...people] = (await given.users(6)) as [Person, ...Person[]];
      const [alice, carol, dave, erin, frank] = people as [Person, Person, Person, Person, Person];
      await verifies(bob, 1);
      const applies = (person: Person) => person.asks('POST /roster/apply', { user_id: bob.id });
      expect([(await applies(alice)).outcome, (await applies(carol)).outcome]).toEqual(['success', 'success']);
      expect((await applies(dave)).outcome).toBe('tooManyFriendRequests');
      // A renewal takes no more room.
      expect((await applies(alice)).outcome).toBe('success');
      await bob.does('POST /roster/decline', { user_id: carol.id });
      expect((await applies(dave)).outcome).toBe('success');
      await expire(given, bob, alice);
      const counts = await given.db.read(getItem(schema.contactCounts.key(given.app, bob.id)));
      expect(counts).toMatchObject({ requests: 2 });
      expect((await applies(erin)).outcome).toBe('success');
      expect((await applies(frank)).outcome).toBe('tooManyFriendRequests');
      // The expired one no longer counts, so its renewal needs room again.
      expect((await applies(alice)).outcome).toBe('tooManyFriendRequests');
      await bob.does('POST /roster/accept', { user_id: erin.id });
      expect((await applies(alice)).outcome).toBe('success');
      expect((await applies(frank)).outcome).toBe('tooManyFriendRequests');
      await bob.does('POST /roster/block', { user_id: alice.id });
      expect((await applies(frank)).outcome).toBe('success');
      const { fails } = await carol.does('POST /roster/apply/batch', { rosterApplications: [{ user_id: bob.id }] });
      expect(fails).toEqual([{ user_id: bob.id, reason: 'the user has as many open friend requests as allowed' }]);
    },
    { limits: { friend_requests: 2 } },
  );
});
