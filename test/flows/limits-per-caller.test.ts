import { afterEach, expect, vi } from 'vitest';
import { forgetAddresses } from '../../shared/call/address.ts';
import { chance } from '../../shared/call/chance.ts';
import { addressKey, addressUseOf } from '../../shared/data/allowance-repo.ts';
import { userOf } from '../../shared/data/user-repo.ts';
import type { AllowanceName } from '../../shared/limits.ts';
import { opsHere } from '../ops/command-line.ts';
import type { Answer } from '../support/api.ts';
import { stockForm } from '../support/files.ts';
import { type Given, inBothWorlds, inThisProcess, PASSWORD, type Person } from '../support/story.ts';

// With a limit of 30 or less, each use counts.
const { draw } = chance;
afterEach(() => {
  chance.draw = draw;
  vi.useRealTimers();
});

const userItem = async (given: Given, { id }: { id: Person['id'] }) => (await given.db.read(userOf(given.app, id)))!;

/** The seconds of a refusal, which names them twice. */
function secondsOf({ status, outcome, headers, body }: Answer, limit: AllowanceName): number {
  expect([status, outcome]).toEqual([200, 'tooManyCalls']);
  const seconds = Number(headers['retry-after']);
  expect(body.message).toBe(`too many calls: try again in ${seconds} seconds (${limit})`);
  return seconds;
}

inBothWorlds('Limits per caller', (story) => {
  story(
    'a user who makes too many calls is answered tooManyCalls with retry-after, and others are not',
    async (given) => {
      const [alice, bob] = await given.users(2);
      const call = () => alice!.asks('GET /user/profile');
      const answers: Answer[] = [];
      for (let calls = 0; calls < 4; calls++) answers.push(await call());
      expect(answers[0]!.outcome).toBe('success');
      expect(secondsOf(answers[3]!, 'calls_per_minute')).toBeGreaterThan(0);
      // On all devices, and before anything that is wrong with the call itself.
      const other = await given.session({ user: alice!.id, username: alice!.username });
      expect(await other.fails('POST /group/create', { name: 7 })).toBe('tooManyCalls');
      await bob!.does('GET /user/profile');
      // An app that acts as the user has no such limit.
      await given.admin({ user: alice!.id }).does('GET /user/profile');
    },
    { limits: { calls_per_minute: 1 } },
  );

  story(
    'invitations, applications, new groups and uploads have limits of their own',
    async (given) => {
      const [alice, bob, carol] = await given.users(3);
      const { group_id } = await alice!.does('POST /group/create', { name: 'one' });
      const refused = async (limit: AllowanceName, call: () => Promise<Answer>) => {
        const answers = [await call(), await call(), await call()];
        expect(answers[0]!.outcome).not.toBe('tooManyCalls');
        secondsOf(answers[2]!, limit);
      };
      await refused('groups_per_hour', () => alice!.asks('POST /group/create', { name: 'next' }));
      await refused('invitations_per_hour', () =>
        alice!.asks('POST /group/invite', { group_id, user_list: [bob!.id, carol!.id] }),
      );
      await refused('applications_per_hour', () => carol!.asks('POST /group/apply', { group_id, reason: '' }));
      secondsOf(await carol!.asks('POST /roster/apply', { user_id: bob!.id }), 'applications_per_hour');
      await bob!.asks('POST /group/file/upload', { group_id, name: 'a', size: 5_000_000, type: 'text/plain' });
      const upload = () => bob!.asks('POST /group/file/upload', { group_id, name: 'a', size: 1, type: 'text/plain' });
      secondsOf(await upload(), 'upload_megabytes_per_day');
      // A link takes no room, and an avatar does.
      await bob!.does('POST /group/file/upload', {
        group_id,
        name: 'a',
        size: 9,
        type: 'x/y',
        url: 'https://a.example',
      });
      secondsOf(await bob!.asks('GET /file/upload/avatar/user'), 'upload_megabytes_per_day');
      await refused('uploads_per_hour', () => carol!.asks('GET /file/upload/chat', { to_id: group_id, to_type: 2 }));
    },
    {
      limits: {
        groups_per_hour: 2,
        invitations_per_hour: 3,
        applications_per_hour: 1,
        uploads_per_hour: 1,
        upload_megabytes_per_day: 4,
      },
    },
  );

  story(
    'one address registers and fails to log in only so often',
    async (given) => {
      const { username, id } = await given.user();
      const wrong = { name: username, password: 'not the password' };
      const registered: string[] = [];
      // Over HTTP each instance of a function checks the address from its second call on.
      for (const path of ['push', 'anonymous', 'v2', 'v2', 'v2', 'v2'] as const) {
        const answer = await given.nobody.asks(`POST /user/register/${path}`, {
          username: `u${registered.length}_${Date.now()}`,
          password: PASSWORD,
        });
        registered.push(answer.outcome);
        if (answer.outcome === 'tooManyCalls') secondsOf(answer, 'registrations_per_hour');
      }
      expect(registered.at(-1)).toBe('tooManyCalls');
      expect(registered).toContain('success');
      const form = () =>
        given.api.call('POST', '/file/upload/form', {
          query: { app_id: given.app, form_sign: 'none of ours' },
          ...stockForm('text'),
        });
      const posted = [await form(), await form(), await form(), await form()];
      expect(posted[0]!.outcome).toBe('fileMissing');
      secondsOf(posted[3]!, 'form_uploads_per_hour');
      const failed = [
        await given.nobody.asks('POST /token/user', wrong),
        await given.nobody.asks('POST /token/login', { login_name: 'nobody_there', password: 'not the password' }),
        await given.nobody.asks('POST /token/id', { user_id: id, password: 'not the password' }),
      ];
      expect(failed[0]!.outcome).toBe('noPermission');
      // Even with the right password, so that no further name can be tried.
      const right = { name: username, password: PASSWORD };
      let answer = await given.nobody.asks('POST /token/user', right);
      for (let more = 0; more < 3 && answer.outcome === 'success'; more++)
        answer = await given.nobody.asks('POST /token/user', right);
      secondsOf(answer, 'failed_logins_per_hour');
    },
    { limits: { guests: 1, registrations_per_hour: 2, failed_logins_per_hour: 2, form_uploads_per_hour: 1 } },
  );
});

