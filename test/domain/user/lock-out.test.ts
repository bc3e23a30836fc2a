import { expect, vi } from 'vitest';
import { tokenHash } from '../../../shared/call/token.ts';
import { documentClient } from '../../../shared/data/client.ts';
import { deviceOf, devicesOf } from '../../../shared/data/device-repo.ts';
import { lockOf } from '../../../shared/data/lock-repo.ts';
import * as schema from '../../../shared/data/schema.ts';
import { put, update } from '../../../shared/data/step.ts';
import { unlockUser } from '../../../shared/domain/app/users.ts';
import { codeOf } from '../../support/api.ts';
import { hashing } from '../../support/cheap-hashing.ts';
import { replace } from '../../support/replace.ts';
import { type Given, insisted, inThisProcess, PASSWORD, type Person } from '../../support/story.ts';

/** How often a password was hashed, which a caller could measure. It is hashed at low cost here, and counted. */
const hashed = { times: 0, gate: Promise.resolve() };
replace(hashing, 'scrypt', (cheap) => (...given) => {
  hashed.times++;
  hashed.gate.then(() => cheap(...given));
});

const WRONG = 'not the password';
const WRONG_PASSWORD = /^Operation rejected: wrong name or password$/;
const TOO_MANY = /^Operation rejected: too many failed logins/;
const MOBILE = '4915112345';
const MINUTE = 60_000;

const login = (given: Given, path: string, body: object) =>
  given.api.call('POST', path, { app: given.app, body: { password: WRONG, ...body } });

/** Sets an account to that many failures of this moment. */
const failed = (given: Given, account: string, times: number) =>
  given.db.write([
    put(schema.lock.key(given.app, account), {
      mark: 'x',
      fails: Array(times).fill(Date.now()),
      ttl: Math.ceil(Date.now() / 1000) + 1200,
      ...(times >= 10 && { lockedUntil: Date.now() + 10 * MINUTE }),
    }),
  ]);

/** Every way to fail a login, on the same account. */
const failures = (given: Given, { id, username }: Person) => [
  () => login(given, '/token/id', { user_id: id }),
  () => login(given, '/token/user', { name: username.toUpperCase() }),
  () => login(given, '/token/user', { mobile: MOBILE }),
  () => login(given, '/token/login', { login_name: username, device_guid: 'strange' }),
  () => login(given, '/token/login', { login_name: MOBILE }),
];

