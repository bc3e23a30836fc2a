import { expect, it } from 'vitest';
import {
  appId,
  displayName,
  eventTypes,
  futureTime,
  limitChange,
  numberOrZero,
  wholeNumber,
} from '../../infra/ops/arguments.ts';

const NOW = Date.parse('2030-01-01T00:00:00Z');

it.each([
  ['30d', '2030-01-31T00:00:00Z'],
  ['12h', '2030-01-01T12:00:00Z'],
  ['90m', '2030-01-01T01:30:00Z'],
  ['2031-02-03', '2031-02-03T00:00:00Z'],
  ['2031-02-03T04:05Z', '2031-02-03T04:05:00Z'],
  ['2031-02-03T04:05:06+02:00', '2031-02-03T02:05:06Z'],
])('the time %s is read', (text, time) => {
  expect(futureTime(text, NOW)).toBe(Date.parse(time));
});

it.each(['', '30', '0d', '1w', '-1d', 'tomorrow', '2029-12-31', '2031-13-01', '2031-02-03T04:05'])(
  'the time %j is refused',
  (text) => {
    expect(() => futureTime(text, NOW)).toThrow(/Give a span|in the future/);
  },
);

it('several limits are read, and the last value of a name wins', () => {
  const changes = ['files=7', 'users=0', 'tags=default', 'files=8'].reduce((all, text) => limitChange(text, all), {});
  expect(changes).toEqual({ files: 8, users: 0, tags: undefined });
});

it.each([
  ['groups_joined=3001', 'groups_joined: takes a whole number from 0 to 3000'],
  ['group_capacity=0', 'group_capacity: takes a whole number from 1 to 100000'],
  ['devices=-1', 'devices: takes'],
  ['devices=1.5', 'devices: takes'],
  ['devices=', 'devices: takes'],
  ['devices', 'devices: takes'],
  ['users=99999999999', 'users: takes'],
  ['colour=3', 'limit: there is no "colour"'],
  ['__proto__=3', 'limit: there is no "__proto__"'],
])('the limit %j is refused with a message', (text, sentence) => {
  expect(() => limitChange(text)).toThrow(sentence);
});

it.each(['', 'a b', 'a#b', 'é', 'x'.repeat(65)])('the app id %j is refused', (text) => {
  expect(() => appId(text)).toThrow('An app id has');
});

it('a display name is any text that a terminal can show', () => {
  expect(displayName('  Ünïcode 💬 ')).toBe('Ünïcode 💬');
  for (const text of ['', '  ', 'x'.repeat(129), '\u001b[2J']) expect(() => displayName(text)).toThrow('A name has');
});

it.each(['', '-1', '1.5', '1e3', ' 7', '12345678901234567'])('the number %j is refused', (text) => {
  expect(() => numberOrZero(text)).toThrow(/^That is no whole number\.$/);
  expect(() => wholeNumber(text)).toThrow('That is no whole number above 0.');
});

it('a number may be 0 where 0 means something', () => {
  expect(numberOrZero('0')).toBe(0);
  expect(() => wholeNumber('00')).toThrow('That is no whole number above 0.');
  expect([numberOrZero('007'), wholeNumber('007')]).toEqual([7, 7]);
});

it('types of events are added to the previous ones', () => {
  expect(eventTypes('user.*, group.created', ['app.updated'])).toEqual(['app.updated', 'user.*', 'group.created']);
  for (const text of ['', 'user.*,', 'group.closed', 'user*'])
    expect(() => eventTypes(text)).toThrow('is no type of events');
});
