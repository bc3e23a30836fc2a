import { setTimeout as sleep } from 'node:timers/promises';
import { Webhook } from 'standardwebhooks';
import { afterEach, describe, expect, vi } from 'vitest';
import { viewOf } from '../../shared/data/operator-queries.ts';
import { holdEvents, webhooksOf } from '../../shared/data/webhook-repo.ts';
import { relay } from '../../shared/domain/event/relay.ts';
import { EVENTS } from '../../shared/environment.ts';
import type { RosterEvent } from '../../shared/events/catalogue.ts';
import { eventsAreTold, relayed } from '../support/events.ts';
import { factOf, recordOf } from '../support/feed.ts';
import { type ReceivedWebhook, startReceiver } from '../support/messaging.ts';
import { type Given, inBothWorlds, inThisProcess } from '../support/story.ts';
import { testMessaging } from '../support/world.ts';

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

async function receiver(answer?: Parameters<typeof startReceiver>[0]) {
  const started = await startReceiver(answer);
  open.push(started.close);
  return started;
}

/**
 * Until what happened has been sent. Over HTTP the stack does that; in process the test must: the relay numbers events,
 * then gets their pages, and the queue hands them out.
 */
async function delivered(given: Given, done: () => unknown): Promise<void> {
  if (given.world.conflicts) {
    await relayed(given);
    await relayed(given);
    while ((await testMessaging().deliver()) > 0) await sleep(1);
  }
  await vi.waitFor(() => expect(done()).toBe(true), { timeout: 20_000, interval: 50 });
}

const eventIn = (secret: string, { body, headers }: ReceivedWebhook): RosterEvent =>
  new Webhook(secret).verify(body, headers as Record<string, string>) as RosterEvent;

