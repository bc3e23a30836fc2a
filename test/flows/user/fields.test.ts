import { describe, expect } from 'vitest';
import type { Method } from '../../../shared/routes/index.ts';
import { type Answer, codeOf, routeOf } from '../../support/api.ts';
import { type Given, inBothWorlds, inThisProcess, type Person, type Story } from '../../support/story.ts';

/** A route that changes one field: its parameter, valid values with what is read afterwards, and wrong values. */
interface Field {
  path: `/user/${string}`;
  parameter: string;
  where: '/user/settings' | '/user/profile';
  field: string;
  values: [sent: unknown, read: unknown][];
  wrong: unknown[];
}

const flag = (path: Field['path'], field: string): Field => ({
  path,
  parameter: 'value',
  where: '/user/settings',
  field,
  values: [
    [true, true],
    ['false', false],
    [1, true],
    ['0', false],
    ['true', true],
  ],
  wrong: ['yes', 2, '', []],
});

const text = (path: Field['path'], parameter: string, where: Field['where'], field: string, most: number): Field => ({
  path,
  parameter,
  where,
  field,
  values: [
    ['one', 'one'],
    ['zwei ☂', 'zwei ☂'],
    ['', ''],
    ['x'.repeat(most), 'x'.repeat(most)],
  ],
  wrong: ['x'.repeat(most + 1), 7, {}],
});

const FIELDS: Field[] = [
  {
    path: '/user/authmode',
    parameter: 'value',
    where: '/user/settings',
    field: 'auth_mode',
    values: [
      [1, 1],
      ['3', 3],
      [0, 0],
      [2, 2],
    ],
    wrong: [4, -1, 1.5, 'two', true],
  },
  flag('/user/download', 'auto_download'),
  flag('/user/push', 'no_push'),
  flag('/user/push/detail', 'no_push_detail'),
  flag('/user/sounds', 'no_sounds'),
  flag('/user/vibratory', 'vibratory'),
  text('/user/push/nickname', 'value', '/user/settings', 'push_nick_name', 128),
  text('/user/nickname', 'nick_name', '/user/profile', 'nick_name', 128),
  text('/user/avatar', 'avatar', '/user/profile', 'avatar', 2048),
  {
    path: '/user/mobile',
    parameter: 'mobile',
    where: '/user/profile',
    field: 'mobile',
    values: [
      ['+4915112345', '+4915112345'],
      ['12345', '12345'],
      ['123456789012345', '123456789012345'],
    ],
    wrong: ['1234', '1234567890123456', '12 345', '++12345', ''],
  },
  {
    path: '/user/username',
    parameter: 'username',
    where: '/user/profile',
    field: 'username',
    values: [
      ['Renamed_1', 'Renamed_1'],
      ['renamed_1', 'renamed_1'],
      [' trimmed2 ', 'trimmed2'],
    ],
    wrong: ['', '123', 'maximus', 'MTA_x', 'a-b', 'ü', 'x'.repeat(65)],
  },
];

const call = (given: Given, person: Person, method: Method, path: string, request: object) =>
  given.api.call(method, path, { app: given.app, token: person.token, ...request });

const read = (person: Person, field: Field) => person.does(`GET ${field.where}`);

/** Changes the field by every method, in query and body: no other field changes. */
function changesAlone(story: Story, field: Field) {
  const { path, parameter, values } = field;
  story(`${path} changes ${field.field} alone, by each method, from query or body`, async (given) => {
    const person = await given.user();
    const { methods } = routeOf('POST', path);
    for (const method of methods) {
      for (const [n, [sent, expected]] of values.entries()) {
        const before = await read(person, field);
        const inQuery = { query: { [parameter]: sent } };
        const inBody = { body: { [parameter]: sent, unknown: 'ignored', [field.field]: sent } };
        const [other] = values[(n + 1) % values.length]!;
        const request = [inQuery, inBody, { ...inQuery, body: { [parameter]: other } }][n % 3]!;
        const { body } = await call(given, person, method, path, request);
        expect(body, `${method} ${path} ${JSON.stringify(request)}`).toEqual({ code: 200, data: true, message: null });
        expect(await read(person, field)).toEqual({ ...before, [field.field]: expected });
      }
    }
  });
}

