import { build } from 'esbuild';
import { describe, expect, test } from 'vitest';
import { FORM } from '../../infra/bundle.ts';
import { exampleOf } from '../../shared/asyncapi/document.ts';
import { EVENT_TYPES, EVENTS, eventSchema, isEventPattern, selects, subjectOf } from '../../shared/events/catalogue.ts';

describe('the catalogue of events', () => {
  test('has one row for each type, in the same order', () => {
    expect(Object.keys(EVENTS)).toEqual([...EVENT_TYPES]);
  });

  test('a pattern selects its type, or all types that begin alike', () => {
    expect(selects('group.member.added', 'group.member.added')).toBe(true);
    expect(selects('group.member.*', 'group.member.added')).toBe(true);
    expect(selects('group.*', 'group.member.added')).toBe(true);
    expect(selects('group.member.*', 'group.created')).toBe(false);
    expect(selects('group.member.added', 'group.member.removed')).toBe(false);
    expect(selects('user.*', 'user.block.added')).toBe(true);
  });

  test.each(['group.*', 'group.member.*', 'app.token.issued'])('%s is a pattern', (text) => {
    expect(isEventPattern(text)).toBe(true);
  });

  test.each(['*', '.*', 'group', 'group.', 'group*', 'group.mem*', 'group.member', 'groups.*', 'Group.*', ''])(
    '"%s" is no pattern',
    (text) => {
      expect(isEventPattern(text)).toBe(false);
    },
  );

  test('the subject names what the event is about', () => {
    expect(subjectOf('session.created', { user_id: 12, device_sn: 1, reason: 'login' })).toBe('user/12');
    expect(subjectOf('user.block.added', { user_id: 12, blocked_id: 13 })).toBe('user/12');
    expect(subjectOf('group.dissolved', { group_id: 77 })).toBe('group/77');
    expect(subjectOf('group.user.blocked', { group_id: 77, user_id: 12 })).toBe('group/77/member/12');
    expect(subjectOf('group.announcement.deleted', { group_id: 77, announcement_id: 3, author: 1 })).toBe(
      'group/77/announcement/3',
    );
    expect(subjectOf('app.token.issued', { token_id: 't' })).toBe('app');
  });

  test('only the system has no id', () => {
    const { authid, ...event } = exampleOf('group.dissolved');
    const fits = (value: unknown) => eventSchema('group.dissolved').safeParse(value).success;
    expect(fits({ ...event, authtype: 'system' })).toBe(true);
    expect(fits({ ...event, authtype: 'system', authid })).toBe(false);
    expect(fits({ ...event, authtype: 'user' })).toBe(false);
  });

  test('a bundle that needs names alone carries no schema and no sentence', async () => {
    const { outputFiles } = await build({
      ...FORM,
      stdin: {
        contents: "export { isEventPattern, selects, subjectOf } from './shared/events/catalogue.ts'",
        resolveDir: new URL('../..', import.meta.url).pathname,
      },
      write: false,
    });
    const text = outputFiles[0]!.text;
    expect(text).toContain('group.member.added');
    expect(text).not.toContain('zod');
    expect(text).not.toContain('strictObject');
    expect(text).not.toContain(EVENTS['group.dissolved'].when);
    expect(text.length).toBeLessThan(3000);
  });
});
