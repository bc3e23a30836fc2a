import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { updateApp } from '../../../shared/data/app-repo.ts';
import { type Method, routes } from '../../../shared/routes/index.ts';
import type { Request } from '../../support/api.ts';
import { Given } from '../../support/story.ts';
import { anyText } from '../../support/texts.ts';
import { worldInProcess } from '../../support/world.ts';

/** Every parameter of the user operations, and names that every object has. */
const NAMES = [
  ...['value', 'avatar', 'list', 'user_id', 'password', 'old_password', 'new_password', 'device_sn', 'deviceSn'],
  ...['device_token', 'notifier_name', 'nick_name', 'mobile', 'alias', 'push_token', 'badge', 'tags', 'username'],
  ...['no_push_end_hour', 'no_push_start_hour', 'device_guid', 'page_num', 'page_size', 'cursor', 'description'],
  ...['private_info', 'public_info', 'name', 'login_name', 'auth_mode', 'auth_answer', 'no_push', 'group_confirm'],
  ...['group_id', 'app_id', 'body', '__proto__', 'constructor', 'toString', 'pk', ''],
];

/** Texts that are valid, too long, or of odd characters (half pairs, zero bytes). */
const word = fc.oneof(
  anyText(40),
  fc.constantFrom(
    'true',
    '0',
    '-1',
    '12345',
    '+4915112345',
    'a_name',
    'long enough',
    '\ud800\udfff\ud800',
    '[1,2]',
    '{}',
  ),
  fc.constantFrom('1e400', '9007199254740993', '\u0000', '%', '#', 'x'.repeat(20_000), 'ÿ'.repeat(3000)),
);
const scalar = fc.oneof(word, fc.integer(), fc.double(), fc.boolean(), fc.constantFrom(null, 1, 9_007_199_254_740_991));
const object = fc.dictionary(fc.constantFrom(...NAMES), scalar, { maxKeys: 5 });
const value = fc.oneof(
  { weight: 4, arbitrary: scalar },
  { weight: 2, arbitrary: fc.array(fc.oneof(scalar, object), { maxLength: 4 }) },
  { weight: 1, arbitrary: object },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
);
const parameters = fc.dictionary(fc.constantFrom(...NAMES), value, { maxKeys: 12 });
const requests: fc.Arbitrary<Request> = fc.record(
  {
    query: fc.dictionary(fc.constantFrom(...NAMES), scalar, { maxKeys: 4 }),
    body: fc.oneof({ weight: 5, arbitrary: parameters }, word, fc.json()),
    base64: fc.boolean(),
  },
  { requiredKeys: [] },
);

/** Operations that hash a password. */
const COSTLY = /^(token\/|user\/register|user\/change-password|user\/delete)/;
const operations = routes.filter(
  ({ area, id }) => area === 'user' || (area === 'account' && /^(token|user)\//.test(id)),
);

describe('Any input of the user operations', () => {
  // Each test has its own app, so that they can run at the same time.
  test.concurrent.each(operations.map(({ id }) => id))(
    '%s answers any input with success or a documented error, and names a wrong field',
    async (id) => {
      const { path, methods } = operations.find((route) => route.id === id)!;
      const given = await Given.app(await worldInProcess());
      await given.db.write([updateApp(given.app, { limits: { guests: 1 } })]);
      const person = await given.user();
      const acting = { app: given.app, token: given.adminToken, user: person.id };
      const property = fc.asyncProperty(requests, fc.constantFrom<Method>(...methods), async (request, method) => {
        const headers = id === 'user/delete' ? { app: given.app, token: person.token } : acting;
        const { status, body, outcome, log } = await given.api.call(method, path, { ...headers, ...request });
        expect(status, `${body.message} ${log?.error?.stack}`).toBe(200);
        if (outcome === 'badParameter') expect(body.message).toMatch(/^[a-zA-Z_]+(\[\d+\]|\.\w+)*: /);
        expect(['success', 'userMissing', 'badParameter', 'usernameTaken', 'noPermission', 'mobileTaken']).toContain(
          outcome,
        );
      });
      await fc.assert(property, { numRuns: COSTLY.test(id) ? 12 : 30, seed: 7, endOnFailure: true });
    },
  );

  test('any headers of app, token, user and group are answered with success or a documented error', async () => {
    const given = await Given.app(await worldInProcess());
    const person = await given.user();
    const text = fc.string({ maxLength: 80 });
    const header = (...usual: string[]) =>
      fc.option(fc.oneof({ weight: 2, arbitrary: fc.constantFrom(...usual) }, text), { nil: undefined });
    const apps = header(given.app, 'no_app', 'A#B');
    const tokens = header(given.adminToken, person.token, `${person.token}x`, person.token.slice(1), 'u1.1.1.');
    const ids = header(String(person.id), '1', '0', '9007199254740993');
    const property = fc.asyncProperty(apps, tokens, ids, ids, async (app, token, user, group) => {
      const { status, outcome, log } = await given.api.call('GET', '/user/profile', { app, token, user, group });
      expect(status, log?.error?.stack).toBe(200);
      expect([
        'success',
        'loginAgain',
        'userMissing',
        'badParameter',
        'noToken',
        'badToken',
        'noPermission',
        'appMissing',
      ]).toContain(outcome);
    });
    await fc.assert(property, { numRuns: 200, seed: 7 });
  });
});