describe('Fields of a user', () => {
  inThisProcess('One field at a time', (story) => {
    for (const field of FIELDS) changesAlone(story, field);

    story('a wrong value of a field is refused with its name (badParameter), and changes nothing', async (given) => {
      const person = await given.user();
      for (const field of FIELDS) {
        const before = await read(person, field);
        for (const value of field.wrong) {
          const { body } = await call(given, person, 'PUT', field.path, { body: { [field.parameter]: value } });
          expect(body, `${field.path} ${JSON.stringify(value)}`).toMatchObject({
            code: codeOf('badParameter'),
            message: expect.stringMatching(`^${field.parameter}: `),
          });
        }
        const { body } = await call(given, person, 'POST', field.path, {});
        expect(body).toMatchObject({ code: codeOf('badParameter'), message: `${field.parameter}: is required` });
        expect(await read(person, field)).toEqual(before);
      }
    });

    story('an admin token changes fields of the user it names, and must name one (badParameter)', async (given) => {
      const [person, other] = (await given.users(2)) as [Person, Person];
      for (const field of FIELDS) {
        const untouched = await read(other, field);
        const [sent, expected] = field.values[0]!;
        const body = { [field.parameter]: sent };
        expect(await given.admin({ user: person.id }).does(`POST ${field.path}`, body)).toBe(true);
        expect((await read(person, field))[field.field]).toEqual(expected);
        expect(await given.admin().fails(`POST ${field.path}`, body)).toBe('badParameter');
        expect(await given.admin({ user: 1 }).fails(`POST ${field.path}`, body)).toBe('userMissing');
        expect(await read(other, field)).toEqual(untouched);
      }
    });

    story('the hours without push are set together', async (given) => {
      const person = await given.user();
      for (const method of ['PUT', 'POST'] as const) {
        const { body } = await call(given, person, method, '/user/push/limit', {
          query: { no_push_start_hour: 23 },
          body: { no_push_start_hour: 1, no_push_end_hour: '6' },
        });
        expect(body.code).toBe(200);
        expect(await person.does('GET /user/settings')).toMatchObject({ no_push_start_hour: 23, no_push_end_hour: 6 });
      }
      for (const wrong of [{ no_push_start_hour: 24, no_push_end_hour: 0 }, { no_push_start_hour: 5 }])
        expect(await person.fails('PUT /user/push/limit', wrong)).toBe('badParameter');
    });

    story('alias, push token and badge are set by calls of their own', async (given) => {
      const person = await given.user();
      const before = await person.does('GET /user/settings');
      expect(await person.does('POST /user/push/alias', { alias: 'mine' })).toBe(true);
      expect(await person.does('GET /user/settings')).toEqual(before);
      await person.does('POST /user/push/alias', { alias: 'mine', push_token: 'p1' });
      expect(await person.does('GET /user/settings')).toEqual({ ...before, push_token: 'p1' });
      expect(await person.does('POST /user/push/badge', { badge: '0' })).toBe(true);
      expect(await person.fails('POST /user/push/badge', { badge: -1 })).toBe('badParameter');
      expect(await person.fails('POST /user/push/alias', { alias: ' ' })).toBe('badParameter');
    });
  });

  inBothWorlds('One field of each kind', (story) => {
    for (const field of [FIELDS[2]!, FIELDS[7]!]) changesAlone(story, field);
  });
});

describe('Avatar addresses', () => {
  const TAKEN = [
    '',
    'https://example.com/a.png',
    'HTTP://example.com/a.png?b=c:d',
    ' https://example.com',
    '//example.com/a.png',
    '/file/download/avatar?object_name=a:b',
    'a.png',
    '12:30',
    'größe:1',
  ];
  const REFUSED = [
    'javascript:alert(1)',
    'JavaScript:alert(1)',
    ' \t\u0001javascript:alert(1)',
    '\u00a0javascript:alert(1)',
    'java\nscript\t:alert(1)',
    'data:text/html,<script>alert(1)</script>',
    'vbscript:x',
    'file:///etc/passwd',
    'blob:https://example.com/1',
    'httpx://example.com',
    'https-and:x',
    'mailto: me',
    'C:\\a.png',
  ];

  inThisProcess('Schemes of avatar addresses', (story) => {
    story('an avatar address has no scheme but http or https, wherever it is set (badParameter)', async (given) => {
      const alice = await given.user();
      const group_id = await given.group(alice);
      const doors: [field: string, set: (avatar: string) => Promise<Answer>][] = [
        ['avatar', (avatar) => alice.asks('POST /user/avatar', { avatar })],
        ['value', (value) => alice.asks('PUT /group/info/avatar', { group_id, value })],
        ['avatar', (avatar) => alice.asks('POST /group/create', { name: 'G', avatar })],
      ];
      for (const [field, set] of doors) {
        for (const avatar of TAKEN) expect([avatar, (await set(avatar)).outcome]).toEqual([avatar, 'success']);
        for (const avatar of REFUSED) {
          const { body } = await set(avatar);
          const message = `${field}: must have no scheme but http or https`;
          expect({ avatar, ...body }).toMatchObject({ avatar, code: codeOf('badParameter'), message });
        }
      }
      const batch = async (avatar: string) => {
        const list = [{ user_id: alice.id, avatar }];
        return (await given.admin().does('POST /user/avatar/batch', { list }))[0];
      };
      for (const avatar of TAKEN) expect(await batch(avatar)).toMatchObject({ success: true });
      for (const avatar of REFUSED)
        expect(await batch(avatar)).toMatchObject({
          success: false,
          reason: 'avatar: must have no scheme but http or https',
        });
    });
  });
});

