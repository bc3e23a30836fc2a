import { expect } from 'vitest';
import { relation } from '../../support/relation.ts';
import { inBothWorlds, type Person } from '../../support/story.ts';

inBothWorlds('Blacklists', (story) => {
  story(
    'anybody can be blocked, and the blacklist shows the last first (tooManyBlocked)',
    async (given) => {
      const [alice, bob, carol, dave, erin] = (await given.users(5)) as [Person, Person, Person, Person, Person];
      await alice.does('POST /roster/apply', { user_id: bob.id });
      for (const { id } of [bob, carol, dave])
        expect(await alice.does('POST /roster/block', { user_id: id })).toBe(true);
      // Blocking again changes nothing, at the limit too.
      expect(await alice.does('PUT /roster/block', { user_id: bob.id })).toBe(true);
      expect(await alice.does('GET /roster/blocked_list')).toEqual([dave.id, carol.id, bob.id]);
      expect(await alice.fails('POST /roster/block', { user_id: erin.id })).toBe('tooManyBlocked');
      expect(await alice.does('DELETE /roster/unblock', { user_id: carol.id })).toBe(true);
      expect(await alice.does('POST /roster/unblock', { user_id: carol.id })).toBe(true);
      expect(await alice.does('GET /roster/blocked_list')).toEqual([dave.id, bob.id]);
      expect(await alice.does('POST /roster/block', { user_id: erin.id })).toBe(true);
      expect(await bob.does('GET /roster/blocked_list')).toEqual([]);
    },
    { limits: { blocked: 3 } },
  );

  story('a block ends no friendship but hides it', async (given) => {
    const [alice, bob] = (await given.users(2)) as [Person, Person];
    await alice.does('POST /roster/apply', { user_id: bob.id, alias: 'Bobby' });
    await alice.does('POST /roster/block', { user_id: bob.id });
    expect(await alice.does('GET /roster/list')).toEqual([]);
    expect(await bob.does('GET /roster/list')).toEqual([alice.id]);
    expect([await relation(alice, bob), await relation(bob, alice)]).toEqual([3, 0]);
    // The own side of a hidden friend can still be changed.
    await alice.does('POST /roster/ext', { user_id: bob.id, mute_notification: true });
    await alice.does('POST /roster/unblock', { user_id: bob.id });
    expect(await alice.does('GET /roster/list')).toEqual([bob.id]);
    expect(await alice.does('GET /roster/id', { user_id: bob.id })).toMatchObject({
      relation: 0,
      alias: 'Bobby',
      mute_notification: true,
    });
    // A blocked friend who deletes is a blocked deleted friend, and then a deleted friend.
    await alice.does('POST /roster/block', { user_id: bob.id });
    await bob.does('POST /roster/delete', { user_id: alice.id });
    expect(await relation(alice, bob)).toBe(3);
    await alice.does('POST /roster/unblock', { user_id: bob.id });
    expect(await relation(alice, bob)).toBe(1);
  });

  story('requests of a blocked user look as usual and are not there', async (given) => {
    const [alice, bob] = (await given.users(2)) as [Person, Person];
    await alice.does('POST /user/authmode', { value: 1 });
    await alice.does('POST /roster/block', { user_id: bob.id });
    for (const mode of [1, 0]) {
      await alice.does('POST /user/authmode', { value: mode });
      expect(await bob.does('POST /roster/apply', { user_id: alice.id, alias: 'A', reason: 'hi' })).toBe(true);
      const rosterApplications = [{ user_id: alice.id }];
      expect(await bob.does('POST /roster/apply/batch', { rosterApplications })).toEqual({
        success: [alice.id],
        fails: [],
      });
      expect(await alice.does('GET /roster/apply/list')).toEqual([]);
      expect([await relation(alice, bob), await relation(bob, alice)]).toEqual([3, 2]);
    }
    await alice.does('POST /user/authmode', { value: 3 });
    expect(await bob.fails('POST /roster/apply', { user_id: alice.id })).toBe('friendRefused');
    // Nothing comes after the block either.
    await alice.does('POST /roster/unblock', { user_id: bob.id });
    expect(await alice.does('GET /roster/apply/list')).toEqual([]);
    expect(await alice.fails('POST /roster/accept', { user_id: bob.id })).toBe('friendRequestGone');
  });

  story('a block voids open requests in both directions (friendRequestGone)', async (given) => {
    const [alice, bob, carol] = (await given.users(3)) as [Person, Person, Person];
    for (const person of [alice, bob, carol]) await person.does('POST /user/authmode', { value: 1 });
    await bob.does('POST /roster/apply', { user_id: alice.id });
    await alice.does('POST /roster/apply', { user_id: carol.id, alias: 'C' });
    for (const { id } of [bob, carol]) await alice.does('POST /roster/block', { user_id: id });
    expect(await alice.does('GET /roster/apply/list')).toEqual([]);
    expect(await carol.does('GET /roster/apply/list')).toEqual([]);
    for (const { id } of [bob, carol]) await alice.does('POST /roster/unblock', { user_id: id });
    expect(await alice.fails('POST /roster/accept', { user_id: bob.id })).toBe('friendRequestGone');
    expect(await carol.fails('POST /roster/accept', { user_id: alice.id })).toBe('friendRequestGone');
  });

  story('a user must be unblocked before a request (blockedByActor)', async (given) => {
    const [alice, bob] = (await given.users(2)) as [Person, Person];
    await alice.does('POST /roster/block', { user_id: bob.id });
    expect(await alice.fails('POST /roster/apply', { user_id: bob.id })).toBe('blockedByActor');
    await alice.does('POST /roster/unblock', { user_id: bob.id });
    expect(await alice.does('POST /roster/apply', { user_id: bob.id })).toBe(true);
  });
});

