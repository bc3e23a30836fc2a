import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Call } from '../../shared/domain/call.ts';
import { after, before, Cursor } from '../../shared/domain/cursor.ts';
import { anyText } from '../support/texts.ts';

const FORM = /^[\d#]{1,60}$/;
const secret = randomBytes(32).toString('base64url');
/** A caller, as far as a cursor looks. */
const call = (actor: object = { kind: 'user', user: 7, device: 1 }, app = 'one') =>
  ({ app, actor, appRecord: { app, secret } }) as unknown as Call;
const position = fc.stringMatching(/^[\d#]{1,60}$/);

test('a cursor is good for its list, its caller and its app, and for nobody else', () => {
  fc.assert(
    fc.property(position, (at) => {
      const text = new Cursor('list 1', undefined).next(call(), at);
      const given = new Cursor('list 1', text);
      expect(given.position(FORM)).toBe(at);
      given.verify(call(), FORM);
      // The app acting as that user is that user.
      given.verify(call({ kind: 'app as user', user: 7 }), FORM);
      for (const [list, caller] of [
        ['list 2', call()],
        ['list 1', call({ kind: 'user', user: 8, device: 1 })],
        ['list 1', call({ kind: 'app' })],
        ['list 1', call(undefined, 'two')],
      ] as const)
        expect(() => new Cursor(list, text).verify(caller, FORM)).toThrow('cursor');
    }),
    { numRuns: 50 },
  );
});

test('a changed one is good for nothing, and gives no position outside of the form', () => {
  const text = new Cursor('list', undefined).next(call(), '123#45');
  fc.assert(
    fc.property(fc.nat(), anyText(3), (at, other) => {
      const place = at % text.length;
      const changed = text.slice(0, place) + other + text.slice(place + 1);
      fc.pre(changed !== text && changed !== '');
      const cursor = new Cursor('list', changed);
      expect(() => cursor.verify(call(), FORM)).toThrow('cursor');
      expect(cursor.position(FORM) ?? '').toMatch(/^[\d#]*$/);
    }),
    { numRuns: 500 },
  );
  new Cursor('list', undefined).verify(call(), FORM);
  new Cursor('list', '').verify(call(), FORM);
});

test('what comes after a position, and before it, is everything but the position', () => {
  const key = fc.stringMatching(/^[\d#]{1,12}$/);
  fc.assert(
    fc.property(key, key, (at, other) => {
      expect(other >= after(at)).toBe(other > at);
      expect(other <= before(at)).toBe(other < at);
    }),
    { numRuns: 2000 },
  );
});
