import { describe, expect } from 'vitest';
import { forgetCachedApps } from '../../shared/call/app-cache.ts';
import { updateApp } from '../../shared/data/app-repo.ts';
import { inBothWorlds, inThisProcess, PASSWORD } from '../support/story.ts';

describe('Registration', () => {
  inBothWorlds('Registering a user', (story) => {
    story('registration answers the settings of the new user and takes the name (usernameTaken)', async (given) => {
      const record = await given.nobody.does('POST /user/register/v2', { username: 'Alice_1', password: PASSWORD });
      const { user_id } = record;
      expect(record).toEqual({
        user_id,
        id: user_id,
        auth_answer: '',
        auth_mode: 0,
        auth_question: '',
        auto_download: false,
        group_confirm: false,
        no_push: false,
        no_push_detail: false,
        no_push_end_hour: 0,
        no_push_start_hour: 0,
        no_sounds: false,
        push_nick_name: '',
        push_token: '',
        silence_end_time: 0,
        silence_start_time: 0,
        vibratory: false,
      });
      expect(user_id).toBeLessThan(2 ** 31);
      expect(await given.nobody.fails('POST /user/register/v2', { username: 'alice_1', password: PASSWORD })).toBe(
        'usernameTaken',
      );
      // The name is taken in this app only.
      const other = await given.otherApp();
      await other.nobody.does('POST /user/register/v2', { username: 'ALICE_1', password: PASSWORD });
    });

    story('a Chinese name is the same name in every Unicode form (usernameTaken)', async (given) => {
      const register = async (username: string) =>
        (await given.nobody.asks('POST /user/register/v2', { username, password: PASSWORD })).outcome;
      // U+9F8D, and the radical U+2FD3 that NFKC makes of it.
      const [name, radical] = ['Lee_\u9f8d8', 'lEE_\u2fd38'];
      expect([await register(name), await register(radical)]).toEqual(['success', 'usernameTaken']);
      const login = async (asked: string) =>
        (await given.nobody.asks('POST /token/user', { name: asked, password: PASSWORD })).body.data?.user_id;
      const id = await login(name);
      expect(id).toBeGreaterThan(0);
      // Full-width letters are not allowed in a name, but are compared as plain letters.
      expect([await login(radical), await login(' \uff2c\uff45\uff45_\u9f8d\uff18 ')]).toEqual([id, id]);
      expect(await register('\uff2c\uff45\uff45')).toBe('badParameter');
      const app = given.admin({ user: id });
      expect(await app.does('GET /user/profile')).toMatchObject({ username: name });
      // Users may write their own name in another form, and the last form is kept.
      expect(await app.does('PUT /user/username', { username: radical })).toBe(true);
      expect(await app.does('GET /user/profile')).toMatchObject({ username: radical });
      const list = [
        '\u5f20\u4e09',
        '\u738b'.repeat(64),
        '\u{20000}'.repeat(64),
        '\u738b'.repeat(65),
        '\u738b \u738b',
        name,
        '\u5f20\u4e09',
      ];
      const batch = await given
        .admin()
        .does('POST /user/register/batch', { list: list.map((username) => ({ username, password: PASSWORD })) });
      expect(batch.map(({ success }: { success: boolean }) => success)).toEqual([
        true,
        true,
        true,
        false,
        false,
        false,
        false,
      ]);
      expect(await app.does('PUT /user/username', { username: 'lee' })).toBe(true);
      expect([await login(name), await register(name)]).toEqual([undefined, 'success']);
    });

    story('names and passwords of another form are refused (badParameter)', async (given) => {
      const register = async (username: unknown, password: unknown) => {
        const { outcome, body } = await given.nobody.asks('POST /user/register/v2', { username, password });
        return [outcome, body.message?.split(':')[0]];
      };
      for (const username of [
        '',
        '   ',
        'two words',
        '12345',
        'maximal',
        'MAXIM_1',
        'mta',
        'MtaX',
        'ümlaut',
        '\u738b\u3042',
        '\uff11\uff12\uff13',
        '\u738b-',
        'a-b',
        'a'.repeat(65),
        7,
        null,
        ['alice'],
      ])
        expect(await register(username, PASSWORD)).toEqual(['badParameter', 'username']);
      for (const password of ['', '1234567', '😀😀😀😀😀😀😀', 'p'.repeat(129), 12345678, undefined])
        expect(await register('alice', password)).toEqual(['badParameter', 'password']);
      expect(await register('a'.repeat(64), '😀'.repeat(8))).toEqual(['success', undefined]);
      expect(await register('  _  ', 'p'.repeat(128))).toEqual(['success', undefined]);
      expect(await given.nobody.does('POST /token/user', { name: '_', password: 'p'.repeat(128) })).toBeTruthy();
    });

    story('registration ignores the headers of an actor and stale tokens', async (given) => {
      const { body } = await given.api.call('POST', '/user/register/v2', {
        app: given.app,
        token: 'a token of long ago',
        user: 'nobody',
        group: 1,
        body: { username: 'bob', password: PASSWORD },
      });
      expect(body.code).toBe(200);
    });
  });

  inThisProcess('Registering in an app', (story) => {
    story('an app that closed registration refuses it (registrationClosed)', async (given) => {
      await given.db.write([updateApp(given.app, { registration: 'closed' })]);
      forgetCachedApps();
      expect(await given.nobody.fails('POST /user/register/v2', { username: 'alice', password: PASSWORD })).toBe(
        'registrationClosed',
      );
      // Parameters are checked first.
      expect(await given.nobody.fails('POST /user/register/v2', { username: '', password: PASSWORD })).toBe(
        'badParameter',
      );
    });

    story(
      'an app that is full refuses registration (tooManyUsers)',
      async (given) => {
        const register = (username: string) =>
          given.nobody.asks('POST /user/register/v2', { username, password: PASSWORD });
        const outcomes = [];
        for (const username of ['a_1', 'a_2', 'a_3', 'a_4']) outcomes.push((await register(username)).outcome);
        expect(outcomes).toEqual(['success', 'success', 'tooManyUsers', 'tooManyUsers']);
      },
      { limits: { users: 2 } },
    );

    story('a password in decomposed form logs in like the composed one', async (given) => {
      const { user_id } = await given.nobody.does('POST /user/register/v2', {
        username: 'zoe',
        password: 'Zo\u00eb12345',
      });
      expect(await given.nobody.does('POST /token/id', { user_id, password: 'Zoe\u030812345' })).toMatchObject({
        user_id,
      });
    });
  });
});
