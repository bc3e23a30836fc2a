import { describe, expect } from 'vitest';
import { codeOf } from '../support/api.ts';
import { inBothWorlds } from '../support/story.ts';

describe('Profile and settings', () => {
  inBothWorlds('Profile and settings of the actor', (story) => {
    story('a profile is empty until it is set, and a call changes only the fields it names', async (given) => {
      const alice = await given.user('alice');
      const empty = {
        user_id: alice.id,
        username: alice.username,
        mobile: '',
        nick_name: '',
        avatar: '',
        description: '',
        email: '',
        private_info: '',
        public_info: '',
      };
      expect(await alice.does('GET /user/profile')).toEqual(empty);
      expect(await alice.does('PUT /user/profile', { nick_name: '  Ally ', public_info: '{"a":1}' })).toBe(true);
      expect(await alice.does('POST /user/profile', { description: ' mine ', private_info: 'secret' })).toBe(true);
      const full = {
        ...empty,
        nick_name: 'Ally',
        public_info: '{"a":1}',
        description: ' mine ',
        private_info: 'secret',
      };
      expect(await alice.does('GET /user/profile')).toEqual(full);
      expect(await given.admin({ user: alice.id }).does('GET /user/profile')).toEqual(full);
      // Unknown fields and null change nothing.
      expect(await alice.does('POST /user/profile', {})).toBe(true);
      expect(await alice.does('POST /user/profile', { username: 'other', nick_name: null, avatar: 'x' })).toBe(true);
      expect(await alice.does('GET /user/profile')).toEqual(full);
      await alice.does('PUT /user/profile', { nick_name: '', description: '', private_info: '', public_info: '' });
      expect(await alice.does('GET /user/profile')).toEqual(empty);
    });

    story('a text that is too long is refused (badParameter), and nothing is written', async (given) => {
      const alice = await given.user('alice');
      const before = await alice.does('GET /user/profile');
      for (const [field, value] of [
        ['nick_name', 'n'.repeat(129)],
        ['description', 'd'.repeat(1025)],
        ['private_info', 'p'.repeat(16_385)],
        ['public_info', 'ü'.repeat(8193)],
        ['description', 5],
        ['nick_name', { text: 'x' }],
      ] as const) {
        const { body } = await alice.asks('PUT /user/profile', { description: 'kept out', [field]: value });
        expect(body).toMatchObject({ code: codeOf('badParameter'), message: expect.stringMatching(`^${field}:`) });
      }
      expect(await alice.does('GET /user/profile')).toEqual(before);
      await alice.does('PUT /user/profile', {
        nick_name: '😀'.repeat(128),
        description: '😀'.repeat(1024),
        private_info: 'ü'.repeat(8192),
        public_info: 'p'.repeat(16_384),
      });
    });

    story('a call changes only the settings that it names', async (given) => {
      const alice = await given.user('alice');
      const before = await alice.does('GET /user/settings');
      expect(before).toMatchObject({ user_id: alice.id, id: alice.id, group_confirm: false, no_push_start_hour: 0 });
      const change = {
        auth_answer: 'Rex',
        auth_mode: 2,
        auth_question: 'dog?',
        auto_download: true,
        group_confirm: true,
        no_push: true,
        no_push_detail: true,
        no_push_end_hour: 7,
        no_push_start_hour: 23,
        no_sounds: true,
        push_nick_name: 'Al',
        push_token: 'p',
        silence_end_time: 6,
        silence_start_time: 22,
        vibratory: true,
      };
      expect(await alice.does('PUT /user/settings', { user_id: alice.id, id: 5, ...change })).toBe(true);
      expect(await alice.does('GET /user/settings')).toEqual({ ...before, ...change });
      expect(
        await alice.does('POST /user/settings', { user_id: String(alice.id), no_push: 'FALSE', vibratory: 0 }),
      ).toBe(true);
      expect(await alice.does('GET /user/settings')).toEqual({
        ...before,
        ...change,
        no_push: false,
        vibratory: false,
      });
      expect(await alice.does('POST /user/settings', { user_id: alice.id })).toBe(true);
    });

    story('settings are changed by their user only (noPermission), or by the app for any user', async (given) => {
      const [alice, bob] = await given.users(2);
      expect(await alice!.fails('PUT /user/settings', { user_id: bob!.id, no_push: true })).toBe('noPermission');
      expect(await alice!.fails('PUT /user/settings', { user_id: 1, no_push: true })).toBe('noPermission');
      expect(await alice!.fails('PUT /user/settings', { no_push: true })).toBe('badParameter');
      expect(await given.admin().does('PUT /user/settings', { user_id: bob!.id, no_push: true })).toBe(true);
      expect(
        await given.admin({ user: alice!.id }).does('PUT /user/settings', { user_id: bob!.id, vibratory: 1 }),
      ).toBe(true);
      expect(await bob!.does('GET /user/settings')).toMatchObject({ no_push: true, vibratory: true });
      expect(await given.admin().fails('PUT /user/settings', { user_id: 1, no_push: true })).toBe('userMissing');
      expect(await given.admin().fails('GET /user/settings')).toBe('badParameter');
    });

    story('a setting out of range is refused with its name (badParameter)', async (given) => {
      const alice = await given.user('alice');
      for (const [field, value] of [
        ['no_push_start_hour', 24],
        ['no_push_end_hour', -1],
        ['silence_start_time', 1.5],
        ['silence_end_time', '1x'],
        ['no_push', 2],
        ['no_sounds', 'yes'],
        ['auth_mode', 4],
        ['push_nick_name', 'p'.repeat(129)],
      ] as const) {
        const { body } = await alice.asks('PUT /user/settings', { user_id: alice.id, [field]: value });
        expect(body).toMatchObject({ code: codeOf('badParameter'), message: expect.stringMatching(`^${field}:`) });
      }
    });
  });
});
