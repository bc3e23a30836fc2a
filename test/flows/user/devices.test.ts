import { describe, expect } from 'vitest';
import { tokenHash } from '../../../shared/call/token.ts';
import { deviceOf, pushTokenOf } from '../../../shared/data/device-repo.ts';
import * as schema from '../../../shared/data/schema.ts';
import { update } from '../../../shared/data/step.ts';
import type { UserId } from '../../../shared/ids.ts';
import { codeOf } from '../../support/api.ts';
import { type Given, inBothWorlds, inThisProcess, PASSWORD, Person } from '../../support/story.ts';

const MINUTE = 60_000;

/** A login as clients make it; `agent` is the user agent. */
async function login(given: Given, { id, username }: Person, guid?: string, agent = 'Chat/1.0'): Promise<Person> {
  const { body } = await given.api.call('POST', '/token/id', {
    app: given.app,
    headers: { 'user-agent': agent },
    body: { user_id: id, password: PASSWORD, device_guid: guid },
  });
  expect(body.code, body.message ?? '').toBe(200);
  const device = Number.parseInt(body.data.token.split('.')[2], 36);
  return new Person(given.api, given.app, { id, username, device, token: body.data.token });
}

interface Listed {
  device_sn: number;
  platform: number;
  user_agent: string;
  user_id: number;
}
const listed = async (person: Person): Promise<Listed[]> => person.does('GET /user/device/list');
const numbers = async (person: Person) => (await listed(person)).map(({ device_sn }) => device_sn);

/** Moves the last call of a device to the past. */
const idle = (given: Given, user: UserId, sn: number, ms: number) =>
  given.db.write([update(schema.device.key(given.app, user, sn), { set: { seen: Date.now() - ms } })]);

const bind = (sn: number, device_token: string, notifier_name = 'apns') => ({
  device_sn: sn,
  device_token,
  notifier_name,
});

