import '../../support/cheap-hashing.ts';
import type * as crypto from 'node:crypto';
import { expect, vi } from 'vitest';
import { lockKey } from '../../../shared/data/keys.ts';
import { put, update } from '../../../shared/data/step.ts';
import { lockOf } from '../../../shared/data/user-repo.ts';
import { unlockUser } from '../../../shared/domain/app/users.ts';
import { tokenHash } from '../../../shared/domain/token.ts';
import { type Given, inThisProcess, PASSWORD, type Person } from '../../support/story.ts';

/** How often a password was hashed: the work that a caller could measure. It is counted, not done at its full cost. */
const hashed = vi.hoisted(() => ({ times: 0 }));
vi.mock('node:crypto', async (original) => {
  const real = await original<typeof crypto>();
  const scrypt = (...given: Parameters<typeof real.scrypt>) => {
    hashed.times++;
    real.scrypt(...given);
  };
  return { ...real, scrypt };
});

const WRONG = 'not the password';
const MOBILE = '4915112345';
const MINUTE = 60_000;

const login = (given: Given, path: string, body: object) =>
  given.api.call('POST', path, { app: given.app, body: { password: WRONG, ...body } });

/** As after so many failures of an account just now. */
const failed = (given: Given, account: string, times: number) =>
  given.db.write([
    put(lockKey(given.app, account), {
      fails: Array(times).fill(Date.now()),
      ...(times >= 10 && { until: Date.now() + 10 * MINUTE }),
    }),
  ]);

/** Every way to fail, each on the same account. */
const failures = (given: Given, { id, username }: Person) => [
  () => login(given, '/token/id', { user_id: id }),
  () => login(given, '/token/user', { name: username.toUpperCase() }),
  () => login(given, '/token/user', { mobile: MOBILE }),
  () => login(given, '/token/login', { login_name: username, device_guid: 'strange' }),
  () => login(given, '/token/login', { login_name: MOBILE }),
];

inThisProcess('Lock-out', (story) => {
  story('failures by id, name and number, and of signed-in devices, count on the one account', async (given) => {
    const person = await given.user();
    await person.does('PUT /user/mobile', { mobile: MOBILE });
    const known = { user_id: person.id, password: PASSWORD, device_guid: 'known' };
    expect((await login(given, '/token/id', known)).body.code).toBe(200);
    await failed(given, String(person.id), 2);
    for (const fail of failures(given, person)) expect((await fail()).body.code).toBe(10010);
    const wrong = { old_password: WRONG, new_password: PASSWORD };
    expect(await person.fails('POST /user/change_password', wrong)).toBe(10010);
    expect(await person.fails('POST /user/delete', { password: WRONG })).toBe(10010);
    const account = lockOf(given.app, String(person.id));
    expect(await given.db.read(account)).toMatchObject({ fails: { length: 9 } });
    expect(await given.db.read(account)).not.toHaveProperty('until');
    expect(await person.fails('DELETE /user/delete', { password: WRONG })).toBe(10010);

    // Locked: by any name, the right password too; a device that logged in before is spared, a strange one is not.
    for (const body of [{ user_id: person.id }, { user_id: person.id, device_guid: 'strange' }])
      expect((await login(given, '/token/id', { ...body, password: PASSWORD })).body.code).toBe(10010);
    expect((await login(given, '/token/user', { mobile: MOBILE, password: PASSWORD })).body.code).toBe(10010);
    // Nor is anybody signed out by it.
    expect((await person.asks('GET /user/profile')).body.code).toBe(200);
    expect((await login(given, '/token/id', known)).body.code).toBe(200);
    // The success cleared the count.
    expect((await login(given, '/token/id', { user_id: person.id, password: PASSWORD })).body.code).toBe(200);
  });

  story('a device registered for push only has not logged in before', async (given) => {
    const registered = { username: 'pusher', password: PASSWORD, device_guid: 'phone' };
    const { user_id } = await given.nobody.does('POST /user/register/push', registered);
    await failed(given, String(user_id), 9);
    await login(given, '/token/id', { user_id });
    const right = { user_id, password: PASSWORD, device_guid: 'phone' };
    expect((await login(given, '/token/id', right)).body.code).toBe(10010);
    await unlockUser(given.world.table, given.app, 'pusher');
    expect((await login(given, '/token/id', right)).body.code).toBe(200);
  });

  story('ends by an operator, or after ten minutes', async (given) => {
    const person = await given.user();
    const right = { user_id: person.id, password: PASSWORD };
    const lock = async () => {
      await failed(given, String(person.id), 9);
      await login(given, '/token/id', { user_id: person.id });
      expect((await login(given, '/token/id', right)).body.code).toBe(10010);
    };
    await lock();
    const { lock: forgotten } = await unlockUser(given.world.table, given.app, person.username);
    expect(forgotten?.fails).toHaveLength(10);
    expect((await login(given, '/token/id', right)).body.code).toBe(200);
    await lock();
    const at = Date.now() - 10 * MINUTE - 1;
    const past = { fails: Array(10).fill(at), until: at + 10 * MINUTE };
    await given.db.write([update(lockKey(given.app, String(person.id)), { set: past })]);
    expect((await login(given, '/token/id', { user_id: person.id })).body.code).toBe(10010);
    expect((await login(given, '/token/id', right)).body.code).toBe(200);
  });

  story('who exists is not told: same answer, same trips, same work, locked or not', async (given) => {
    const person = await given.user();
    await person.does('PUT /user/mobile', { mobile: MOBILE });
    for (const [path, known, unknown] of [
      ['/token/user', { name: person.username }, { name: 'nobody_here' }],
      ['/token/user', { mobile: MOBILE }, { mobile: '4900000000' }],
      ['/token/login', { login_name: person.username }, { login_name: 'nobody_either' }],
      ['/token/id', { user_id: person.id }, { user_id: person.id === 7 ? 8 : 7 }],
    ] as const) {
      const accounts = [
        String(person.id),
        'user_id' in unknown ? String(unknown.user_id) : tokenHash(Object.values(unknown)[0]!),
      ];
      for (const times of [0, 10]) {
        for (const account of accounts) await failed(given, account, times);
        const [one, other] = [await measured(given, path, known), await measured(given, path, unknown)];
        expect(one).toEqual(other);
        const message = times < 10 ? 'wrong name or password' : 'too many failed logins: try again in some minutes';
        expect(one).toMatchObject({ status: 200, code: 10010, hashed: 1, message });
      }
    }
  });
});

inThisProcess('Hashing', (story) => {
  story('of a batch is for admins only, and for names that are free', async (given) => {
    const person = await given.user();
    const list = ['free', person.username, 'maxim'].map((username) => ({ username, password: PASSWORD }));
    const hashes = async (token: string) => {
      const before = hashed.times;
      const { body } = await given.api.call('POST', '/user/register/batch', { app: given.app, token, body: { list } });
      return { code: body.code, hashes: hashed.times - before };
    };
    expect(await hashes(person.token)).toEqual({ code: 10010, hashes: 0 });
    expect(await hashes('a1.forged')).toEqual({ code: 10008, hashes: 0 });
    expect(await hashes(given.adminToken)).toEqual({ code: 200, hashes: 1 });
  });
});

async function measured(given: Given, path: string, body: object) {
  const before = hashed.times;
  const { body: answer, log, status } = await login(given, path, body);
  const { code, message } = answer;
  return { status, code, message, trips: log?.trips, written: log?.write_units, hashed: hashed.times - before };
}