describe('Webhooks', () => {
  inBothWorlds('Sending', (story) => {
    story('an endpoint gets each event that it wants, signed, with the id and the order of the feed', async (given) => {
      await eventsAreTold(given);
      const admin = given.admin();
      const { url, received } = await receiver();
      const { endpoint_id, secret, ...made } = await admin.does('POST /event/endpoint/create', {
        url,
        types: ['group.member.removed', 'group.created'],
        description: 'moderation',
      });
      expect(endpoint_id).toMatch(/^[0-9][0-9a-f]{15}$/);
      expect(Buffer.from(secret.slice('whsec_'.length), 'base64')).toHaveLength(32);
      expect(made).toMatchObject({ url, group_id: 0, enabled: true, disabled_because: '', failing_since: 0 });
      const [alice, bob, carol] = await given.users(3);
      const people = [bob!.id, carol!.id];
      const { group_id } = await alice!.does('POST /group/create', { name: 'Friends', user_list: people });
      for (const id of people) await alice!.does('POST /group/kick', { group_id, user_list: [id] });
      await delivered(given, () => received.length === 3);
      const events = received.map((request) => eventIn(secret, request));
      expect(events.map(({ type, data }) => [type, data])).toEqual([
        ['group.created', expect.objectContaining({ group_id, name: 'Friends' })],
        ['group.member.removed', { group_id, user_id: bob!.id, reason: 'kicked', count: 2 }],
        ['group.member.removed', { group_id, user_id: carol!.id, reason: 'kicked', count: 1 }],
      ]);
      for (const [index, { headers }] of received.entries())
        expect(headers).toMatchObject({
          'webhook-id': events[index]!.id,
          'content-type': 'application/cloudevents+json; charset=utf-8',
          'user-agent': 'Roster-Webhooks/1.0',
        });
      const { data: feed } = (await admin.asks('GET /event/list', { types: 'group.created,group.member.removed' }))
        .body;
      expect(events).toEqual(feed);

      const attempts = await admin.does('GET /event/endpoint/deliveries', { endpoint_id });
      expect(attempts).toHaveLength(3);
      expect(attempts[0]).toMatchObject({
        event_id: events[2]!.id,
        sequence: events[2]!.sequence,
        attempt: 1,
        delivered: true,
        status: 204,
        error: '',
        next_attempt_at: 0,
      });
      expect(await admin.does('GET /event/endpoint/deliveries', { endpoint_id, limit: 1 })).toEqual([attempts[0]]);
      expect(await admin.does('POST /event/endpoint/delete', { endpoint_id })).toBeNull();
    });

    story('a test event arrives and says that it is one; the feed has none', async (given) => {
      const admin = given.admin();
      const { url, received } = await receiver();
      const { endpoint_id, secret } = await admin.does('POST /event/endpoint/create', { url, types: ['user.deleted'] });
      await eventsAreTold(given);
      const { event_id } = await admin.does('POST /event/endpoint/test', { endpoint_id });
      await delivered(given, () => received.length === 1);
      expect(eventIn(secret, received[0]!)).toMatchObject({
        id: event_id,
        type: 'endpoint.test',
        sequence: '0000000000000000',
        authtype: 'app',
        data: { endpoint_id },
      });
    });

    story('after a rotation both secrets verify; without a time to keep it, only the new one', async (given) => {
      await eventsAreTold(given);
      const admin = given.admin();
      const { url, received } = await receiver();
      const types = ['user.deleted'];
      const { endpoint_id, secret: first } = await admin.does('POST /event/endpoint/create', { url, types });
      const rotated = await admin.does('POST /event/endpoint/rotate', { endpoint_id });
      expect(rotated.previous_expires_at - Date.now() / 1000).toBeGreaterThan(86_000);
      await admin.does('POST /event/endpoint/test', { endpoint_id });
      await delivered(given, () => received.length === 1);
      for (const secret of [first, rotated.secret]) expect(eventIn(secret, received[0]!).type).toBe('endpoint.test');
      const last = await admin.does('POST /event/endpoint/rotate', { endpoint_id, keep_seconds: 0 });
      await admin.does('POST /event/endpoint/test', { endpoint_id });
      await delivered(given, () => received.length === 2);
      expect(eventIn(last.secret, received[1]!).type).toBe('endpoint.test');
      expect(() => eventIn(rotated.secret, received[1]!)).toThrow('No matching signature');
      // The first one keeps the time that was stated for it.
      expect(eventIn(first, received[1]!).type).toBe('endpoint.test');
    });

    story('a range of events, and a single one, can be sent again', async (given) => {
      await eventsAreTold(given);
      const admin = given.admin();
      const [alice, bob] = await given.users(2);
      const { group_id } = await alice!.does('POST /group/create', { name: 'Friends', user_list: [bob!.id] });
      await alice!.does('POST /group/kick', { group_id, user_list: [bob!.id] });
      await relayed(given);
      const { data: feed } = (await admin.asks('GET /event/list', { group_id })).body;
      const { url, received } = await receiver();
      const { endpoint_id, secret } = await admin.does('POST /event/endpoint/create', { url, group_id });
      const [from, to] = [feed[0].sequence, feed.at(-1).sequence];
      expect(await admin.does('POST /event/endpoint/redeliver', { endpoint_id, from, to })).toEqual({
        sent: feed.length,
      });
      const first = feed.length;
      await delivered(given, () => received.length >= first);
      expect(received.slice(0, first).map((request) => eventIn(secret, request))).toEqual(feed);
      expect(await admin.does('POST /event/endpoint/redeliver', { endpoint_id, sequence: to })).toEqual({ sent: 1 });
      await delivered(given, () => received.some(({ body }, index) => index >= first && body.includes(to)));
    });

    story('410 disables an endpoint: nothing more is sent until it is enabled again', async (given) => {
      await eventsAreTold(given);
      const admin = given.admin();
      let gone = true;
      const { url, received } = await receiver(() => (gone ? { status: 410, body: 'closed' } : undefined));
      const { endpoint_id } = await admin.does('POST /event/endpoint/create', { url, types: ['group.created'] });
      const alice = await given.user();
      await alice.does('POST /group/create', { name: 'One' });
      await delivered(given, () => received.length === 1);
      await vi.waitFor(async () => {
        const [endpoint] = await admin.does('GET /event/endpoint/list');
        expect(endpoint).toMatchObject({ enabled: false, disabled_because: 'gone' });
      });
      expect(await admin.does('GET /event/endpoint/deliveries', { endpoint_id })).toMatchObject([
        { status: 410, answer: 'closed', delivered: false, next_attempt_at: 0 },
      ]);
      expect(await admin.fails('POST /event/endpoint/redeliver', { endpoint_id, failed: true })).toBe('badParameter');
      expect(await admin.fails('POST /event/endpoint/test', { endpoint_id })).toBe('badParameter');
      gone = false;
      await admin.does('POST /event/endpoint/update', { endpoint_id, enabled: true });
      expect(await admin.does('POST /event/endpoint/redeliver', { endpoint_id, failed: true })).toEqual({ sent: 1 });
      await delivered(given, () => received.length === 2);
      expect(received[1]!.headers['webhook-id']).toBe(received[0]!.headers['webhook-id']);
      expect(await admin.does('POST /event/endpoint/redeliver', { endpoint_id, failed: true })).toEqual({ sent: 0 });
    });

    story(
      'an endpoint that fails once gets the event again after five seconds; a redirect is a failure',
      async (given) => {
        await eventsAreTold(given);
        const admin = given.admin();
        let calls = 0;
        const { url, received } = await receiver(() => (calls++ === 0 ? { status: 302 } : undefined));
        const { endpoint_id } = await admin.does('POST /event/endpoint/create', { url, types: ['group.created'] });
        const alice = await given.user();
        await alice.does('POST /group/create', { name: 'One' });
        await delivered(given, () => received.length === 1);
        await vi.waitFor(async () => {
          const [attempt] = await admin.does('GET /event/endpoint/deliveries', { endpoint_id });
          expect(attempt).toMatchObject({ status: 302, delivered: false, attempt: 1 });
          expect(attempt.next_attempt_at * 1000 - Date.parse(attempt.time)).toBeGreaterThanOrEqual(5000);
        });
        await vi.waitFor(async () =>
          expect((await admin.does('GET /event/endpoint/list'))[0].failing_since).toBeGreaterThan(0),
        );
        await sleep(5000);
        await delivered(given, () => received.length === 2);
        await vi.waitFor(async () => expect((await admin.does('GET /event/endpoint/list'))[0].failing_since).toBe(0));
      },
    );
  });

  inBothWorlds('Catching up', (story) => {
    story('what the queue did not take is sent from its number on, in parts, until nothing is left', async (given) => {
      await eventsAreTold(given);
      const { app, world } = given;
      const { url, received } = await receiver();
      await given.admin().does('POST /event/endpoint/create', { url, types: ['group.silenced'] });
      const view = () => viewOf(world.table);
      for (let part = 0; part < 6; part++) {
        const records = Array.from({ length: 40 }, (_, index) => {
          const group_id = 1000 + part * 40 + index;
          return recordOf(`G#${app}#${group_id}`, factOf(app, 'group.silenced', { group_id, until: -1 }));
        });
        await relay(view(), app, records);
      }
      await view().write([holdEvents(app, 'queue', 1, Date.now())]);
      for (let ended = false; !ended; ) {
        if (world.conflicts) await relayed(given);
        else await sleep(100);
        ended = (await view().read(webhooksOf(app))).held.size === 0;
      }
      await delivered(given, () => new Set(received.map(({ headers }) => headers['webhook-id'])).size === 240);
    });
  });

  inThisProcess('Managing endpoints', (story) => {
    story('a deployment without events has no feed, whatever the limits of its apps say', async (given) => {
      const admin = given.admin();
      process.env[EVENTS] = 'off';
      try {
        expect(await admin.fails('GET /event/list')).toBe('eventsGone');
        expect(await admin.fails('POST /event/endpoint/create', { url: 'https://1.1.1.1/' })).toBe('eventsGone');
      } finally {
        delete process.env[EVENTS];
      }
      expect(await admin.does('GET /event/list')).toEqual([]);
    });

    story('endpoints are changed field by field, listed without secrets, and deleted', async (given) => {
      const admin = given.admin();
      const url = 'https://1.1.1.1/hooks';
      const made = await admin.does('POST /event/endpoint/create', {
        url: `${url}#part`,
        types: 'user.*,group.created',
      });
      expect(made).toMatchObject({ url, types: ['user.*', 'group.created'] });
      const { secret, endpoint_id, ...rest } = made;
      expect(await admin.does('GET /event/endpoint/list')).toEqual([{ endpoint_id, ...rest }]);
      const changed = await admin.does('POST /event/endpoint/update', {
        endpoint_id,
        types: [],
        group_id: 77,
        enabled: false,
      });
      const { updated_at, ...same } = rest;
      expect(changed).toMatchObject({ ...same, types: [], group_id: 77, enabled: false });
      expect(changed).not.toHaveProperty('secret');
      expect(await admin.does('POST /event/endpoint/delete', { endpoint_id })).toBeNull();
      expect(await admin.does('GET /event/endpoint/list')).toEqual([]);
      for (const path of ['update', 'delete', 'rotate', 'test', 'redeliver'] as const)
        expect(await admin.fails(`POST /event/endpoint/${path}`, { endpoint_id, from: '1' })).toBe('endpointMissing');
      expect(await admin.fails('GET /event/endpoint/deliveries', { endpoint_id })).toBe('endpointMissing');
      expect(secret).not.toBe((await admin.does('POST /event/endpoint/create', { url })).secret);
    });

    story('wrong parameters are named', async (given) => {
      const admin = given.admin();
      const url = 'https://1.1.1.1/';
      for (const [parameters, message] of [
        [{}, 'url: is required'],
        [{ url: 'example' }, 'url: must be a URL'],
        [{ url: 'ftp://1.1.1.1/' }, 'url: must begin with https://'],
        [{ url: 'http://1.1.1.1/' }, 'url: must begin with https://'],
        [{ url: 'https://me:pass@1.1.1.1/' }, 'url: must contain no password'],
        [{ url: 'https://10.0.0.1/' }, 'url: must lead to a public address'],
        [{ url: 'https://[fd00:ec2::254]/' }, 'url: must lead to a public address'],
        [{ url: 'https://169.254.169.254/latest/meta-data' }, 'url: must lead to a public address'],
        [{ url: `https://1.1.1.1/${'x'.repeat(1024)}` }, 'url: must have at most 1024 characters'],
        [{ url: `https://1.1.1.1/${'é'.repeat(500)}` }, 'url: must have at most 1024 characters'],
        [{ url, types: ['group.closed'] }, 'types[0]: is no type of events, such as group.member.added or group.*'],
        [{ url, group_id: -1 }, 'group_id: must be at least 0'],
        [{ url, enabled: 'perhaps' }, 'enabled: must be true or false'],
        [{ url, description: 'x'.repeat(129) }, 'description: must have at most 128 characters'],
      ] as const) {
        const { body } = await admin.asks('POST /event/endpoint/create', parameters);
        expect([body.code, body.message]).toEqual([10002, message]);
      }
      expect((await admin.asks('POST /event/endpoint/delete', { endpoint_id: '../7' })).body.message).toBe(
        'endpoint_id: must be the id of an endpoint',
      );
      const endpoint_id = '0000000000000000';
      expect((await admin.asks('POST /event/endpoint/redeliver', { endpoint_id })).body.message).toBe(
        'from: is required',
      );
      const person = await given.user();
      expect(await person.fails('GET /event/endpoint/list')).toBe('noPermission');
    });

    story('an app has ten endpoints at most, also where several are made at once', async (given) => {
      const admin = given.admin();
      const create = () => admin.asks('POST /event/endpoint/create', { url: 'https://1.1.1.1/' });
      const outcomes = (await Promise.all(Array.from({ length: 12 }, create))).map(({ outcome }) => outcome);
      expect(outcomes.filter((outcome) => outcome === 'success')).toHaveLength(10);
      expect(outcomes.filter((outcome) => outcome === 'badParameter')).toHaveLength(2);
      const [{ endpoint_id }] = await admin.does('GET /event/endpoint/list');
      await admin.does('POST /event/endpoint/delete', { endpoint_id });
      expect((await create()).outcome).toBe('success');
    });

    story('five secrets sign at most', async (given) => {
      const admin = given.admin();
      const { endpoint_id } = await admin.does('POST /event/endpoint/create', { url: 'https://1.1.1.1/' });
      for (let nth = 0; nth < 4; nth++) await admin.does('POST /event/endpoint/rotate', { endpoint_id });
      expect(await admin.fails('POST /event/endpoint/rotate', { endpoint_id })).toBe('badParameter');
      // The one that it replaces does not stay.
      await admin.does('POST /event/endpoint/rotate', { endpoint_id, keep_seconds: 0 });
    });

    story(
      'an app without events has no endpoints',
      async (given) => {
        const admin = given.admin();
        expect(await admin.fails('POST /event/endpoint/create', { url: 'https://1.1.1.1/' })).toBe('eventsGone');
        expect(await admin.does('GET /event/endpoint/list')).toEqual([]);
      },
      { limits: { event_days: 0 } },
    );

    story('more than 100 events are sent again by several calls', async (given) => {
      await eventsAreTold(given);
      const admin = given.admin();
      const alice = await given.user();
      const group_id = await given.group(alice);
      await relayed(given);
      for (let part = 0; part < 3; part++) {
        const people = await given.users(45);
        await alice.does('POST /group/invite', { group_id, user_list: people.map(({ id }) => id) });
        await relayed(given);
      }
      const { endpoint_id } = await admin.does('POST /event/endpoint/create', {
        url: 'https://1.1.1.1/',
        types: ['group.member.added'],
      });
      let sent = 0;
      let from: string | undefined = '1';
      for (let calls = 0; from !== undefined; calls++) {
        expect(calls).toBeLessThan(20);
        const answer: { sent: number; next?: string } = await admin.does('POST /event/endpoint/redeliver', {
          endpoint_id,
          from,
        });
        expect(answer.sent).toBeLessThanOrEqual(100);
        sent += answer.sent;
        from = answer.next;
      }
      expect(sent).toBe(136);
    });
  });
});
