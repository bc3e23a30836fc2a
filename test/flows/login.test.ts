import { describe, expect } from 'vitest';
import { tokenHash } from '../../shared/call/token.ts';
import { devicesOf } from '../../shared/data/device-repo.ts';
import { lockOf } from '../../shared/data/lock-repo.ts';
import * as schema from '../../shared/data/schema.ts';
import { put, update } from '../../shared/data/step.ts';
import { codeOf } from '../support/api.ts';
import { type Given, inBothWorlds, inThisProcess, PASSWORD, type Person } from '../support/story.ts';

const WRONG = 'not the password';
const MINUTES = 60_000;

const profile = async (given: Given, token: string) =>
  (await given.api.call('GET', '/user/profile', { app: given.app, token })).outcome;

describe('Logging in', () => {
  inBothWorlds('Logins by name, mobile number and id', (story) => {
    story('a user logs in by name, by mobile number and by id', async (given) => {
      const { id, username } = await given.user('alice');
      await given.setUser(id, { mobile: '+491234567' });
      await given.db.write([put(schema.mobile.key(given.app, '+491234567'), { user: id })]);
      const sessions = [
        await given.nobody.does('POST /token/user', { name: username, password: PASSWORD }),
        await given.nobody.does('POST /token/user', { name: ` ${username.toUpperCase()} `, password: PASSWORD }),
        await given.nobody.does('POST /token/user', { name: '', mobile: '+491234567', password: PASSWORD }),
        await given.nobody.does('POST /token/login', { login_name: username, password: PASSWORD }),
        await given.nobody.does('POST /token/login', { login_name: '+491234567', password: PASSWORD }),
        await given.nobody.does('POST /token/id', { user_id: String(id), password: PASSWORD }),
      ];
      for (const session of sessions) {
        expect(session).toMatchObject({
          user_id: id,
          push_token: '',
          encrypt_type: 0,
          public_key: '',
          access_key_secret: null,
          store_token: null,
        });
        const life = session.expire - Date.now() / 1000;
        expect(life).toBeGreaterThan(2_592_000 - 60);
        expect(life).toBeLessThanOrEqual(2_592_000);
        expect(await profile(given, session.token)).toBe('success');
      }
      // Each login without a device_guid is a new device, so all sessions stay valid.
      expect(new Set(sessions.map(({ token }) => token)).size).toBe(6);
    });

    story('a login on the same device keeps the push token and ends the older session (loginAgain)', async (given) => {
      const { id } = await given.user();
      const login = (device_guid: string) =>
        given.nobody.does('POST /token/id', { user_id: id, password: PASSWORD, device_guid });
      const first = await login('phone');
      const other = await login('tablet');
      const second = await login('phone');
      expect(first.push_token).not.toBe('');
      expect(second.push_token).toBe(first.push_token);
      expect(other.push_token).not.toBe(first.push_token);
      expect(await profile(given, first.token)).toBe('loginAgain');
      expect(await profile(given, second.token)).toBe('success');
      expect(await profile(given, other.token)).toBe('success');
    });

    story('a wrong name, a wrong password and a wrong id get the same answer (noPermission)', async (given) => {
      const { id, username } = await given.user();
      const answers = [
        await given.nobody.asks('POST /token/user', { name: username, password: WRONG }),
        await given.nobody.asks('POST /token/user', { name: 'nobody_has_it', password: PASSWORD }),
        await given.nobody.asks('POST /token/user', { mobile: '12345678', password: PASSWORD }),
        await given.nobody.asks('POST /token/login', { login_name: 'nobody_has_it', password: PASSWORD }),
        await given.nobody.asks('POST /token/login', { login_name: '', password: PASSWORD }),
        await given.nobody.asks('POST /token/id', { user_id: id, password: '' }),
        await given.nobody.asks('POST /token/id', { user_id: id === 1 ? 2 : 1, password: PASSWORD }),
      ];
      for (const { status, body } of answers) {
        expect(status).toBe(200);
        expect(body).toEqual({
          code: codeOf('noPermission'),
          message: 'Operation rejected: wrong name or password',
          data: null,
        });
      }
    });

    story('a login name that nobody could have is answered as an unknown one (noPermission)', async (given) => {
      // The first becomes 4,608 characters in NFKC, longer than any key may be.
      for (const name of ['\ufdfa'.repeat(256), 'n'.repeat(256), 'a#b', '\ud800', '\u0000', 'ma\u0131n'])
        expect((await given.nobody.asks('POST /token/login', { login_name: name, password: PASSWORD })).body).toEqual({
          code: codeOf('noPermission'),
          message: 'Operation rejected: wrong name or password',
          data: null,
        });
      const list = ['x'.repeat(3000), 'A'.repeat(5000)].map((username) => ({ username, password: PASSWORD }));
      const refused = await given.admin().does('POST /user/register/batch', { list });
      expect(refused.map(({ reason }: { reason: string }) => reason)).toEqual(
        Array(2).fill('username: must have at most 64 characters'),
      );
    });

    story('a missing or wrong parameter of a login is named (badParameter)', async (given) => {
      const { username } = await given.user();
      for (const [path, body, field] of [
        ['/token/user', { password: PASSWORD }, 'name'],
        ['/token/user', { name: username }, 'password'],
        ['/token/user', { name: username, password: 7 }, 'password'],
        ['/token/id', { password: PASSWORD }, 'user_id'],
        ['/token/id', { user_id: 0, password: PASSWORD }, 'user_id'],
        ['/token/id', { user_id: 'x', password: PASSWORD }, 'user_id'],
        ['/token/login', { password: PASSWORD }, 'login_name'],
      ] as const) {
        const answer = await given.nobody.asks(`POST ${path}`, body);
        expect(answer.body).toMatchObject({
          code: codeOf('badParameter'),
          message: expect.stringMatching(`^${field}:`),
        });
      }
    });
  });

  inThisProcess('Locked accounts', (story) => {
    const fail = async (given: Given, who: Person, count: number) => {
      for (let n = 0; n < count; n++)
        expect(await given.nobody.fails('POST /token/id', { user_id: who.id, password: WRONG })).toBe('noPermission');
    };
    const login = (given: Given, who: Person, device_guid?: string) =>
      given.nobody.asks('POST /token/user', { name: who.username, password: PASSWORD, device_guid });

    story('ten failed logins lock out new devices, even with the right password, but no known one', async (given) => {
      const alice = await given.user();
      expect((await login(given, alice, 'phone')).outcome).toBe('success');
      await fail(given, alice, 10);
      const refused = await login(given, alice);
      expect(refused.body).toMatchObject({
        code: codeOf('noPermission'),
        message: expect.stringContaining('too many'),
      });
      expect((await login(given, alice, 'unknown')).outcome).toBe('noPermission');
      // Existing sessions stay valid.
      expect(await alice.does('GET /user/profile')).toMatchObject({ user_id: alice.id });
      expect((await login(given, alice, 'phone')).outcome).toBe('success');
      // The successful login has cleared the count.
      expect((await login(given, alice)).outcome).toBe('success');
    });

    story('nine failed logins do not lock, and a successful login clears them', async (given) => {
      const alice = await given.user();
      await fail(given, alice, 9);
      expect((await login(given, alice)).outcome).toBe('success');
      await fail(given, alice, 9);
      expect((await login(given, alice)).outcome).toBe('success');
    });

    story('failed logins older than ten minutes do not count, and a lock ends at its time', async (given) => {
      const alice = await given.user();
      const now = Date.now();
      const ttl = Math.ceil(now / 1000) + 1200;
      const lock = (item: object) =>
        given.db.write([put(schema.lock.key(given.app, String(alice.id)), { ...item, mark: 'x', ttl })]);
      await lock({ fails: Array(9).fill(now - 10 * MINUTES - 1000) });
      await fail(given, alice, 1);
      expect((await login(given, alice)).outcome).toBe('success');

      await lock({ fails: Array(10).fill(now - 10 * MINUTES - 1000), lockedUntil: now - 1000 });
      expect((await login(given, alice)).outcome).toBe('success');
      await lock({ fails: [], lockedUntil: Date.now() + MINUTES });
      expect((await login(given, alice)).outcome).toBe('noPermission');
    });

    story('an unknown login name is locked as a known one is', async (given) => {
      const attempt = () => given.nobody.asks('POST /token/login', { login_name: 'Ghost', password: WRONG });
      for (let n = 0; n < 10; n++)
        expect((await attempt()).body.message).toBe('Operation rejected: wrong name or password');
      expect((await attempt()).body.message).toContain('too many');
      expect(await given.db.read(lockOf(given.app, tokenHash('ghost')))).toMatchObject({
        lockedUntil: expect.any(Number),
      });
    });

    story('failed logins at the same moment are all counted', async (given) => {
      const alice = await given.user();
      await Promise.all(Array.from({ length: 4 }, () => fail(given, alice, 1)));
      const lock = await given.db.read(lockOf(given.app, String(alice.id)));
      expect(lock?.fails).toHaveLength(4);
    });
  });

  inThisProcess('Disabled users', (story) => {
    story('a disabled user is told so, and only with the right password', async (given) => {
      const alice = await given.user();
      await given.setUser(alice.id, { status: 'disabled' });
      const login = (password: string) => given.nobody.asks('POST /token/id', { user_id: alice.id, password });
      expect((await login(PASSWORD)).body).toMatchObject({
        code: codeOf('noPermission'),
        message: 'Operation rejected: the user is disabled',
      });
      expect((await login(WRONG)).body).toMatchObject({
        code: codeOf('noPermission'),
        message: 'Operation rejected: wrong name or password',
      });
      expect(await alice.fails('GET /user/profile')).toBe('loginAgain');
    });
  });

  inThisProcess('Devices of logins', (story) => {
    story(
      'a login beyond the limit of devices ends the device that was idle longest',
      async (given) => {
        const alice = await given.user();
        const login = async (device_guid: string) =>
          (await given.nobody.does('POST /token/id', { user_id: alice.id, password: PASSWORD, device_guid })).token;
        const phone = await login('phone');
        await given.db.write([
          update(schema.device.key(given.app, alice.id, alice.device), { set: { seen: Date.now() - MINUTES } }),
        ]);
        const tablet = await login('tablet');
        const desktop = await login('desktop');
        expect(await alice.fails('GET /user/profile')).toBe('loginAgain');
        for (const token of [phone, tablet, desktop]) expect(await profile(given, token)).toBe('success');
        // Logging in again on a known device ends no other session.
        const again = await login('tablet');
        for (const token of [phone, again, desktop]) expect(await profile(given, token)).toBe('success');
      },
      { limits: { devices: 3 } },
    );

    story('a login derives the platform from the user agent', async (given) => {
      const alice = await given.user();
      for (const [agent, platform] of [
        ['Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X)', 6],
        ['Chat/3.1 (iOS 17.2; iPhone14,3)', 1],
        ['okhttp/4.9 Android 14', 2],
        ['Chat/2.0 (Windows NT 10.0)', 3],
        ['Chat/2.0 (Macintosh; Intel Mac OS X 10_15)', 4],
        ['Chat/2.0 (X11; Linux x86_64)', 5],
        ['curl/8', 6],
      ] as const) {
        await given.api.call('POST', '/token/id', {
          app: given.app,
          headers: { 'user-agent': agent },
          body: { user_id: alice.id, password: PASSWORD, device_guid: agent },
        });
        const devices = await given.db.read(devicesOf(given.app, alice.id));
        expect(devices.find(({ guid }) => guid === agent)).toMatchObject({ agent, platform });
      }
    });
  });
});
