import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  isGenuine,
  keyFor,
  newAdminToken,
  newUserToken,
  parseToken,
  sameText,
  tokenHash,
} from '../../shared/call/token.ts';
import { newApp } from '../../shared/domain/app/apps.ts';
import { appId, userId } from '../support/ids.ts';
import { anyText } from '../support/texts.ts';

const app = newApp(appId('one'));

test('a token names its user and device, and is genuine in its own app only', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 2 ** 53 - 1 }).map(userId),
      fc.integer({ min: 1, max: 2 ** 53 - 1 }),
      (user, device) => {
        const text = newUserToken(app, user, device);
        const token = parseToken(text)!;
        expect(token).toEqual({ kind: 'user', text, user, device });
        expect(isGenuine(app, token)).toBe(true);
        expect(isGenuine(newApp(appId('one')), token)).toBe(false);
        expect(isGenuine({ ...app, app: appId('two') }, token)).toBe(false);
      },
    ),
    { numRuns: 50 },
  );
  const admin = parseToken(newAdminToken(app))!;
  expect(admin.kind).toBe('admin');
  expect(isGenuine(app, admin)).toBe(true);
  expect(isGenuine(newApp(appId('one')), admin)).toBe(false);
});

test('a changed token is malformed or forged', () => {
  const user = newUserToken(app, userId(12), 34);
  const admin = newAdminToken(app);
  fc.assert(
    fc.property(fc.constantFrom(user, admin), fc.nat(), anyText(3), (text, at, other) => {
      const place = at % text.length;
      const changed = text.slice(0, place) + other + text.slice(place + 1);
      fc.pre(changed !== text);
      const token = parseToken(changed);
      expect(token === undefined || !isGenuine(app, token)).toBe(true);
    }),
    { numRuns: 1000 },
  );
  for (const text of [
    '',
    ' ',
    user.slice(0, -1),
    `${user} `,
    ` ${user}`,
    `${user}.x`,
    user.replace('u1', 'u2'),
    user.toUpperCase(),
  ])
    expect(parseToken(text)).toBeUndefined();
});

test('tokens and their hashes are never the same, and each purpose has its own key', () => {
  const texts = Array.from({ length: 100 }, () => newUserToken(app, userId(1), 1));
  expect(new Set([...texts, ...texts.map(tokenHash)]).size).toBe(200);
  const purposes = ['token', 'cursor', 'qrcode', 'file', 'device'] as const;
  expect(new Set(purposes.map((purpose) => keyFor(app, purpose).export().toString('hex'))).size).toBe(purposes.length);
});

test('the comparison of secrets holds for texts of any length', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary-ascii' }), fc.string({ unit: 'binary-ascii' }), (one, other) => {
      expect(sameText(one, other)).toBe(one === other);
      expect(sameText(one, one)).toBe(true);
    }),
  );
});
