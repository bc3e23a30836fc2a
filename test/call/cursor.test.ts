import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Call } from '../../shared/call/call.ts';
import { after, before, Cursor } from '../../shared/call/cursor.ts';
import { anyText } from '../support/texts.ts';

const FORM = /^[\d#]{1,60}$/;
const secret = randomBytes(32).toString('base64url');
/** A caller, as far as a cursor looks: its actor is verified already, so that the cursor is checked at once. */
const call = (actor: object = { kind: 'user', user: 7, device: 1 }, app = 'one') =>
  ({ app, actor, appRecord: { app, secret }, verifyWithActor: (check: () => void) => check() }) as unknown as Call;
const position = fc.stringMatching(/^[\d#]{1,60}$/);

test('a cursor is valid for its own list, caller and app only', () => {
  fc.assert(
    fc.property(position, (at) => {
      const text = new Cursor(call(), 'list 1', FORM, undefined).next(at);
      expect(new Cursor(call(), 'list 1', FORM, text).position).toBe(at);
      // The app acting as that user is that user.
      new Cursor(call({ kind: 'app as user', user: 7 }), 'list 1', FORM, text);
      for (const [list, caller] of [
        ['list 2', call()],
        ['list 1', call({ kind: 'user', user: 8, device: 1 })],
        ['list 1', call({ kind: 'app' })],
        ['list 1', call(undefined, 'two')],
      ] as const)
        expect(() => new Cursor(caller, list, FORM, text)).toThrow('cursor');
    }),
    { numRuns: 50 },
  );
});

test('a changed cursor is refused, and yields no position of another form', () => {
  const text = new Cursor(call(), 'list', FORM, undefined).next('123#45');
  const unverified = { verifyWithActor: () => {} } as unknown as Call;
  fc.assert(
    fc.property(fc.nat(), anyText(3), (at, other) => {
      const place = at % text.length;
      const changed = text.slice(0, place) + other + text.slice(place + 1);
      fc.pre(changed !== text && changed !== '');
      expect(() => new Cursor(call(), 'list', FORM, changed)).toThrow('cursor');
      expect(new Cursor(unverified, 'list', FORM, changed).position ?? '').toMatch(/^[\d#]*$/);
    }),
    { numRuns: 500 },
  );
  for (const none of [undefined, '']) expect(new Cursor(call(), 'list', FORM, none).position).toBeUndefined();
});

test('the keys after a position, and those before it, are all keys but the position itself', () => {
  const key = fc.stringMatching(/^[\d#]{1,12}$/);
  fc.assert(
    fc.property(key, key, (at, other) => {
      expect(other >= after(at)).toBe(other > at);
      expect(other <= before(at)).toBe(other < at);
    }),
    { numRuns: 2000 },
  );
});
