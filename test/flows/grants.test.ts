import { describe, expect } from 'vitest';
import { tokenHash } from '../../shared/call/token.ts';
import { getItem } from '../../shared/data/read.ts';
import * as schema from '../../shared/data/schema.ts';
import { update } from '../../shared/data/step.ts';
import { routes } from '../../shared/routes/index.ts';
import { arrived, put, share } from '../support/files.ts';
import { overHttp, PASSWORD } from '../support/story.ts';

const results = (entries: { result: string }[]) => entries.map(({ result }) => result);

/**
 * Calls that other stories make in process only. Over HTTP each function has the rights of its own role, and the run's
 * report of grants (`.local/grants.txt`) demands that every right is used.
 */
describe('Grants that other flows do not use over HTTP', () => {
  overHttp('Grants of users', (story) => {
    story(
      'registration is granted what it needs where the app counts users (tooManyUsers)',
      async (given) => {
        const entry = (username: string) => ({ username, password: PASSWORD });
        expect(await given.nobody.does('POST /user/register/v2', entry('ada'))).toHaveProperty('user_id');
        const pushed = { ...entry('bea'), alias: 'b', push_token: 'p', device_guid: 'phone' };
        expect(await given.nobody.does('POST /user/register/push', pushed)).toMatchObject({ push_token: 'p' });
        expect(await given.nobody.fails('POST /user/register/push', entry('cleo'))).toBe('tooManyUsers');
      },
      { limits: { users: 2 } },
    );

    story('single settings and a batch of avatars can be changed', async (given) => {
      const alice = await given.user();
      const fields = [
        ['authmode', { value: 1 }],
        ['download', { value: true }],
        ['push/detail', { value: true }],
        ['push/limit', { no_push_start_hour: 22, no_push_end_hour: 7 }],
        ['push/nickname', { value: 'Al' }],
        ['sounds', { value: true }],
        ['vibratory', { value: true }],
        ['push/alias', { alias: 'a' }],
        ['push/badge', { badge: 1 }],
      ] as const;
      for (const [path, body] of fields) expect(await alice.does(`POST /user/${path}`, body)).toBe(true);
      expect(await alice.does('GET /user/settings')).toMatchObject({
        auth_mode: 1,
        auto_download: true,
        no_push_detail: true,
        no_push_start_hour: 22,
        push_nick_name: 'Al',
        no_sounds: true,
        vibratory: true,
      });
      const list = [{ user_id: alice.id, avatar: 'https://example.com/a.png' }];
      expect(await given.admin().does('POST /user/avatar/batch', { list })).toMatchObject([{ success: true }]);
    });

    story('tags, presence, push tokens, mobile numbers and passwords can be changed', async (given) => {
      const alice = await given.user();
      const tags = () => alice.does('GET /user/push/tag');
      await alice.does('POST /user/push/tag', { tags: ['a', 'b', 'c'] });
      await alice.does('DELETE /user/push/tag', { tags: ['b'] });
      expect(await tags()).toEqual(['a', 'c']);
      await alice.does('DELETE /user/push/tag/all');
      expect(await tags()).toEqual([]);
      expect(await alice.does('GET /user/online_status')).toEqual({ online: true });
      for (const device_token of ['first', 'second'])
        await alice.does('POST /user/token/bind', { device_sn: alice.device, device_token, notifier_name: 'apns' });
      const { device: device_sn } = await given.session({ user: alice.id, username: alice.username });
      await alice.does('POST /user/token/bind', { device_sn, device_token: 'third', notifier_name: 'apns' });
      expect(await alice.does('DELETE /user/device/remove', { device_sn })).toBe(true);
      for (const mobile of ['+4915100000001', '+4915100000002']) await alice.does('POST /user/mobile', { mobile });
      expect(await alice.does('GET /user/profile')).toMatchObject({ mobile: '+4915100000002' });
      const change = { old_password: PASSWORD, new_password: `${PASSWORD} 2` };
      const wrong = { ...change, old_password: 'not this one' };
      expect(await alice.fails('POST /user/change_password', wrong)).toBe('noPermission');
      expect(await alice.does('POST /user/change_password', change)).toBe(true);
    });
  });

  overHttp('Grants of groups', (story) => {
    story('an admin bans everybody, blocks and unblocks a banned member, and blocks an applicant', async (given) => {
      const [alice, adam, bob, carol] = await given.users(4);
      const group_id = await given.group(alice!, { admins: [adam!], members: [bob!], approval: 1 });
      expect(await adam!.does('POST /group/settings/ban_all', { group_id, duration: 5 })).toHaveProperty(
        'ban_expire_time',
      );
      const one = { group_id, user_list: [bob!.id] };
      for (const call of ['POST /group/ban', 'POST /group/block', 'POST /group/unblock'] as const)
        expect(results(await adam!.does(call, { ...one, duration: 10 })), call).toEqual(['success']);
      expect(await carol!.does('POST /group/apply', { group_id, reason: 'hello' })).toMatchObject({});
      expect(results(await adam!.does('POST /group/block', { group_id, user_list: [carol!.id] }))).toEqual(['success']);
      expect(await alice!.does('POST /group/application_list')).toEqual([]);
    });

    story('a list of applications that continues on another page is counted', async (given) => {
      const [alice, ...people] = await given.users(13);
      const group_id = await given.group(alice!, { approval: 1 });
      for (const one of people) await one.does('POST /group/apply', { group_id, reason: 'hello' });
      const { body } = await alice!.asks('POST /group/application_list', { group_list: [group_id], limit: 1 });
      expect(body).toMatchObject({ code: 200, total: 12, cursor: expect.any(String) });
    });

    story(
      'the oldest announcement makes room for a new one',
      async (given) => {
        const alice = await given.user();
        const group_id = await given.group(alice);
        for (const title of ['one', 'two'])
          await alice.does('POST /group/announcement/edit', { group_id, title, content: title });
        expect(await alice.does('GET /group/announcement/list', { group_id })).toMatchObject([{ title: 'two' }]);
      },
      { limits: { announcements: 1 } },
    );

    story(
      'an upload that finds no room is removed, and a renamed file can be downloaded',
      async (given) => {
        const alice = await given.user();
        const group_id = await given.group(alice);
        const late = await alice.does('POST /group/file/upload', {
          group_id,
          name: 'late',
          size: 4,
          type: 'text/plain',
        });
        await share(given, alice, group_id, { name: 'first', content: 'first' });
        expect((await put(late, 'late')).status).toBe(200);
        await arrived(given, late.url);
        const files = await alice.does('GET /group/file/list', { group_id });
        expect(files).toMatchObject([{ name: 'first' }]);
        const renamed = { group_id, file_id: files[0].file_id, name: 'renamed' };
        const { url } = await alice.does('POST /group/file/update_name', renamed);
        expect(await (await fetch(url)).text()).toBe('first');
      },
      { limits: { files: 1 } },
    );
  });

  overHttp('Grants of presence and last use', (story) => {
    story('every operation records the last use of an admin token when a minute has passed', async (given) => {
      const key = schema.adminToken.key(given.app, tokenHash(given.adminToken));
      const idle = () => given.db.write([update(key, { set: { seen: 0 } })]);
      const seen = async () => (await given.db.read(getItem<{ seen: number }>(key)))?.seen;
      // A call sends this write once and gives it up where the database is slow or, behind HTTP, unkind.
      const attempts = 10;
      for (const { id, access, methods, path } of routes) {
        if (access === 'public') continue;
        await idle();
        const user = await given.user();
        // The parameters may be wrong: the admin token is verified before them.
        const ask = () => given.admin({ user: user.id }).asks(`${methods[0]!} ${path}`);
        for (let attempt = 0; attempt < attempts && !(await seen()); attempt++) await given.undisturbed(ask);
        expect(await seen(), id).toBeGreaterThan(0);
      }
    });
  });
});