describe('Devices', () => {
  inBothWorlds('Devices of a user', (story) => {
    story('devices come with logins, and end by a kick, a removal or a sign-out of all (loginAgain)', async (given) => {
      const first = await given.user();
      const phone = await login(given, first, 'phone', 'Chat/3.1 (iOS 17.2; iPhone14,3)');
      const again = await login(given, first, 'phone', 'Chat/3.2 (iOS 17.4; iPhone14,3)');
      const other = await login(given, first);
      const another = await login(given, first);
      expect(again.device).toBe(phone.device);
      expect(await phone.fails('GET /user/device/list')).toBe('loginAgain');
      expect(await listed(again)).toEqual([
        { device_sn: first.device, platform: 6, user_agent: '', user_id: first.id },
        { device_sn: phone.device, platform: 1, user_agent: 'Chat/3.2 (iOS 17.4; iPhone14,3)', user_id: first.id },
        { device_sn: other.device, platform: 6, user_agent: 'Chat/1.0', user_id: first.id },
        { device_sn: another.device, platform: 6, user_agent: 'Chat/1.0', user_id: first.id },
      ]);

      // A kicked device is signed out at once, and stays in the list.
      expect(await other.does('PUT /user/kick', { device_sn: again.device })).toBe(true);
      expect(await again.fails('GET /user/profile')).toBe('loginAgain');
      expect(await other.does('POST /user/kick', { device_sn: again.device })).toBe(true);
      expect(await numbers(other)).toContain(again.device);

      // A removed device is signed out at once, and leaves the list. Removing it again succeeds.
      expect(await other.does('DELETE /user/device/remove', { device_sn: another.device })).toBe(true);
      expect(await another.fails('GET /user/profile')).toBe('loginAgain');
      expect(await other.does('POST /user/device/remove', { device_sn: another.device })).toBe(true);
      expect(await numbers(other)).not.toContain(another.device);

      // A kick without a device signs out all, also the caller's.
      expect(await other.does('POST /user/kick')).toBe(true);
      for (const person of [first, again, other]) expect(await person.fails('GET /user/profile')).toBe('loginAgain');
      const back = await login(given, first, 'phone');
      expect(back.device).toBe(phone.device);
      expect(await numbers(back)).toEqual([first.device, phone.device, other.device]);
    });

    story('a push token belongs to the device that bound it last', async (given) => {
      const one = await given.user();
      const other = await given.user();
      expect(await one.does('PUT /user/token/bind', bind(one.device, 't1'))).toBe(true);
      expect(await other.does('POST /user/token/bind', bind(other.device, 't1', 'fcm'))).toBe(true);
      const held = (person: Person) => given.db.read(deviceOf(given.app, person.id, person.device));
      expect(await held(one)).not.toHaveProperty('device_token');
      expect(await held(one)).not.toHaveProperty('notifier');
      expect(await held(other)).toMatchObject({ device_token: 't1', notifier: 'fcm' });
      expect(await one.does('DELETE /user/token/unbind', { deviceSn: one.device })).toEqual({});
      expect(await other.does('POST /user/token/unbind', { device_sn: other.device })).toEqual({});
      expect(await held(other)).not.toHaveProperty('device_token');
      expect(await given.db.read(pushTokenOf(given.app, tokenHash('t1')))).toBeUndefined();
    });
  });

  inThisProcess('Unknown devices', (story) => {
    story('an unknown device is refused with the name of the parameter (badParameter)', async (given) => {
      const one = await given.user();
      const other = await given.user();
      for (const sn of [1, other.device]) {
        const answers = [
          await one.asks('PUT /user/kick', { device_sn: sn }),
          await one.asks('PUT /user/token/bind', bind(sn, 't')),
          await one.asks('POST /user/token/unbind', { device_sn: sn }),
        ];
        for (const { body } of answers)
          expect(body).toMatchObject({ code: codeOf('badParameter'), message: 'device_sn: no such device' });
        const { body } = await one.asks('DELETE /user/token/unbind', { deviceSn: sn });
        expect(body).toMatchObject({ code: codeOf('badParameter'), message: 'deviceSn: no such device' });
        expect(await one.does('POST /user/device/remove', { device_sn: sn })).toBe(true);
      }
      expect(await other.does('GET /user/profile')).toMatchObject({ user_id: other.id });
      for (const wrong of [{}, { deviceSn: 'x' }, { deviceSn: 0 }]) {
        const { body } = await one.asks('POST /user/token/unbind', wrong);
        expect(body).toMatchObject({ code: codeOf('badParameter'), message: expect.stringMatching(/^deviceSn: /) });
      }
      for (const missing of ['device_sn', 'device_token', 'notifier_name']) {
        const { body } = await one.asks('PUT /user/token/bind', { ...bind(one.device, 't'), [missing]: undefined });
        expect(body).toMatchObject({ code: codeOf('badParameter'), message: `${missing}: is required` });
      }
    });

    story('the device in the query wins over the device in the body', async (given) => {
      const one = await given.user();
      const second = await given.session({ user: one.id, username: one.username });
      await second.does('PUT /user/token/bind', bind(second.device, 't'));
      for (const [path, parameter] of [
        ['/user/token/unbind', 'deviceSn'],
        ['/user/kick', 'device_sn'],
        ['/user/device/remove', 'device_sn'],
      ] as const) {
        const { body } = await given.api.call('POST', path, {
          app: given.app,
          token: one.token,
          query: { [parameter]: second.device },
          body: { [parameter]: one.device },
        });
        expect(body.code, path).toBe(200);
      }
      expect(await numbers(one)).toEqual([one.device]);
    });
  });

  inThisProcess('Push tokens', (story) => {
    story('a push token can be bound again, replaced, and moved to another device', async (given) => {
      const one = await given.user();
      const second = await given.session({ user: one.id, username: one.username });
      const holder = (token: string) => given.db.read(pushTokenOf(given.app, tokenHash(token)));
      await one.does('PUT /user/token/bind', bind(one.device, 't1'));
      await one.does('PUT /user/token/bind', bind(one.device, 't1', 'fcm'));
      expect(await given.db.read(deviceOf(given.app, one.id, one.device))).toMatchObject({ notifier: 'fcm' });
      await one.does('PUT /user/token/bind', bind(one.device, 't2'));
      expect(await holder('t1')).toBeUndefined();
      // The token moves to another device of the user.
      await one.does('PUT /user/token/bind', bind(second.device, 't2'));
      expect(await holder('t2')).toMatchObject({ user: one.id, sn: second.device });
      expect(await given.db.read(deviceOf(given.app, one.id, one.device))).not.toHaveProperty('device_token');
      // The item of the push token is removed with its device.
      await one.does('POST /user/device/remove', { device_sn: second.device });
      expect(await holder('t2')).toBeUndefined();
    });

    story('of ten devices that bind one push token at once one has it', async (given) => {
      const people = await given.users(10);
      await given.race(...people.map((person) => () => person.does('PUT /user/token/bind', bind(person.device, 't'))));
      const devices = await given.db.read(people.map(({ id, device }) => deviceOf(given.app, id, device)));
      const holders = devices.filter((device) => device?.device_token === 't');
      expect(holders).toHaveLength(1);
      expect(await given.db.read(pushTokenOf(given.app, tokenHash('t')))).toMatchObject({ sn: holders[0]?.sn });
    });

    story(
      'a login beyond the limit removes the device that was idle longest, with its push token',
      async (given) => {
        const first = await given.user();
        const second = await given.session({ user: first.id, username: first.username });
        const third = await given.session({ user: first.id, username: first.username });
        await second.does('PUT /user/token/bind', bind(second.device, 'idle'));
        await idle(given, first.id, first.device, MINUTE);
        await idle(given, first.id, second.device, 3 * MINUTE);
        await idle(given, first.id, third.device, 2 * MINUTE);
        const fourth = await login(given, first, 'fourth');
        expect((await numbers(fourth)).toSorted()).toEqual([first.device, third.device, fourth.device].toSorted());
        expect(await second.fails('GET /user/profile')).toBe('loginAgain');
        expect(await given.db.read(pushTokenOf(given.app, tokenHash('idle')))).toBeUndefined();
        // A known device takes the place of no other.
        await login(given, first, 'fourth');
        expect(await first.does('GET /user/device/list')).toHaveLength(3);
      },
      { limits: { devices: 3 } },
    );

    story('a user has at most twenty devices by default', async (given) => {
      const first = await given.user();
      const sessions = [first];
      for (let n = 1; n < 20; n++) sessions.push(await given.session({ user: first.id, username: first.username }));
      for (const [n, { device }] of sessions.entries()) await idle(given, first.id, device, (n + 1) * 1000);
      const added = await login(given, first);
      expect(await numbers(added)).toHaveLength(20);
      expect(await sessions[19]!.fails('GET /user/profile')).toBe('loginAgain');
      expect(await sessions[18]!.does('GET /user/online_status')).toEqual({ online: true });
    });
  });

  inThisProcess('Presence', (story) => {
    story('a user is online for five minutes after the last call of any session', async (given) => {
      const one = await given.user();
      const app = given.admin({ user: one.id });
      const online = async () => (await app.does('GET /user/online_status')).online;
      expect(await online()).toBe(true);
      await idle(given, one.id, one.device, 4.9 * MINUTE);
      expect(await online()).toBe(true);
      await idle(given, one.id, one.device, 5.1 * MINUTE);
      expect(await online()).toBe(false);
      expect(await one.does('GET /user/online_status')).toEqual({ online: true });
      expect(await online()).toBe(true);
      await one.does('POST /user/kick', { device_sn: one.device });
      expect(await online()).toBe(false);
      const back = await login(given, one);
      expect(await online()).toBe(true);
      await back.does('POST /user/kick');
      expect(await online()).toBe(false);
      expect(await given.admin().fails('GET /user/online_status')).toBe('badParameter');
    });

    story('presence is written by the first call after a minute, and by no call before', async (given) => {
      const one = await given.user();
      const calls = async () => {
        const { log } = await given.undisturbed(() => one.asks('GET /user/profile'));
        return { trips: log?.trips, requests: log?.requests, written: log?.write_units };
      };
      const recent = { trips: 1, requests: 1, written: 0 };
      expect(await calls()).toEqual(recent);
      await idle(given, one.id, one.device, 61_000);
      expect(await calls()).toEqual({ trips: 1, requests: 2, written: 1 });
      expect(await calls()).toEqual(recent);
      const device = await given.db.read(deviceOf(given.app, one.id, one.device));
      expect(device?.seen).toBeGreaterThan(Date.now() - MINUTE);
    });

    story('presence costs one unit more for each simultaneous call that finds it due', async (given) => {
      const one = await given.user();
      await idle(given, one.id, one.device, 61_000);
      const ask = () => one.asks('GET /user/profile');
      const answers = await given.undisturbed(() => Promise.all(Array.from({ length: 5 }, ask)));
      const written = answers.reduce((sum, { log }) => sum + log!.write_units, 0);
      const sent = answers.reduce((sum, { log }) => sum + log!.requests, 0) - answers.length;
      expect(written, 'failed conditions are charged, too').toBe(sent);
    });

    story('presence is not recorded for a session that has ended (loginAgain)', async (given) => {
      const one = await given.user();
      await one.does('POST /user/device/remove', { device_sn: one.device });
      expect(await one.fails('GET /user/profile')).toBe('loginAgain');
      expect(await given.db.read(deviceOf(given.app, one.id, one.device))).toBeUndefined();
    });
  });
});
