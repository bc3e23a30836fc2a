import { expect } from 'vitest';
import { forgetCachedApps } from '../../../shared/call/app-cache.ts';
import { deviceOf } from '../../../shared/data/device-repo.ts';
import { lockOf } from '../../../shared/data/lock-repo.ts';
import { codeOf } from '../../support/api.ts';
import { type Given, inBothWorlds, inRaces, inThisProcess, PASSWORD, type Person } from '../../support/story.ts';

const NEW = 'another password';

/** A user with two more sessions. */
async function threeSessions(given: Given): Promise<[Person, Person, Person]> {
  const first = await given.user();
  const more = () => given.session({ user: first.id, username: first.username });
  return [first, await more(), await more()];
}

const outcomeOf = async (person: Person) => (await person.asks('GET /user/profile')).outcome;
const login = (given: Given, { id }: Person, password = PASSWORD) =>
  given.nobody.asks('POST /token/id', { user_id: id, password });

inBothWorlds('Tokens that end at once', (story) => {
  story('a new password ends all other sessions of the user (loginAgain)', async (given) => {
    const [first, second, third] = await threeSessions(given);
    expect(await first.does('POST /user/change_password', { old_password: PASSWORD, new_password: NEW })).toBe(true);
    expect([await outcomeOf(first), await outcomeOf(second), await outcomeOf(third)]).toEqual([
      'success',
      'loginAgain',
      'loginAgain',
    ]);
    expect((await login(given, first)).outcome).toBe('noPermission');
    expect((await login(given, first, NEW)).outcome).toBe('success');
    expect(await outcomeOf(first)).toBe('success');
  });

  story('a new password set by an admin ends all sessions of the user (loginAgain)', async (given) => {
    const [first, second, third] = await threeSessions(given);
    const app = given.admin({ user: first.id });
    expect(await app.does('POST /user/change_password_admin', { password: NEW })).toBe(true);
    expect([await outcomeOf(first), await outcomeOf(second), await outcomeOf(third)]).toEqual([
      'loginAgain',
      'loginAgain',
      'loginAgain',
    ]);
    expect((await login(given, first)).outcome).toBe('noPermission');
    expect((await login(given, first, NEW)).outcome).toBe('success');
  });

  story('disabling a user ends all sessions for good (loginAgain)', async (given) => {
    const [first, second] = await threeSessions(given);
    const bystander = await given.user();
    const list = [first.id, String(first.id)];
    expect(await given.admin().does('PUT /user/disable', { list })).toBe(true);
    expect([await outcomeOf(first), await outcomeOf(second), await outcomeOf(bystander)]).toEqual([
      'loginAgain',
      'loginAgain',
      'success',
    ]);
    expect((await login(given, first)).outcome).toBe('noPermission');
    expect(await given.admin().does('PUT /user/enable', { list })).toBe(true);
    expect([await outcomeOf(first), await outcomeOf(second)]).toEqual(['loginAgain', 'loginAgain']);
    expect((await login(given, first)).outcome).toBe('success');
  });

  story('deleting a user ends all sessions (loginAgain) and logins, and frees name and number', async (given) => {
    const [first, second] = await threeSessions(given);
    const owner = await given.user();
    const group_id = await given.group(owner);
    await first.does('PUT /user/mobile', { mobile: '4915112345' });
    expect(await first.fails('POST /user/delete', {})).toBe('badParameter');
    expect(await first.fails('DELETE /user/delete', { password: 'not this one' })).toBe('noPermission');
    expect(await first.does('DELETE /user/delete', { password: PASSWORD })).toBe(true);
    expect([await outcomeOf(first), await outcomeOf(second)]).toEqual(['loginAgain', 'loginAgain']);
    for (const [path, body] of [
      ['/token/id', { user_id: first.id }],
      ['/token/user', { name: first.username }],
      ['/token/user', { mobile: '4915112345' }],
    ] as const)
      expect(await given.nobody.fails(`POST ${path}`, { ...body, password: PASSWORD })).toBe('noPermission');
    const app = given.admin({ user: first.id });
    for (const call of ['GET /user/profile', 'POST /user/delete', 'POST /user/kick'] as const)
      expect(await app.fails(call), call).toBe('userMissing');
    expect(await given.admin().fails('PUT /user/enable', { list: [owner.id, first.id] })).toBe('userMissing');
    expect(await given.admin().fails('PUT /user/settings', { user_id: first.id, no_push: true })).toBe('userMissing');
    const [entry] = await owner.does('POST /group/invite', { group_id, user_list: [first.id], reason: '' });
    expect(entry).toMatchObject({ result: 'fail', reason: 'user does not exist' });
    // Name and number are free at once.
    await owner.does('PUT /user/username', { username: first.username.toUpperCase() });
    await owner.does('PUT /user/mobile', { mobile: '4915112345' });
  });
});

