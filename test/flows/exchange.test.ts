import { execFile } from 'node:child_process';
import { createHmac, createPublicKey } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import type { Context } from 'aws-lambda';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { handler } from '../../functions/background/refresh-keys.ts';
import { LOCAL_ACCOUNT, LOCAL_CREDENTIALS, LOCAL_REGION } from '../../infra/local/aws.ts';
import { refreshFunctionNameOf } from '../../infra/names.ts';
import { forgetAddresses } from '../../shared/call/address.ts';
import { forgetCachedApps } from '../../shared/call/app-cache.ts';
import { addressKey, addressUseOf } from '../../shared/data/allowance-repo.ts';
import { updateApp } from '../../shared/data/app-repo.ts';
import { identityOf } from '../../shared/data/identity-repo.ts';
import { issuerHash, issuerOf } from '../../shared/data/issuer-repo.ts';
import * as schema from '../../shared/data/schema.ts';
import { update } from '../../shared/data/step.ts';
import { userOf } from '../../shared/data/user-repo.ts';
import { removeIssuer } from '../../shared/domain/app/issuers.ts';
import { drawnUsername } from '../../shared/domain/issuer/drawn-username.ts';
import { eventsOf, inOrder, told } from '../support/events.ts';
import {
  added,
  claimsOf,
  fixedIssuer,
  newKey,
  type SigningKey,
  signToken,
  startProvider,
  unsigned,
} from '../support/issuer.ts';
import { doJobs } from '../support/jobs.ts';
import { laptopStack } from '../support/stack.ts';
import { type Given, inBothWorlds, inRaces, inThisProcess, PASSWORD } from '../support/story.ts';
import { testMessaging } from '../support/world.ts';

const run = promisify(execFile);
const EXCHANGE = 'POST /token/exchange';
const SECONDS = 1000;

let provider: Awaited<ReturnType<typeof startProvider>>;
beforeAll(async () => {
  provider = await startProvider();
});
afterAll(() => provider.close());

const exchanges = (given: Given, subject_token: string, more: object = {}) =>
  given.nobody.does(EXCHANGE, { subject_token, ...more });
const refuses = async (given: Given, subject_token: string) =>
  expect(await given.nobody.fails(EXCHANGE, { subject_token })).toBe('externalTokenRefused');
/** The issuer's keys seem to have been fetched so long ago. */
const aged = (given: Given, issuer: string, ms: number) =>
  given.db.write([update(schema.issuer.key(given.app, issuerHash(issuer)), { set: { fetchedAt: Date.now() - ms } })]);

/** What the service has asked the background for; over HTTP the stack does that itself. */
async function refreshed({ world: { conflicts } }: Given): Promise<number> {
  const asked = conflicts ? testMessaging().invoked.splice(0) : [];
  const context = { awsRequestId: 'run', getRemainingTimeInMillis: () => 60_000 } as Context;
  for (const event of asked) await handler(event, context);
  return asked.length;
}

/** The hourly run. */
async function hourPasses({ world: { conflicts } }: Given): Promise<void> {
  const context = { awsRequestId: 'run', getRemainingTimeInMillis: () => 60_000 } as Context;
  if (conflicts) return handler({ time: new Date().toISOString() }, context);
  const { eventbridge_endpoint: endpoint } = await laptopStack();
  const client = new EventBridgeClient({ endpoint, region: LOCAL_REGION, credentials: LOCAL_CREDENTIALS });
  const rule = `arn:aws:events:${LOCAL_REGION}:${LOCAL_ACCOUNT}:rule/${refreshFunctionNameOf('local')}`;
  const entry = { Source: 'aws.events', DetailType: 'Scheduled Event', Detail: '{}', Resources: [rule] };
  await client.send(new PutEventsCommand({ Entries: [entry] }));
}