const everySetting = {
  auth_answer: 'blue',
  auth_mode: 2,
  auth_question: 'which?',
  auto_download: true,
  group_confirm: true,
  no_push: true,
  no_push_detail: true,
  no_push_end_hour: 7,
  no_push_start_hour: 22,
  no_sounds: true,
  push_nick_name: 'Nick',
  push_token: 'token',
  silence_end_time: 23,
  silence_start_time: 1,
  vibratory: true,
};

inThisProcess('Settings', (story) => {
  story('each setting is changed alone, and all are changed together', async (given) => {
    const [one, other] = (await given.users(2)) as [Person, Person];
    for (const [name, value] of Object.entries(everySetting)) {
      const before = await one.does('GET /user/settings');
      expect(before[name]).not.toEqual(value);
      await one.does('POST /user/settings', { user_id: one.id, id: 5, [name]: value });
      expect(await one.does('GET /user/settings')).toEqual({ ...before, [name]: value });
    }
    const all = { ...everySetting, user_id: other.id, id: other.id };
    await other.does('PUT /user/settings', all);
    expect(await other.does('GET /user/settings')).toEqual(all);
    expect(await one.does('GET /user/settings')).toEqual({ ...all, user_id: one.id, id: one.id });
  });

  story('the settings of another user are changed by the app only (noPermission)', async (given) => {
    const [one, other] = (await given.users(2)) as [Person, Person];
    expect(await one.fails('PUT /user/settings', { user_id: other.id, no_push: true })).toBe('noPermission');
    expect(await one.fails('PUT /user/settings', { no_push: true })).toBe('badParameter');
    const { body } = await call(given, one, 'PUT', '/user/settings', {
      query: { user_id: one.id, no_push: 'true' },
      body: { user_id: other.id, no_push: false },
    });
    expect(body.code).toBe(200);
    expect(await one.does('GET /user/settings')).toMatchObject({ no_push: true });
    await given.admin().does('PUT /user/settings', { user_id: other.id, auth_answer: 'red' });
    expect(await other.does('GET /user/settings')).toMatchObject({ auth_answer: 'red', no_push: false });
    expect(await given.admin().fails('PUT /user/settings', { user_id: 1, no_push: true })).toBe('userMissing');
  });
});

inThisProcess('Tags', (story) => {
  story('tags are a set in the order of binding', async (given) => {
    const person = await given.user();
    const tags = () => person.does('GET /user/push/tag');
    expect(await tags()).toEqual([]);
    expect(await person.does('POST /user/push/tag', { tags: ['b', ' a ', 'b'] })).toBe(true);
    await person.does('POST /user/push/tag', { tags: ['c', 'a'] });
    expect(await tags()).toEqual(['b', 'a', 'c']);
    await person.does('POST /user/push/tag', { tags: ['\ud83d', '\ude00'] });
    expect(await tags()).toEqual(['b', 'a', 'c', '\ufffd']);
    await person.does('DELETE /user/push/tag', { tags: ['\ud83d'] });
    expect(await person.does('DELETE /user/push/tag', { tags: ['a', 'unknown'] })).toBe(true);
    const { body } = await call(given, person, 'DELETE', '/user/push/tag', {
      query: { tags: 'b' },
      body: { tags: ['c'] },
    });
    expect(body.code).toBe(200);
    expect(await tags()).toEqual(['c']);
    expect(await person.does('DELETE /user/push/tag/all')).toBe(true);
    expect(await person.does('DELETE /user/push/tag/all')).toBe(true);
    expect(await tags()).toEqual([]);
  });

  story('a user has at most a hundred tags of 64 characters (badParameter)', async (given) => {
    const person = await given.user();
    await person.does('POST /user/push/tag', { tags: Array.from({ length: 99 }, (_, n) => `tag${n}`) });
    await person.does('POST /user/push/tag', { tags: ['x'.repeat(64)] });
    expect(await person.fails('POST /user/push/tag', { tags: ['one more'] })).toBe('badParameter');
    await person.does('POST /user/push/tag', { tags: ['tag0'] });
    for (const tags of [['x'.repeat(65)], [' '], [], 'x'.repeat(101).split(''), [7], undefined])
      expect(await person.fails('POST /user/push/tag', { tags })).toBe('badParameter');
    expect(await person.does('GET /user/push/tag')).toHaveLength(100);
  });

  story('tags that are bound at once are all bound', async (given) => {
    const person = await given.user();
    const names = Array.from({ length: 8 }, (_, n) => `tag${n}`);
    await given.race(...names.map((tag) => () => person.does('POST /user/push/tag', { tags: [tag] })));
    expect((await person.does('GET /user/push/tag')).toSorted()).toEqual(names);
  });
});