inThisProcess('How callers are limited', (story) => {
  story(
    'of a hundred calls at once, those that were admitted are paid by waiting',
    async (given) => {
      const alice = await given.user();
      const answers = await Promise.all(Array.from({ length: 100 }, () => alice.asks('GET /user/profile')));
      const admitted = answers.filter(({ outcome }) => outcome === 'success').length;
      const { paidCalls = 0 } = await userItem(given, alice);
      // Calls of a busy processor take time, and count as more than one for it.
      const debt = ((paidCalls - Date.now()) / 60_000 + 1) * 20;
      expect(debt).toBeGreaterThan(admitted * 0.8);
      expect(await alice.fails('GET /user/profile')).toBe('tooManyCalls');
    },
    { limits: { calls_per_minute: 20 } },
  );

  story(
    'a call that is held back reads only its proof and writes nothing, but for telling it once an hour',
    async (given) => {
      vi.useFakeTimers({ toFake: ['Date'] });
      const alice = await given.user();
      const group_id = await given.group(alice);
      await given.setUser(alice.id, { paidCalls: Date.now() + 30_500 });
      const read = () => alice.asks('GET /group/member_list', { group_id });
      const first = await read();
      expect(secondsOf(first, 'calls_per_minute')).toBe(31);
      expect(first.log).toMatchObject({ code: '10429', write_units: 1, users_held_back: 1, trips: 1 });
      const second = await read();
      expect(second.log).toMatchObject({ code: '10429', write_units: 0, trips: 1 });
      expect(second.log!.users_held_back).toBeUndefined();
      expect((await userItem(given, alice)).heldBack).toMatchObject({ limit: 'calls_per_minute' });
      vi.setSystemTime(Date.now() + 30_500);
      expect((await read()).outcome).toBe('success');
      await given.setUser(alice.id, { paidCalls: Date.now() + 7_200_000 });
      expect((await read()).log!.users_held_back).toBeUndefined();
      vi.setSystemTime(Date.now() + 3_600_001);
      const later = await given.session({ user: alice.id, username: alice.username });
      expect((await later.asks('GET /user/profile')).log!.users_held_back).toBe(1);
    },
    { limits: { calls_per_minute: 300 } },
  );

  story(
    'a count takes one unit, leaves no stamp that the stream would hand to the relay, and most calls take none',
    async (given) => {
      const alice = await given.user();
      chance.draw = () => 0.999;
      expect((await alice.asks('GET /user/profile')).log!.write_units).toBe(0);
      chance.draw = () => 0;
      expect((await alice.asks('GET /user/profile')).log).toMatchObject({ write_units: 1, trips: 1 });
      const item = await userItem(given, alice);
      expect(item).not.toHaveProperty('stamp');
      expect(item).toHaveProperty('paidCalls');
      // What is much of a limit counts however the draw falls.
      chance.draw = () => 0.999;
      const others = await given.users(20);
      const before = Date.now();
      await alice.does('POST /group/create', { name: 'g', user_list: others.map(({ id }) => id) });
      // Twenty of three hundred an hour.
      expect((await userItem(given, alice)).paidInvitations! - before + 3_600_000).toBeGreaterThanOrEqual(240_000);
      // An event of the user comes with its own stamp again.
      await alice.does('POST /user/username', { username: `renamed_${Date.now()}` });
      expect(await userItem(given, alice)).toHaveProperty('stamp');
    },
    { limits: { calls_per_minute: 300, invitations_per_hour: 300 } },
  );

  story(
    'a count that the database does not take is left out, and one that overtakes another counts too',
    async (given) => {
      const alice = await given.user();
      given.conflicts = true;
      await given.race(...Array.from({ length: 5 }, () => () => alice.asks('POST /user/nickname', { nick_name: 'x' })));
      await Promise.all(Array.from({ length: 5 }, () => alice.asks('GET /user/profile')));
      const { paidCalls = 0 } = await userItem(given, alice);
      expect(paidCalls).toBeGreaterThan(Date.now() - 60_000 + 5 * 2000);
    },
    { limits: { calls_per_minute: 30 } },
  );

  story(
    'operators see who is held back and lift it, and a limit that they set counts at once',
    async (given) => {
      const alice = await given.user();
      for (let calls = 0; calls < 6; calls++) await alice.asks('GET /user/profile');
      expect(await alice.fails('GET /user/profile')).toBe('tooManyCalls');
      const limits = ['users', 'limits', given.app, alice.username];
      const shown = await opsHere([...limits, '--json', '--table', given.world.table.name]);
      const json = JSON.parse(shown.stdout);
      expect(json).toMatchObject({ user_id: alice.id, lifted: false, reported_limit: 'calls_per_minute' });
      expect(json.limits.calls_per_minute).toMatchObject({ allowed: 5, held_until: expect.any(String) });
      expect(json.limits.groups_per_hour).toEqual({ allowed: 0, used: 0, held_until: null });
      await opsHere([...limits, '--lift', '--table', given.world.table.name]);
      await alice.does('GET /user/profile');
      expect((await userItem(given, alice)).heldBack).toBeUndefined();
    },
    { limits: { calls_per_minute: 5 } },
  );

  story(
    'an inviter has twenty invitations a day for one person, in whatever groups, also at once, and others have theirs',
    async (given) => {
      const [alice, bob, victim] = [await given.user(), await given.user(), await given.user('v', { confirm: true })];
      const groups = await Promise.all(Array.from({ length: 6 }, () => given.group(alice, { members: [bob] })));
      const invite = async (by: Person, group_id: number) =>
        (await by.does('POST /group/invite', { group_id, user_list: [victim.id] }))[0];
      const results = await Promise.all(groups.map((group) => invite(alice, group)));
      expect(results.filter(({ result }) => result === 'success')).toHaveLength(4);
      expect(results.find(({ result }) => result === 'fail')).toMatchObject({
        reason: 'at most 4 invitations of one user per day',
      });
      expect(await invite(bob, groups[0]!)).toMatchObject({ result: 'success' });
      expect((await victim.lists('GET /group/invitation_list')).length).toBe(5);
      expect(
        (
          await given.admin({ user: alice.id }).does('POST /group/invite', {
            group_id: groups[5],
            user_list: [victim.id],
          })
        )[0],
      ).toMatchObject({ result: 'success' });
      vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 86_400_000 });
      expect(await invite(await given.session({ user: alice.id, username: alice.username }), groups[0]!)).toMatchObject(
        { result: 'success' },
      );
    },
    { limits: { invitations_per_user_per_day: 4 } },
  );

  story(
    'a login counts for its user, and is refused after the right password alone',
    async (given) => {
      const alice = await given.user();
      const login = (password: string) =>
        given.nobody.asks('POST /token/user', { name: alice.username, password, device_guid: 'phone' });
      await login(PASSWORD);
      expect((await userItem(given, alice)).paidCalls).toBeGreaterThan(Date.now() - 60_000);
      await login('not the password');
      const { paidCalls } = await userItem(given, alice);
      let logins = 0;
      let last = await login(PASSWORD);
      expect((await userItem(given, alice)).paidCalls).toBeGreaterThan(paidCalls!);
      // The sixth, where less than five seconds have passed.
      for (; last.outcome === 'success' && logins < 12; logins++) last = await login(PASSWORD);
      secondsOf(last, 'calls_per_minute');
      expect((await login('not the password')).outcome).toBe('noPermission');
      expect((await userItem(given, alice)).joined).toBe(0);
    },
    { limits: { calls_per_minute: 12 } },
  );

  story(
    'an address is its prefix, is read only where the instance has met it, and is kept as a hash',
    async (given) => {
      forgetAddresses();
      const login = (address: string) =>
        given.api.call('POST', '/token/user', {
          app: given.app,
          address,
          body: { name: 'no_one', password: 'x'.repeat(9) },
        });
      // From here on the instance knows the app.
      await login('203.0.113.5');
      const first = await login('198.51.100.7');
      const second = await login('198.51.100.200');
      expect(second.log!.read_units - first.log!.read_units).toBe(1);
      const third = await login('198.51.100.1');
      expect([first, second, third].map(({ outcome }) => outcome)).toEqual([
        'noPermission',
        'noPermission',
        'tooManyCalls',
      ]);
      expect((await login('198.51.101.7')).outcome).toBe('noPermission');
      const key = addressKey(given.app, '198.51.100');
      expect(key.pk).not.toContain('198.51');
      expect(await given.db.read(addressUseOf(key))).toMatchObject({ paidFailures: expect.any(Number) });
    },
    { limits: { failed_logins_per_hour: 1 } },
  );
});