inRaces('Tokens that end during a call', (story) => {
  story('of three deletions of a user at once one succeeds, and the others are answered loginAgain', async (given) => {
    const person = await given.user();
    const erase = () => person.asks('POST /user/delete', { password: PASSWORD });
    const outcomes = (await given.race(erase, erase, erase)).map(({ outcome }) => outcome);
    expect(outcomes.toSorted()).toEqual(['loginAgain', 'loginAgain', 'success']);
  });
});

inThisProcess('Passwords', (story) => {
  story('disabling users applies to the whole list or to nobody (userMissing)', async (given) => {
    const people = await given.users(3);
    const list = people.map(({ id }) => id);
    const { body } = await given.admin().asks('PUT /user/disable', { list: [...list, 1] });
    expect(body).toMatchObject({ code: codeOf('userMissing'), message: expect.stringContaining('list') });
    for (const person of people) expect(await outcomeOf(person)).toBe('success');
    expect(await given.admin().fails('PUT /user/disable', { list: [] })).toBe('badParameter');
    expect(await given.admin().fails('PUT /user/disable', {})).toBe('badParameter');
    const most = Array.from({ length: 101 }, (_, n) => n + 1);
    expect(await given.admin().fails('PUT /user/enable', { list: most })).toBe('badParameter');
    await given.admin().does('PUT /user/disable', { list });
    for (const person of people) expect(await outcomeOf(person)).toBe('loginAgain');
  });

  story('a wrong or short password changes nothing, and a wrong one is counted', async (given) => {
    const person = await given.user();
    const change = (old_password: string, new_password: string) =>
      person.asks('POST /user/change_password', { old_password, new_password });
    expect((await change('not this one', NEW)).body).toMatchObject({
      code: codeOf('noPermission'),
      message: expect.stringMatching(/^old_password: /),
    });
    expect((await change(PASSWORD, 'short')).body).toMatchObject({
      code: codeOf('badParameter'),
      message: expect.stringMatching(/^new_password: /),
    });
    expect((await change(PASSWORD, 'x'.repeat(129))).outcome).toBe('badParameter');
    expect(await given.admin({ user: person.id }).fails('POST /user/change_password_admin', { password: 'x' })).toBe(
      'badParameter',
    );
    const lock = await given.db.read(lockOf(given.app, String(person.id)));
    expect(lock?.fails).toHaveLength(1);
    expect((await login(given, person)).outcome).toBe('success');
    expect(await given.db.read(lockOf(given.app, String(person.id)))).toBeUndefined();
  });

  story('a device that is removed while it changes the password stays removed', async (given) => {
    for (let round = 0; round < 3; round++) {
      const person = await given.user();
      const remove = () => person.asks('POST /user/device/remove', { device_sn: person.device });
      await given.race(
        () => person.asks('POST /user/change_password', { old_password: PASSWORD, new_password: NEW }),
        async () => {
          await new Promise((resolve) => setTimeout(resolve, 30));
          // A BatchGet is not atomic: it may read the user before and the device after the change.
          const answer = await remove();
          return answer.outcome === 'loginAgain' ? remove() : answer;
        },
      );
      expect(await given.db.read(deviceOf(given.app, person.id, person.device))).toBeUndefined();
    }
  });

  story('a token that an instance has cached ends when its user is disabled (loginAgain)', async (given) => {
    const person = await given.user();
    expect(await outcomeOf(person)).toBe('success');
    await given.admin().does('PUT /user/disable', { list: [person.id] });
    expect(await outcomeOf(person)).toBe('loginAgain');
    forgetCachedApps();
    expect(await outcomeOf(person)).toBe('loginAgain');
    const { outcome } = await given.api.call('GET', '/user/profile', {
      app: given.app,
      token: `${person.token.slice(0, -1)}_`,
    });
    expect(outcome).toBe('badToken');
  });
});
