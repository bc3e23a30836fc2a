import { expect } from 'vitest';
import * as schema from '../../shared/data/schema.ts';
import { update } from '../../shared/data/step.ts';
import { type Given, inBothWorlds, type Person } from '../support/story.ts';

/** Requests are the examples of https://centrifugal.dev/docs/server/proxy, with ids and channels of the story. */
const CLIENT = {
  client: '9336a229-2400-4ebc-8c50-0a643d22e8a0',
  transport: 'websocket',
  protocol: 'json',
  encoding: 'json',
};

type Hook = 'connect' | 'refresh' | 'subscribe' | 'sub_refresh' | 'publish';

/** The whole body of an answer, which Centrifugo takes with status 200 alone. */
async function proxied(given: Given, hook: Hook, request: object = {}) {
  const { status, text } = await given
    .admin()
    .asks(`POST /access/centrifugo/${hook}`, { ...CLIENT, ...request } as Record<string, unknown>);
  expect(status).toBe(200);
  return JSON.parse(text);
}

/** Of a connection: with the session that Centrifugo keeps, or without. */
const of = ({ id, token }: Person, channel?: string) => ({ user: String(id), meta: { token }, channel });
const without = ({ id }: Person, channel?: string) => ({ user: String(id), channel });

/** Moves the end of a session (ms). */
const endAt = (given: Given, { id, device }: Person, expiresAt: number) =>
  given.db.write([update(schema.device.key(given.app, id, device), { set: { expiresAt } })]);