inBothWorlds('Bodies that are the value', (story) => {
  for (const [path, field] of [
    ['/user/private', 'private_info'],
    ['/user/public', 'public_info'],
  ] as const)
    story(`the whole body of ${path} is stored as ${field}`, async (given) => {
      const person = await given.user();
      const bodies: [sent: string, kept: string][] = [
        ['"a \\"JSON\\" string ☂"', 'a "JSON" string ☂'],
        ['{"a": 1}', '{"a": 1}'],
        [' plain text, \n kept as it came ', ' plain text, \n kept as it came '],
        ['"half', '"half'],
        ['[1]', '[1]'],
        ['true', 'true'],
        ['17', '17'],
        ['"half a pair: \\ud83d, a whole: \\ud83d\\ude00"', 'half a pair: \ufffd, a whole: 😀'],
        ['""', ''],
        ['ü'.repeat(8192), 'ü'.repeat(8192)],
        [`"${'x'.repeat(16_384)}"`, 'x'.repeat(16_384)],
      ];
      for (const [body, kept] of bodies)
        for (const base64 of [false, true]) {
          const method = base64 ? 'PUT' : 'POST';
          const answer = await call(given, person, method, path, { body, base64 });
          expect(answer.body.data, body.slice(0, 40)).toBe(true);
          expect((await person.does('GET /user/profile'))[field]).toBe(kept);
        }
      const long = await call(given, person, 'PUT', path, { body: `ü${'x'.repeat(16_383)}` });
      expect(long.body).toMatchObject({ code: codeOf('badParameter'), message: 'body: must have at most 16384 bytes' });
      expect((await person.does('GET /user/profile'))[field]).toHaveLength(16_384);
      // An empty body clears the field.
      expect((await call(given, person, 'PUT', path, { body: '' })).outcome).toBe('success');
      expect((await call(given, person, 'PUT', path, {})).outcome).toBe('success');
      expect((await person.does('GET /user/profile'))[field]).toBe('');
    });
});

inThisProcess('Private fields', (story) => {
  story('private fields reach neither another user (noPermission) nor another app (badToken)', async (given) => {
    const [one, other] = (await given.users(2)) as [Person, Person];
    await one.does('POST /user/profile', { private_info: 'mine alone' });
    await one.does('POST /user/settings', { user_id: one.id, auth_answer: 'blue' });
    for (const path of ['/user/profile', '/user/settings'] as const) {
      expect((await call(given, other, 'GET', path, { user: one.id })).outcome).toBe('noPermission');
      const asked = await call(given, other, 'GET', path, { query: { user_id: one.id } });
      expect(JSON.stringify(asked.body)).not.toMatch(/mine alone|blue/);
      const foreign = await given.otherApp();
      expect(await foreign.admin({ user: one.id }).fails(`GET ${path}`)).toBe('userMissing');
      const stray = await given.api.call('GET', path, { app: foreign.app, token: one.token });
      expect(stray.outcome).toBe('badToken');
    }
    const app = given.admin({ user: one.id });
    expect(await app.does('GET /user/profile')).toMatchObject({ private_info: 'mine alone' });
    expect(await app.does('GET /user/settings')).toMatchObject({ auth_answer: 'blue' });
  });
});

inThisProcess('Operations for admins', (story) => {
  story('operations for admins refuse users (noPermission) before their parameters are read', async (given) => {
    const person = await given.user();
    for (const [method, path] of [
      ['PUT', '/user/disable'],
      ['PUT', '/user/enable'],
      ['GET', '/user/list'],
      ['POST', '/user/register/batch'],
      ['PUT', '/user/avatar/batch'],
      ['POST', '/user/avatar/batch'],
      ['PUT', '/user/profile/batch'],
      ['POST', '/user/profile/batch'],
      ['POST', '/user/change_password_admin'],
    ] as const) {
      expect(await person.fails(`${method} ${path}`), path).toBe('noPermission');
      // Also when the token names its own user.
      const { outcome } = await call(given, person, method, path, { user: person.id });
      expect(outcome).toBe('noPermission');
    }
    expect(await given.admin().fails('POST /user/change_password_admin', { password: 'long enough' })).toBe(
      'badParameter',
    );
  });
});
