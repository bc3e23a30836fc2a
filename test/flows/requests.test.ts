import { describe, expect } from 'vitest';
import { codeOf } from '../support/api.ts';
import { inBothWorlds, inThisProcess, PASSWORD } from '../support/story.ts';

describe('Parameters', () => {
  inBothWorlds('Parameters in query and body', (story) => {
    story('a parameter may come in the query or the body, and the query wins', async (given) => {
      const alice = await given.user();
      const [one, other] = [await given.group(alice), await given.group(alice)];
      const destroy = async (request: object) =>
        (await given.api.call('POST', '/group/destroy', { ...alice.headers, ...request })).body;
      expect(await destroy({ query: { group_id: one }, body: { group_id: other } })).toMatchObject({ data: true });
      expect(await alice.does('GET /group/user_joined')).toEqual([other]);
      // The body does not replace a wrong parameter in the query.
      expect(await destroy({ query: { group_id: 'x' }, body: { group_id: other } })).toMatchObject({
        code: codeOf('badParameter'),
      });
      expect(await destroy({ query: { group_id: '' }, body: { group_id: other } })).toMatchObject({
        code: codeOf('badParameter'),
      });
      expect(await destroy({ body: { group_id: String(other) } })).toMatchObject({ data: true });
    });

    story('numbers and booleans may come as strings, and every other value is badParameter', async (given) => {
      const alice = await given.user();
      const set = async (no_push: unknown) => {
        const { outcome } = await alice.asks('POST /user/settings', { user_id: alice.id, no_push });
        return outcome === 'success' ? (await alice.does('GET /user/settings')).no_push : outcome;
      };
      for (const [value, found] of [
        [true, true],
        ['false', false],
        ['1', true],
        [0, false],
        ['TRUE', true],
        ['0', false],
        [1, true],
        [false, false],
        [2, 'badParameter'],
        ['', 'badParameter'],
        ['on', 'badParameter'],
        [[], 'badParameter'],
        [{}, 'badParameter'],
      ] as const)
        expect(await set(value), JSON.stringify(value)).toBe(found);
      const hour = async (no_push_start_hour: unknown) => {
        const { outcome } = await alice.asks('POST /user/settings', { user_id: alice.id, no_push_start_hour });
        return outcome === 'success' ? (await alice.does('GET /user/settings')).no_push_start_hour : outcome;
      };
      for (const [value, found] of [
        [7, 7],
        ['08', 8],
        ['9', 9],
        [10.0, 10],
        ['1e1', 'badParameter'],
        ['0x7', 'badParameter'],
        ['7.0', 'badParameter'],
        [7.5, 'badParameter'],
        [true, 'badParameter'],
        ['', 'badParameter'],
        ['9'.repeat(40), 'badParameter'],
      ] as const)
        expect(await hour(value), JSON.stringify(value)).toBe(found);
      // null counts as absent.
      await alice.does('POST /user/settings', { user_id: alice.id, no_push: null, no_push_start_hour: null });
      expect(await alice.does('GET /user/settings')).toMatchObject({ no_push: false, no_push_start_hour: 10 });
    });

    story('a body must be JSON (badParameter), whatever its content type, and may be in base64', async (given) => {
      const alice = await given.user('alice');
      const login = async (request: object) =>
        (await given.api.call('POST', '/token/id', { app: given.app, ...request })).body;
      const body = { user_id: alice.id, password: PASSWORD };
      expect(await login({ body, base64: true })).toMatchObject({ code: 200 });
      for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/json; charset=utf-8'])
        expect(await login({ body, headers: { 'content-type': type }, base64: false })).toMatchObject({ code: 200 });
      for (const wrong of ['{', 'x', '[]', '7', '"text"', 'null', 'user_id=1&password=2', '{"user_id":1,}'])
        expect(await login({ body: wrong }), wrong).toMatchObject({
          code: codeOf('badParameter'),
          message: expect.stringMatching('^body'),
        });
      for (const blank of [undefined, '', ' \n'])
        expect(await login({ body: blank, query: body })).toMatchObject({ code: 200 });
      expect(await login({ body: '{' })).toEqual({
        code: codeOf('badParameter'),
        message: 'body: is not JSON',
        data: null,
      });
    });

    story('the group_id header of an admin token may not contradict the parameter (badParameter)', async (given) => {
      const [alice, bob] = await given.users(2);
      const group_id = await given.group(alice!);
      const other = await given.group(alice!);
      const onGroup = given.admin({ group: group_id });
      expect(await onGroup.does('GET /group/info')).toMatchObject({ group_id });
      expect(await onGroup.does('GET /group/info', { group_id: String(group_id) })).toMatchObject({ group_id });
      expect(await onGroup.fails('GET /group/info', { group_id: other })).toBe('badParameter');
      expect(await onGroup.fails('POST /group/invite', { group_id: other, user_list: [bob!.id] })).toBe('badParameter');
      expect(await onGroup.does('POST /group/invite', { user_list: [bob!.id] })).toMatchObject([{ result: 'success' }]);
      expect(await onGroup.does('POST /group/kick', { user_list: [bob!.id] })).toMatchObject([{ result: 'success' }]);
      const { body } = await given.api.call('GET', '/group/info', {
        ...onGroup.headers,
        query: { group_id: other },
        body: undefined,
      });
      expect(body).toMatchObject({ code: codeOf('badParameter'), message: expect.stringMatching('^group_id') });
      // Without the header the parameter is required.
      expect(await given.admin().fails('GET /group/info')).toBe('badParameter');
      expect(await alice!.fails('GET /group/info')).toBe('badParameter');
    });

    story(
      'a body over 256 KiB is answered 413, except in batches of profiles, which take what the gateway passes',
      async (given) => {
        const alice = await given.user();
        const [admin, padding] = [given.admin(), 'x'.repeat(262_144)];
        const large = await alice.asks('POST /user/nickname', { nick_name: 'Alice', padding });
        const tooLarge = { code: codeOf('badParameter'), message: 'body: must have at most 262144 bytes', data: null };
        expect([large.status, large.body]).toEqual([413, tooLarge]);
        // The size is checked before anything else, and the body is not parsed.
        const strange = { body: `{${padding}`, headers: {} };
        for (const request of [strange, { ...strange, base64: true }, { ...strange, app: given.app, token: 'x' }]) {
          const { status, body } = await given.api.call('POST', '/user/nickname', request);
          expect([status, body]).toEqual([413, tooLarge]);
        }
        expect(await alice.does('GET /user/profile')).toMatchObject({ nick_name: '' });
        // A body that fits is processed, and the unknown field in it ignored.
        const fits = await alice.asks('POST /user/nickname', { nick_name: 'Alice', padding: padding.slice(100) });
        expect([fits.status, fits.outcome]).toEqual([200, 'success']);
        const list = [{ user_id: alice.id, nick_name: 'Alicia', padding }];
        expect(await admin.does('POST /user/profile/batch', { list })).toMatchObject([{ success: true }]);
      },
    );

    story('an id may be as large as a safe integer of JSON, and a larger one is badParameter', async (given) => {
      const alice = await given.user();
      for (const group_id of [Number.MAX_SAFE_INTEGER, String(Number.MAX_SAFE_INTEGER), 2 ** 31])
        expect(await alice.fails('GET /group/info', { group_id })).toBe('groupMissing');
      for (const group_id of [0, -1, '9007199254740992', '99999999999999999999', 'NaN', 'Infinity', '1,2', ''])
        expect(await alice.fails('GET /group/info', { group_id }), String(group_id)).toBe('badParameter');
    });
  });

  inThisProcess('Parameters of a GET', (story) => {
    story('the parameters of a GET may come in its body', async (given) => {
      const alice = await given.user();
      const group_id = await given.group(alice);
      const get = (request: object) => given.api.call('GET', '/group/info', { ...alice.headers, ...request });
      expect((await get({ body: { group_id } })).body.data).toMatchObject({ group_id });
      expect((await get({ body: { group_id: 1 }, query: { group_id } })).body.data).toMatchObject({ group_id });
      expect((await get({ body: '{', query: { group_id } })).outcome).toBe('badParameter');
    });
  });
});

inBothWorlds('Answers', (story) => {
  story('an answer is JSON with headers that forbid caching', async (given) => {
    const alice = await given.user();
    for (const answer of [await alice.asks('GET /user/profile'), await alice.asks('GET /group/info', {})])
      expect(answer.headers).toMatchObject({
        'content-type': 'application/json; charset=utf-8',
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
        'strict-transport-security': 'max-age=31536000',
        'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      });
  });
});