inThisProcess('Lock-out', (story) => {
  story('two failed logins of one millisecond are both counted, although one write is sent twice', async (given) => {
    const { id } = await given.user();
    vi.useFakeTimers({ toFake: ['Date'] });
    let puts = 0;
    const middleware = (next: (args: object) => Promise<object>) => async (args: { input: { Item?: object } }) => {
      if (args.input.Item && ++puts === 1) throw Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
      return next(args);
    };
    documentClient().middlewareStack.add(middleware as never, { step: 'initialize', name: 'reset' } as never);
    try {
      await Promise.all([1, 2].map(() => login(given, '/token/id', { user_id: id })));
    } finally {
      documentClient().middlewareStack.remove('reset');
      vi.useRealTimers();
    }
    expect((await given.db.read(lockOf(given.app, String(id))))?.fails).toHaveLength(2);
  });

  story('failures by id, name and number, and of signed-in devices, count on the same account', async (given) => {
    const person = await given.user();
    await person.does('PUT /user/mobile', { mobile: MOBILE });
    const known = { user_id: person.id, password: PASSWORD, device_guid: 'known' };
    expect((await login(given, '/token/id', known)).outcome).toBe('success');
    await failed(given, String(person.id), 2);
    for (const fail of failures(given, person)) expect((await fail()).outcome).toBe('noPermission');
    const wrong = { old_password: WRONG, new_password: PASSWORD };
    expect(await person.fails('POST /user/change_password', wrong)).toBe('noPermission');
    expect(await person.fails('POST /user/delete', { password: WRONG })).toBe('noPermission');
    const account = lockOf(given.app, String(person.id));
    expect(await given.db.read(account)).toMatchObject({ fails: { length: 9 } });
    expect(await given.db.read(account)).not.toHaveProperty('lockedUntil');
    expect(await person.fails('DELETE /user/delete', { password: WRONG })).toBe('noPermission');

    // Locked by every name, also for the right password. A known device is not locked, an unknown one is.
    for (const body of [{ user_id: person.id }, { user_id: person.id, device_guid: 'strange' }])
      expect((await login(given, '/token/id', { ...body, password: PASSWORD })).outcome).toBe('noPermission');
    expect((await login(given, '/token/user', { mobile: MOBILE, password: PASSWORD })).outcome).toBe('noPermission');
    // The lock ends no session.
    expect((await person.asks('GET /user/profile')).outcome).toBe('success');
    expect((await login(given, '/token/id', known)).outcome).toBe('success');
    // The successful login has cleared the count.
    expect((await login(given, '/token/id', { user_id: person.id, password: PASSWORD })).outcome).toBe('success');
  });

  story('a device that was registered for push only is not known as one that has logged in', async (given) => {
    const registered = { username: 'pusher', password: PASSWORD, device_guid: 'phone' };
    const { user_id } = await given.nobody.does('POST /user/register/push', registered);
    await failed(given, String(user_id), 9);
    await login(given, '/token/id', { user_id });
    const right = { user_id, password: PASSWORD, device_guid: 'phone' };
    expect((await login(given, '/token/id', right)).outcome).toBe('noPermission');
    await unlockUser(given.world.table, given.app, 'pusher');
    expect((await login(given, '/token/id', right)).outcome).toBe('success');
  });

  story('a device that has logged in before has ten failures of its own, and is refused after them', async (given) => {
    const { id } = await given.user();
    const tries = async (device_guid: string | undefined, password: string) =>
      (await login(given, '/token/id', { user_id: id, password, device_guid })).body.message;
    for (const guid of ['phone', 'tablet']) expect(await tries(guid, PASSWORD)).toBeNull();
    // Guesses from an unknown device lock unknown devices, and neither of the two.
    for (let nth = 0; nth < 10; nth++) expect(await tries(undefined, WRONG)).toMatch(WRONG_PASSWORD);
    expect(await tries('stranger', PASSWORD)).toMatch(TOO_MANY);
    for (let nth = 0; nth < 10; nth++) expect(await tries('phone', WRONG)).toMatch(WRONG_PASSWORD);
    for (const password of [WRONG, PASSWORD]) expect(await tries('phone', password)).toMatch(TOO_MANY);
    // A success clears the count of the account and of its own device, not that of another.
    expect(await tries('tablet', PASSWORD)).toBeNull();
    expect(await tries('stranger', PASSWORD)).toBeNull();
    expect(await tries('phone', PASSWORD)).toMatch(TOO_MANY);
    await unlockUser(given.world.table, given.app, String(id));
    expect(await tries('phone', PASSWORD)).toBeNull();
    for (let nth = 0; nth < 9; nth++) expect(await tries('phone', WRONG)).toMatch(WRONG_PASSWORD);
    expect(await tries('phone', PASSWORD)).toBeNull();
    for (const { fails } of await given.db.read(devicesOf(given.app, id))) expect(fails).toBeUndefined();
  });

  story('failures of a device that are older than ten minutes do not count', async (given) => {
    const { id } = await given.user();
    const known = { user_id: id, password: PASSWORD, device_guid: 'phone' };
    await login(given, '/token/id', known);
    const devices = await given.db.read(devicesOf(given.app, id));
    const { sn } = devices.find(({ guid }) => guid === 'phone')!;
    const failed = (at: number) =>
      given.db.write([update(schema.device.key(given.app, id, sn), { set: { fails: Array(10).fill(at) } })]);
    await failed(Date.now() - 10 * MINUTE + 5000);
    expect((await login(given, '/token/id', known)).body.message).toMatch(TOO_MANY);
    await failed(Date.now() - 10 * MINUTE - 1);
    expect((await login(given, '/token/id', { ...known, password: WRONG })).body.message).toMatch(WRONG_PASSWORD);
    expect((await given.db.read(deviceOf(given.app, id, sn)))?.fails).toHaveLength(1);
    expect((await login(given, '/token/id', known)).outcome).toBe('success');
  });

  story('a signed-in device is refused after ten wrong passwords of its own', async (given) => {
    const person = await given.user();
    const other = await given.session({ user: person.id, username: person.username });
    const change = { old_password: PASSWORD, new_password: PASSWORD };
    for (let nth = 0; nth < 5; nth++) {
      const wrong = { ...change, old_password: WRONG };
      expect((await person.asks('POST /user/change_password', wrong)).body.message).toBe(
        'old_password: wrong password',
      );
      expect((await person.asks('POST /user/delete', { password: WRONG })).body.message).toBe(
        'password: wrong password',
      );
    }
    for (const [call, right] of [
      ['POST /user/change_password', change],
      ['POST /user/delete', { password: PASSWORD }],
    ] as const)
      expect((await person.asks(call, right)).body).toMatchObject({
        code: codeOf('noPermission'),
        message: expect.stringContaining('too many wrong passwords'),
      });
    // The device may do everything else, and another device of the user may do this too.
    expect((await person.asks('GET /user/profile')).outcome).toBe('success');
    expect((await other.asks('POST /user/change_password', change)).outcome).toBe('success');
  });

  story('of many simultaneous guesses from one known device only ten are checked', async (given) => {
    const person = await given.user();
    const known = { user_id: person.id, device_guid: 'phone' };
    await login(given, '/token/id', { ...known, password: PASSWORD });
    const guesses = [
      ...Array(25).fill(() => login(given, '/token/id', known)),
      ...Array(25).fill(() => person.asks('POST /user/change_password', { old_password: WRONG, new_password: WRONG })),
    ].map((guess) => () => insisted(guess));
    // All have read the counts before the first is written.
    const before = hashed.times;
    hashed.gate = vi.waitFor(() => expect(hashed.times - before).toBe(guesses.length), { timeout: 10_000 });
    const messages = (await given.race(...guesses)).map(({ body }) => body.message ?? '');
    const heard = (of: string[]) =>
      of.filter((message) => message.includes('wrong name') || message.endsWith('wrong password'));
    expect(heard(messages.slice(0, 25))).toHaveLength(10);
    expect(heard(messages.slice(25))).toHaveLength(10);
    expect(messages.filter((message) => message.includes('too many'))).toHaveLength(30);
    expect((await login(given, '/token/id', { ...known, password: PASSWORD })).body.message).toMatch(TOO_MANY);
  });

  story('a right password is refused if the tenth wrong one was counted after the check began', async (given) => {
    const person = await given.user();
    const known = { user_id: person.id, device_guid: 'phone', password: PASSWORD };
    await login(given, '/token/id', known);
    const phone = (await given.db.read(devicesOf(given.app, person.id))).find(({ guid }) => guid === 'phone')!;
    for (const [device, guess] of [
      [phone.sn, () => login(given, '/token/id', known)],
      [
        person.device,
        () => person.asks('POST /user/change_password', { old_password: PASSWORD, new_password: PASSWORD }),
      ],
      [person.device, () => person.asks('POST /user/delete', { password: PASSWORD })],
    ] as const) {
      const count = (fails: number[]) =>
        given.db.write([update(schema.device.key(given.app, person.id, device), { set: { fails } })]);
      await count(Array(9).fill(Date.now()));
      const before = hashed.times;
      const { promise, resolve } = Promise.withResolvers<void>();
      hashed.gate = promise;
      const guessed = guess();
      await vi.waitFor(() => expect(hashed.times).toBe(before + 1));
      await count(Array(10).fill(Date.now()));
      resolve();
      expect((await guessed).body).toMatchObject({
        code: codeOf('noPermission'),
        message: expect.stringContaining('too many'),
      });
    }
  });

  story('failed logins from unknown devices store no devices', async (given) => {
    const { id } = await given.user();
    for (let nth = 0; nth < 12; nth++) await login(given, '/token/id', { user_id: id, device_guid: `unknown ${nth}` });
    expect(await given.db.read(devicesOf(given.app, id))).toHaveLength(1);
    const lock = await given.db.read(lockOf(given.app, String(id)));
    expect(Object.keys(lock ?? {}).sort()).toEqual(['fails', 'lockedUntil', 'mark', 'pk', 'sk', 'ttl']);
    expect(lock?.fails).toHaveLength(10);
  });

  story("a lock-out ends by an operator's command, or after ten minutes", async (given) => {
    const person = await given.user();
    const right = { user_id: person.id, password: PASSWORD };
    const lock = async () => {
      await failed(given, String(person.id), 9);
      await login(given, '/token/id', { user_id: person.id });
      expect((await login(given, '/token/id', right)).outcome).toBe('noPermission');
    };
    await lock();
    const { lock: forgotten } = await unlockUser(given.world.table, given.app, person.username);
    expect(forgotten?.fails).toHaveLength(10);
    expect((await login(given, '/token/id', right)).outcome).toBe('success');
    await lock();
    const at = Date.now() - 10 * MINUTE - 1;
    const past = { mark: 'x', fails: Array(10).fill(at), lockedUntil: at + 10 * MINUTE };
    await given.db.write([update(schema.lock.key(given.app, String(person.id)), { set: past })]);
    expect((await login(given, '/token/id', { user_id: person.id })).outcome).toBe('noPermission');
    expect((await login(given, '/token/id', right)).outcome).toBe('success');
  });

  story('a login does not reveal by answer, round trips or work whether an account exists', async (given) => {
    const person = await given.user();
    await person.does('PUT /user/mobile', { mobile: MOBILE });
    // A user whose id does not follow from its name, and a free name from which the id of a user follows.
    const renamed = await given.user();
    await renamed.does('PUT /user/username', { username: 'another_name' });
    for (const [path, known, unknown] of [
      ['/token/user', { name: person.username }, { name: 'nobody_here' }],
      ['/token/user', { name: 'another_name', id: renamed.id }, { name: 'nobody_there' }],
      ['/token/user', { name: person.username }, { name: renamed.username }],
      ['/token/user', { mobile: MOBILE }, { mobile: '4900000000' }],
      ['/token/login', { login_name: person.username }, { login_name: 'nobody_either' }],
      ['/token/id', { user_id: person.id }, { user_id: person.id === 7 ? 8 : 7 }],
    ] as const) {
      const accounts = [
        String('id' in known ? known.id : person.id),
        'user_id' in unknown ? String(unknown.user_id) : tokenHash(Object.values(unknown)[0]!),
      ];
      for (const times of [0, 10]) {
        for (const account of accounts) await failed(given, account, times);
        const [one, other] = [await measured(given, path, known), await measured(given, path, unknown)];
        expect(one).toEqual(other);
        const message = expect.stringMatching(times < 10 ? WRONG_PASSWORD : TOO_MANY);
        expect(one).toMatchObject({ status: 200, outcome: 'noPermission', hashed: 1, message });
        // Nor whether a password is right, while it does not count.
        if (times === 10) expect(await measured(given, path, { ...known, password: PASSWORD })).toEqual(one);
      }
    }
  });
});

inThisProcess('Password hashing in batches', (story) => {
  story('a batch hashes passwords for admins only, and only for names that are free', async (given) => {
    const person = await given.user();
    const list = ['free', person.username, 'maxim'].map((username) => ({ username, password: PASSWORD }));
    const hashes = async (token: string) => {
      const before = hashed.times;
      const { outcome } = await given.api.call('POST', '/user/register/batch', {
        app: given.app,
        token,
        body: { list },
      });
      return { outcome, hashes: hashed.times - before };
    };
    expect(await hashes(person.token)).toEqual({ outcome: 'noPermission', hashes: 0 });
    expect(await hashes('a1.forged')).toEqual({ outcome: 'badToken', hashes: 0 });
    expect(await hashes(given.adminToken)).toEqual({ outcome: 'success', hashes: 1 });
  });
});

async function measured(given: Given, path: string, body: object) {
  const before = hashed.times;
  const answer = await login(given, path, body);
  const { outcome, log, status } = answer;
  const { message } = answer.body;
  return { status, outcome, message, trips: log?.trips, written: log?.write_units, hashed: hashed.times - before };
}