describe('Own login', () => {
  inBothWorlds('Own login', (story) => {
    story(
      'a token of a real provider registers its user once, who is then the same; others are refused',
      async (given) => {
        await added(given, { issuer: provider.issuer, create: true });
        const token = await provider.token();
        const first = await exchanges(given, token, { device_guid: 'phone' });
        expect(first).toMatchObject({ encrypt_type: 0, push_token: expect.stringMatching(/./) });
        const again = await given.nobody.does(EXCHANGE, {
          subject_token: token,
          device_guid: 'phone',
          grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
          subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
        });
        expect(again).toMatchObject({ user_id: first.user_id, push_token: first.push_token });
        const me = { app: given.app, token: again.token };
        const { body } = await given.api.call('GET', '/user/identity/list', me);
        expect(body.data).toEqual([{ issuer: provider.issuer, subject: 'app', created_at: expect.any(Number) }]);
        // The known device has lost its earlier session.
        const before = await given.api.call('GET', '/user/identity/list', { app: given.app, token: first.token });
        expect(before.outcome).toBe('loginAgain');
        const profile = await given.api.call('GET', '/user/settings', me);
        expect(profile.body.code).toBe(200);
        await refuses(await given.otherApp(), token);
        await given.admin().does('PUT /user/disable', { list: [first.user_id] });
        expect(await given.nobody.fails(EXCHANGE, { subject_token: token })).toBe('noPermission');
        await removeIssuer(given.db, given.app, provider.issuer);
        await refuses(given, token);
      },
    );

    story(
      'the device limit, forms and wrong parameters are as in a login',
      async (given) => {
        const { token } = await fixedIssuer(given, { create: true });
        const sessions = [];
        for (const device_guid of ['a', 'b', 'c']) sessions.push(await exchanges(given, token('eve'), { device_guid }));
        const alive = await Promise.all(
          sessions.map(({ token }) => given.api.call('GET', '/user/identity/list', { app: given.app, token })),
        );
        expect(alive.map(({ outcome }) => outcome)).toEqual(['loginAgain', 'success', 'success']);
        const form = await given.api.call('POST', '/token/exchange', {
          app: given.app,
          headers: { 'content-type': 'application/x-www-form-urlencoded' },
          body: `subject_token=${token('eve')}&grant_type=urn:ietf:params:oauth:grant-type:token-exchange`,
        });
        expect(form.body.data.user_id).toBe(sessions[0]!.user_id);
        for (const wrong of [
          { subject_token: 1 },
          { subject_token: token('eve'), grant_type: 'password' },
          { subject_token: token('eve'), subject_token_type: 'saml' },
          {},
        ])
          expect(await given.nobody.fails(EXCHANGE, wrong)).toBe('badParameter');
      },
      { limits: { devices: 2 } },
    );

    story(
      'after a rotation, the first new token is answered 503 and makes the keys be fetched; then it logs in',
      async (given) => {
        await added(given, { issuer: provider.issuer, create: true });
        const old = await provider.token();
        provider.rotate();
        const token = await provider.token();
        // The keys were fetched just now: this is no key of the issuer.
        await refuses(given, token);
        await aged(given, provider.issuer, 90 * SECONDS);
        const answer = await given.nobody.asksOnce(EXCHANGE, { subject_token: token });
        expect([answer.status, answer.headers['retry-after']]).toEqual([503, '1']);
        await refreshed(given);
        await vi.waitFor(() => exchanges(given, token), { timeout: 10_000, interval: 100 });
        await refuses(given, old);
      },
    );

    story('every hour the keys are fetched; while that fails, those at hand stay in use', async (given) => {
      await added(given, { issuer: provider.issuer, create: true });
      const token = await provider.token();
      provider.down(true);
      try {
        await hourPasses(given);
        const error = expect.stringContaining('answers with status 500');
        const read = () => given.db.read(issuerOf(given.app, provider.issuer));
        await vi.waitFor(
          async () => expect(await read()).toMatchObject({ error, failingSince: expect.any(Number) }),
          10_000,
        );
        await exchanges(given, token);
        provider.down(false);
        provider.rotate();
        await hourPasses(given);
        await vi.waitFor(async () => expect((await read())?.error).toBeUndefined(), 10_000);
        await exchanges(given, await provider.token());
        await refuses(given, token);
      } finally {
        provider.down(false);
      }
    });

    story('an admin token binds and unbinds identities of users; each belongs to one user', async (given) => {
      const { issuer, token } = await fixedIssuer(given);
      const [alice, bob] = await given.users(2);
      const admin = given.admin();
      const of = (user: { id: number }, subject: string) => ({ user_id: user.id, issuer, subject });
      await refuses(given, token('anna'));
      expect(await alice!.fails('POST /user/identity/bind', of(alice!, 'anna'))).toBe('noPermission');
      for (let times = 0; times < 2; times++)
        expect(await admin.does('POST /user/identity/bind', of(alice!, 'anna'))).toBe(true);
      expect(await exchanges(given, token('anna'))).toMatchObject({ user_id: alice!.id });
      expect(await admin.fails('POST /user/identity/bind', of(bob!, 'anna'))).toBe('mobileTaken');
      expect(await admin.fails('POST /user/identity/bind', { ...of(bob!, 'b'), issuer: 'https://other.example' })).toBe(
        'badParameter',
      );
      expect(await admin.fails('POST /user/identity/bind', of({ id: 1 }, 'b'))).toBe('userMissing');
      expect(await admin.fails('POST /user/identity/unbind', of({ id: 1 }, 'anna'))).toBe('userMissing');
      // It is not bob's.
      expect(await admin.does('POST /user/identity/unbind', of(bob!, 'anna'))).toBe(true);
      expect(await exchanges(given, token('anna'))).toMatchObject({ user_id: alice!.id });
      expect(await admin.does('POST /user/identity/unbind', of(alice!, 'anna'))).toBe(true);
      await refuses(given, token('anna'));
      expect(await alice!.does('GET /user/identity/list')).toEqual([]);
      expect(await admin.does('POST /user/identity/bind', of(bob!, 'anna'))).toBe(true);
      expect(await exchanges(given, token('anna'))).toMatchObject({ user_id: bob!.id });
    });
  });

  inRaces('Races', (story) => {
    story('ten exchanges of one unknown user at once make one user, who gets all ten sessions', async (given) => {
      const { token } = await fixedIssuer(given, { create: true });
      const sessions = await given.race(
        ...Array.from(
          { length: 10 },
          (_, n) => () =>
            given.nobody.insists(EXCHANGE, { subject_token: token('zoe'), device_guid: `device ${n % 5}` }),
        ),
      );
      const users = new Set(sessions.map(({ body }) => body.data.user_id));
      expect(users.size).toBe(1);
    });
  });

  inThisProcess('The rules', (story) => {
    story('the example of an own issuer makes keys and signs tokens that log in', async (given) => {
      const folder = mkdtempSync(join(tmpdir(), 'roster-issuer-'));
      const example = (...args: string[]) =>
        run(process.execPath, [resolve(import.meta.dirname, '../../examples/issuer/main.ts'), ...args]);
      const file = join(folder, 'private.json');
      const { stdout: keys } = await example('keys', file);
      const issuer = 'https://login.example.com';
      await added(given, { issuer, create: true, keys });
      const { stdout: token } = await example('sign', file, issuer, 'chat', 'lisa');
      const { user_id } = await exchanges(given, token.trim());
      expect((await given.db.read(userOf(given.app, user_id)))?.username).toBe('lisa');
      rmSync(folder, { recursive: true });
    });

    story('what registers, binds, unbinds and logs in is told', async (given) => {
      const { issuer, token } = await fixedIssuer(given, { create: true });
      let user_id = 0;
      const events = await eventsOf(given, async () => {
        ({ user_id } = await exchanges(given, token('yve', { preferred_username: 'yve@example.com' })));
        await given.admin().does('POST /user/identity/bind', { user_id, issuer, subject: 'y2' });
        await given.admin().does('POST /user/identity/unbind', { user_id, issuer, subject: 'y2' });
      });
      expect(told(events)).toEqual(
        inOrder([
          ['user.created', { user_id, username: 'yve', via: issuer }],
          ['session.created', { user_id, device_sn: expect.any(Number), reason: 'login' }],
          ['user.updated', { user_id, changed: ['identities'] }],
          ['user.updated', { user_id, changed: ['identities'] }],
        ]),
      );
    });

    story('registration by a token obeys the app: names that are taken, a limit of users, closed', async (given) => {
      const { token } = await fixedIssuer(given, { create: true });
      const setApp = async (set: object) => {
        await given.db.write([updateApp(given.app, set)]);
        forgetCachedApps();
      };
      await setApp({ limits: { users: 2 } });
      await given.nobody.does('POST /user/register/v2', { username: 'Ann', password: PASSWORD });
      const { user_id } = await exchanges(given, token('1', { preferred_username: 'ann' }));
      expect((await given.db.read(userOf(given.app, user_id)))?.username).toBe(`ann_${user_id}`);
      expect(await given.nobody.fails(EXCHANGE, { subject_token: token('2') })).toBe('tooManyUsers');
      await setApp({ limits: {}, registration: 'closed' });
      expect(await given.nobody.fails(EXCHANGE, { subject_token: token('2') })).toBe('registrationClosed');
      expect(await exchanges(given, token('1'))).toMatchObject({ user_id });
    });

    story('a deleted user leaves no identity: its token is refused, then registers another user', async (given) => {
      const { token, issuer } = await fixedIssuer(given, { create: true });
      const { user_id } = await exchanges(given, token('kim'));
      await given.admin({ user: user_id }).does('POST /user/delete');
      await refuses(given, token('kim'));
      await doJobs(given);
      expect(await given.db.read(identityOf(given.app, { issuer, subject: 'kim' }))).toBeUndefined();
      expect((await exchanges(given, token('kim'))).user_id).not.toBe(user_id);
    });

    story('a user has 20 identities at most, also when many are bound at once', async (given) => {
      const { issuer } = await fixedIssuer(given);
      const user = await given.user();
      const bind = (n: number) => () =>
        given.admin().insists('POST /user/identity/bind', { user_id: user.id, issuer, subject: `s${n}` });
      const answers = await given.race(...Array.from({ length: 24 }, (_, n) => bind(n)));
      expect(answers.filter(({ outcome }) => outcome === 'success')).toHaveLength(20);
      expect(answers.filter(({ outcome }) => outcome === 'badParameter')).toHaveLength(4);
      expect(await user.does('GET /user/identity/list')).toHaveLength(20);
    });

    story('another claim names the user, if it is a text', async (given) => {
      const { token } = await fixedIssuer(given, { create: true, claim: 'email' });
      const { user_id } = await exchanges(given, token('1', { email: 'mia@example.com' }));
      // The first call of an instance does not know the claim yet.
      expect(await exchanges(given, token('2', { email: 'mia@example.com' }))).toMatchObject({ user_id });
      for (const email of [undefined, '', 7, ['a'], 'x'.repeat(256)]) await refuses(given, token('1', { email }));
    });

    story(
      'each algorithm verifies with its own key; a wrong token costs reads at most, and says nothing',
      async (given) => {
        const keys = (['RS256', 'PS256', 'ES256', 'EdDSA'] as const).map((alg) => newKey(alg));
        const [rsa, , ec] = keys as [SigningKey, SigningKey, SigningKey, SigningKey];
        const { issuer } = await fixedIssuer(given, { create: true, audiences: ['chat', 'mobile'] }, keys);
        const of = (more: object = {}) => claimsOf(issuer, 'amy', more);
        const { user_id } = await exchanges(given, signToken(rsa, of()));
        for (const key of keys) expect(await exchanges(given, signToken(key, of()))).toMatchObject({ user_id });
        expect(await exchanges(given, signToken(ec, of({ aud: ['web', 'mobile'] })))).toMatchObject({ user_id });
        // The clock stands still, so that the edges can be met.
        vi.useFakeTimers({ toFake: ['Date'] });
        try {
          const now = Math.floor(Date.now() / SECONDS);
          vi.setSystemTime(now * SECONDS);
          for (const right of [{ exp: now - 59 }, { nbf: now + 60 }, { iat: now + 60 }, { iat: undefined }])
            expect(await exchanges(given, signToken(rsa, of(right)))).toMatchObject({ user_id });
          const pem = createPublicKey(rsa.private).export({ format: 'pem', type: 'spki' });
          const hmac = (header: object) => {
            const text = unsigned(header, of());
            return `${text}.${createHmac('sha256', pem).update(text).digest('base64url')}`;
          };
          const good = signToken(rsa, of());
          const [header, claims, signature] = good.split('.') as [string, string, string];
          const wrong: Record<string, string> = {
            'no token': 'abc',
            empty: '',
            'no signature': `${header}.${claims}.`,
            none: `${unsigned({ alg: 'none' }, of())}.AAAA`,
            'HMAC with the public key': hmac({ alg: 'HS256', kid: rsa.kid }),
            'HMAC that is called RS256': hmac({ alg: 'RS256', kid: rsa.kid }),
            RS512: signToken(rsa, of(), { alg: 'RS512' }),
            'claims of another token': `${header}.${unsigned({}, of({ sub: 'eve' })).split('.')[1]}.${signature}`,
            'another signature': `${header}.${claims}.${signToken(rsa, of({ jti: '1' })).split('.')[2]}`,
            'key of another type': signToken(rsa, of(), { kid: ec.kid }),
            'algorithm of another key': signToken({ ...rsa, alg: 'PS256' }, of(), { kid: ec.kid }),
            'unknown kid': signToken(rsa, of(), { kid: 'unknown' }),
            'kid that is a path': signToken(rsa, of(), { kid: '../../etc/passwd' }),
            'kid that is no text': signToken(rsa, of(), { kid: 7 }),
            'no kid, where two keys fit': signToken(rsa, of(), { kid: undefined }),
            'a key in the header': signToken(newKey('EdDSA'), of(), {
              kid: undefined,
              jwk: { kty: 'OKP' },
              jku: 'http://127.0.0.1/',
            }),
            'a critical header': signToken(rsa, of(), { crit: ['b64'], b64: false }),
            'huge kid': signToken(rsa, of(), { kid: 'k'.repeat(9000) }),
            'huge claim': signToken(rsa, of({ more: 'x'.repeat(9000) })),
            'another issuer': signToken(rsa, of({ iss: 'https://evil.example' })),
            'issuer with a slash': signToken(rsa, of({ iss: `${issuer}/` })),
            'issuer that is a list': signToken(rsa, of({ iss: [issuer] })),
            'another audience': signToken(rsa, of({ aud: 'web' })),
            'other audiences': signToken(rsa, of({ aud: ['web', 'chat2'] })),
            'no audience': signToken(rsa, of({ aud: undefined })),
            expired: signToken(rsa, of({ exp: now - 60 })),
            'no expiry': signToken(rsa, of({ exp: undefined })),
            'expiry as text': signToken(rsa, of({ exp: String(now + 60) })),
            'not yet': signToken(rsa, of({ nbf: now + 61 })),
            'of the future': signToken(rsa, of({ iat: now + 61 })),
            'no subject': signToken(rsa, of({ sub: undefined })),
            'claims that are a list': signToken(rsa, [of()]),
          };
          const messages = new Set<string>();
          for (const [name, subject_token] of Object.entries(wrong)) {
            const { outcome, body, log } = await given.undisturbed(() =>
              given.nobody.asks(EXCHANGE, { subject_token }),
            );
            expect([name, outcome], body.message ?? '').toEqual([name, 'externalTokenRefused']);
            messages.add(body.message!);
            const { trips, read_units, write_units } = log!;
            const isMalformed =
              !/^another|^other|^issuer with|^claims of|^key|^alg|^unknown|^kid that is a path|^no kid|^a |^not|^of|^exp|^no (exp|aud|sub)|RS256/.test(
                name,
              );
            expect([name, trips, read_units <= 3, write_units], `${read_units}`).toEqual([
              name,
              isMalformed ? 0 : 1,
              true,
              0,
            ]);
          }
          expect([...messages]).toHaveLength(1);
        } finally {
          vi.useRealTimers();
        }
      },
    );

    story('what is wrong with the app is told first, whatever the token is', async (given) => {
      const { token } = await fixedIssuer(given);
      const tokens = ['no token', token('anna')];
      const outcomes = async (app: string | undefined) => {
        const ask = (subject_token: string) =>
          given.api.call('POST', '/token/exchange', { ...(app && { app }), body: { subject_token } });
        return (await Promise.all(tokens.map(ask))).map(({ outcome }) => outcome);
      };
      expect(await outcomes(undefined)).toEqual(['badParameter', 'badParameter']);
      expect(await outcomes('nowhere')).toEqual(['appMissing', 'appMissing']);
      await given.db.write([updateApp(given.app, { status: 'disabled' })]);
      forgetCachedApps();
      expect(await outcomes(given.app)).toEqual(['appDisabled', 'appDisabled']);
    });

    story('unknown keys make the service write once per minute and app, and ask for keys once', async (given) => {
      const key = newKey('EdDSA');
      const jwks = `${provider.issuer}/jwks`;
      const issuers = [provider.issuer, 'https://two.example.com'];
      for (const issuer of issuers) await added(given, { issuer, jwks });
      const unknown = (issuer: string, more?: object) => ({
        subject_token: signToken(key, claimsOf(issuer, 'a', more)),
      });
      for (const issuer of issuers) {
        expect(await given.nobody.fails(EXCHANGE, unknown(issuer))).toBe('externalTokenRefused');
        await aged(given, issuer, 61 * SECONDS);
      }
      testMessaging().invoked.splice(0);
      await refuses(given, unknown(provider.issuer, { exp: 1 }).subject_token);
      const answers = [];
      for (const issuer of [...issuers, ...issuers])
        answers.push(await given.undisturbed(() => given.nobody.asksOnce(EXCHANGE, unknown(issuer))));
      expect(answers.map(({ status }) => status)).toEqual([503, 503, 503, 503]);
      expect(answers.map(({ log }) => log!.write_units)).toEqual([1, 0, 0, 0]);
      expect(testMessaging().invoked).toEqual([{ app: given.app }]);
      const before = provider.asked();
      await refreshed(given);
      // Both issuers, whichever was asked for.
      expect(provider.asked() - before).toBe(2);
      for (const issuer of issuers) await refuses(given, unknown(issuer).subject_token);
      expect(testMessaging().invoked).toEqual([]);
    });

    story(
      'an exchange that waits for keys is no failed login of its address',
      async (given) => {
        forgetAddresses();
        await added(given, { issuer: provider.issuer });
        await aged(given, provider.issuer, 90 * SECONDS);
        const subject_token = signToken(newKey('EdDSA'), claimsOf(provider.issuer, 'anna'));
        const request = { app: given.app, address: '203.0.114.9', body: { subject_token } };
        const statuses = [];
        for (let n = 0; n < 4; n++) statuses.push((await given.api.call('POST', '/token/exchange', request)).status);
        expect(statuses).toEqual([503, 503, 503, 503]);
        const use = addressUseOf(addressKey(given.app, '203.0.114'));
        expect(await given.db.read(use)).toBeUndefined();
      },
      { limits: { failed_logins_per_hour: 1 } },
    );

    story(
      'refused tokens count as failed logins of their address',
      async (given) => {
        forgetAddresses();
        const { token } = await fixedIssuer(given);
        const ask = (subject_token: string) =>
          given.api.call('POST', '/token/exchange', {
            app: given.app,
            address: '203.0.113.9',
            body: { subject_token },
          });
        const outcomes = [];
        for (const sub of ['one', 'two', 'three']) outcomes.push((await ask(token(sub))).outcome);
        expect(outcomes).toEqual(['externalTokenRefused', 'externalTokenRefused', 'tooManyCalls']);
      },
      { limits: { failed_logins_per_hour: 1 } },
    );
  });

  test.each([
    [{ preferred_username: 'Bob.Smith' }, 'Bob_Smith'],
    [{ preferred_username: 'bob@example.com' }, 'bob'],
    [{ preferred_username: '@', email: 'carol+chat@example.com' }, 'carol_chat'],
    [{ preferred_username: 7 }, 'auth0_5f7'],
    [{ preferred_username: '12345' }, 'user_12345'],
    [{ preferred_username: 'Maximilian' }, 'user_Maximilian'],
    [{ preferred_username: '王小明' }, '王小明'],
    [{ preferred_username: 'x'.repeat(80) }, 'x'.repeat(53)],
    [{ preferred_username: 'maxim'.repeat(20) }, `user_${'maxim'.repeat(20)}`.slice(0, 53)],
  ])('from %j the username %s is drawn', (claims, name) => {
    expect(drawnUsername(claims, 'auth0|5f7')).toBe(name);
  });
});