inBothWorlds('Who may write', (story) => {
  for (const strangers of [true, false])
    story(
      `may_message knows friends, blocks and states of users; strangers: ${strangers}`,
      async (given) => {
        const people = await given.users(7);
        const [alice, friend, , blocked, former, disabled, gone] = people as [
          Person,
          Person,
          Person,
          Person,
          Person,
          Person,
          Person,
        ];
        for (const { id } of [friend, blocked, former, disabled, gone])
          await alice.does('POST /roster/apply', { user_id: id });
        await alice.does('POST /roster/block', { user_id: blocked.id });
        await former.does('POST /roster/delete', { user_id: alice.id });
        await given.admin().does('PUT /user/disable', { list: [disabled.id] });
        await given.admin({ user: gone.id }).does('POST /user/delete');
        const may = (user_id: number, roster_id: number) =>
          given.admin().does('GET /roster/may_message', { user_id, roster_id });
        const toAlice = await Promise.all([...people.map(({ id }) => id), 12345].map((id) => may(alice.id, id)));
        expect(toAlice).toEqual([true, true, strangers, false, strangers, false, false, false]);
        const byAlice = await Promise.all([...people.map(({ id }) => id), 12345].map((id) => may(id, alice.id)));
        // A block refuses what the blocked user writes only.
        expect(byAlice).toEqual([true, true, strangers, true, strangers, false, false, false]);
      },
      { limits: { strangers_may_message: strangers ? 1 : 0 } },
    );

  story('a user may ask only about messages of its own (noPermission)', async (given) => {
    const [alice, bob, carol] = (await given.users(3)) as [Person, Person, Person];
    const pair = { user_id: alice.id, roster_id: bob.id };
    expect(await alice.does('GET /roster/may_message', pair)).toBe(true);
    expect(await bob.does('GET /roster/may_message', pair)).toBe(true);
    expect(await carol.fails('GET /roster/may_message', pair)).toBe('noPermission');
    expect(await given.admin({ user: carol.id }).fails('GET /roster/may_message', pair)).toBe('noPermission');
    expect(await alice.fails('GET /roster/may_message', { user_id: alice.id })).toBe('badParameter');
  });
});