inBothWorlds("Centrifugo's proxy", (story) => {
  story('a client with the token of a live session connects until it ends', async (given) => {
    const [alice, bob] = (await given.users(2)) as [Person, Person];
    const group = await given.group(bob);
    await endAt(given, alice, 4_000_000_000_001);
    const result = { user: String(alice.id), expire_at: 4_000_000_001, meta: { token: alice.token } };
    expect(await proxied(given, 'connect', { data: { token: alice.token } })).toEqual({ result });
    expect(await proxied(given, 'connect', { token: alice.token })).toEqual({ result });
    // Of the channels that the client asks for it gets those that it may read.
    const channels = [`user:${alice.id}`, `group:${group}`, 'news'];
    expect(await proxied(given, 'connect', { token: alice.token, channels })).toEqual({
      result: { ...result, channels: [`user:${alice.id}`] },
    });
  });

  story('any other client is disconnected for good', async (given) => {
    const alice = await given.user();
    const invalid = { disconnect: { code: 4502, reason: 'invalid token' } };
    expect(await proxied(given, 'connect')).toEqual(invalid);
    expect(await proxied(given, 'connect', { data: 'text' })).toEqual(invalid);
    expect(await proxied(given, 'connect', { data: { token: 'x' } })).toEqual(invalid);
    await alice.does('POST /user/kick', { device_sn: alice.device });
    expect(await proxied(given, 'connect', { data: { token: alice.token } })).toEqual({
      disconnect: { code: 4501, reason: 'log in again' },
    });
  });

  story('a connection is refreshed as long as its session lives', async (given) => {
    const alice = await given.user();
    await endAt(given, alice, 4_000_000_000_000);
    expect(await proxied(given, 'refresh', of(alice))).toEqual({ result: { expire_at: 4_000_000_000 } });
    // Without the session only the user is looked at, who does not end by time alone.
    expect(await proxied(given, 'refresh', without(alice))).toEqual({ result: {} });
    await alice.does('POST /user/kick', { device_sn: alice.device });
    expect(await proxied(given, 'refresh', of(alice))).toEqual({ result: { expired: true } });
    await given.admin().does('PUT /user/disable', { list: [alice.id] });
    expect(await proxied(given, 'refresh', without(alice))).toEqual({ result: { expired: true } });
    expect(await proxied(given, 'refresh', { user: '' })).toEqual({ result: { expired: true } });
  });

  story('members of a group subscribe to it, users to their own channel', async (given) => {
    const [alice, bob] = (await given.users(2)) as [Person, Person];
    const group = await given.group(alice);
    await endAt(given, alice, 4_000_000_000_000);
    const subscribe = (request: object) => proxied(given, 'subscribe', request);
    expect(await subscribe(of(alice, `group:${group}`))).toEqual({ result: { expire_at: 4_000_000_000 } });
    expect(await subscribe(without(alice, `group:${group}`))).toEqual({ result: {} });
    expect(await subscribe(of(alice, `user:${alice.id}`))).toEqual({ result: { expire_at: 4_000_000_000 } });
    const refused = async (channel: string) => (await subscribe(of(bob, channel))).error;
    expect(await refused(`group:${group}`)).toEqual({ code: 1211, message: 'only group members may do this' });
    expect(await refused('group:1')).toEqual({ code: 1201, message: 'group does not exist' });
    expect(await refused(`user:${alice.id}`)).toMatchObject({ code: 1110 });
    for (const channel of ['chat:index', 'group:x', 'group:', 'channel', `group:${group}:x`])
      expect(await refused(channel), channel).toMatchObject({ code: 1102 });
    await bob.does('POST /user/kick', { device_sn: bob.device });
    expect(await subscribe(of(bob, `group:${group}`))).toEqual({ disconnect: { code: 4501, reason: 'log in again' } });
  });

  story('a subscription ends with the membership', async (given) => {
    const [alice, bob] = (await given.users(2)) as [Person, Person];
    const group_id = await given.group(alice, { members: [bob] });
    await endAt(given, bob, 4_000_000_000_000);
    const request = of(bob, `group:${group_id}`);
    expect(await proxied(given, 'sub_refresh', request)).toEqual({ result: { expire_at: 4_000_000_000 } });
    await alice.does('POST /group/kick', { group_id, user_list: [bob.id] });
    expect(await proxied(given, 'sub_refresh', request)).toEqual({ result: { expired: true } });
  });

  story('whoever may speak publishes', async (given) => {
    const [alice, bob, carol] = (await given.users(3)) as [Person, Person, Person];
    const group_id = await given.group(alice, { members: [bob, carol] });
    const publish = (who: Person, channel = `group:${group_id}`) =>
      // Nothing of a message is looked at, not even a token in it.
      proxied(given, 'publish', { ...of(who, channel), data: { input: 'hello', token: 'x' } });
    expect(await publish(bob)).toEqual({ result: {} });
    expect(await publish(bob, `user:${alice.id}`)).toEqual({ result: {} });
    await alice.does('POST /group/ban', { group_id, user_list: [bob.id], duration: 1 });
    expect(await publish(bob)).toEqual({
      error: { code: 1226, message: 'the user is banned from speaking in the group' },
    });
    await alice.does('POST /group/settings/ban_all', { group_id, duration: 1 });
    expect(await publish(carol)).toMatchObject({ error: { code: 1227 } });
    await given.admin().does('PUT /user/disable', { list: [carol.id] });
    expect(await publish(carol)).toMatchObject({ disconnect: { code: 4501 } });
    expect(await proxied(given, 'publish', { ...without(carol, `group:${group_id}`), data: {} })).toEqual({
      disconnect: { code: 4504, reason: 'user is disabled' },
    });
  });

  story(
    'a Centrifugo that is configured wrongly gets a status that it logs, and its clients try again',
    async (given) => {
      const alice = await given.user();
      const channel = `user:${alice.id}`;
      for (const hook of ['connect', 'refresh', 'subscribe', 'sub_refresh', 'publish'] as const) {
        const refused = async (token: string | undefined, body: object = of(alice, channel)) => {
          const request = { app: given.app, token, body: { ...CLIENT, ...body } };
          const answer = await given.api.call('POST', `/access/centrifugo/${hook}`, request);
          return [answer.status, JSON.parse(answer.text).error.code];
        };
        expect(await refused(undefined), hook).toEqual([401, 401]);
        expect(await refused('x'), hook).toEqual([401, 401]);
        expect(await refused(alice.token), hook).toEqual([403, 403]);
        expect(await refused(given.adminToken, { user: 1, channels: 1 }), hook).toEqual([400, 400]);
      }
    },
  );
});
