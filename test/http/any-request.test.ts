import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { routes } from '../../shared/routes/index.ts';
import documented from '../fixtures/endpoints.json' with { type: 'json' };
import { Given, PASSWORD } from '../support/story.ts';
import { world } from '../support/world.ts';

/** Values that break what was not thought through: wrong types, edges of ranges, texts that no alphabet knows. */
const anything = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.constantFrom<unknown>('', ' ', '0', '-0', '1e3', 'null', '\u0000', '\ud800', '[1,', '#', '~', 'x'.repeat(20_000)),
  fc.constantFrom<unknown>(0, -1, 2 ** 31, 2 ** 53, 1e300, 0.5, { constructor: 1, toString: 'x' }),
  fc.array(fc.integer({ min: -2, max: 5 }), { maxLength: 5 }),
);

/** Texts that are good, but hard to keep. */
const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 60 }), fc.constantFrom('\u0000', '\ud800', '😀', ' x '));

/** Parameters that clients send without the document, and names that objects have of themselves. */
const ALSO = ['cursor', 'limit', 'name', 'mobile', 'password', 'login_name', 'device_guid', 'device_sn', '__proto__'];

const namesOf = (path: string) => [
  ...new Set(documented.filter((one) => one.path === path).flatMap(({ parameters }) => parameters)),
  ...ALSO,
];

/** What fits a parameter of that name, so that a call gets past its schema. */
const fitting = (name: string, known: { group_id: number; people: number[] }): fc.Arbitrary<unknown> => {
  if (name === 'group_id') return fc.constant(known.group_id);
  if (/list$/.test(name)) return fc.subarray(known.people, { minLength: 1 });
  if (/user_id|new_owner/.test(name)) return fc.constantFrom(...known.people);
  if (/password/.test(name)) return fc.constantFrom(PASSWORD, 'another password');
  if (/version|limit|page|type|mode|hour|duration|badge|size|id$|_sn$/.test(name))
    return fc.integer({ min: 0, max: 24 });
  if (/^value$|enable|approval|^no_|vibratory|auto_|allow|read_ack|visible/.test(name)) return fc.boolean();
  if (name === 'cursor') return fc.constant('');
  if (name === 'mobile') return fc.stringMatching(/^\+?[0-9]{5,15}$/);
  if (name === 'username') return fc.stringMatching(/^[a-z_][A-Za-z0-9_]{5,20}$/);
  return text;
};

describe('No request is a fault of the service', () => {
  test.each(routes.map((route) => [route.methods[0] as string, route.path, route] as const))(
    '%s %s',
    async (_, path, { access, methods }) => {
      const given = await Given.app(await world('in process'));
      const [alice, bob] = await given.users(2);
      const group_id = await given.group(alice!, { members: [bob!] });
      const known = { group_id, people: [alice!.id, bob!.id, 1] };
      const names = namesOf(path);
      const parameters = fc.record(
        Object.fromEntries(
          names.map((name) => [
            name,
            fc.oneof({ weight: 6, arbitrary: fitting(name, known) }, { weight: 1, arbitrary: anything }),
          ]),
        ),
        { requiredKeys: names.filter((name) => !ALSO.includes(name)), noNullPrototype: true },
      );
      const request = fc.record({
        body: fc.oneof(
          { weight: 8, arbitrary: parameters },
          { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 50 }) },
          { weight: 1, arbitrary: fc.json({ maxDepth: 2 }) },
        ),
        query: fc.option(fc.dictionary(fc.constantFrom(...names), anything, { maxKeys: 2 }), {
          nil: undefined,
          freq: 2,
        }),
        base64: fc.boolean(),
        as: fc.constantFrom<object>(
          alice!.headers,
          { token: given.adminToken },
          { token: given.adminToken, user: bob!.id },
        ),
      });
      await fc.assert(
        fc.asyncProperty(request, async ({ as, ...sent }) => {
          const actor = access === 'actor' ? as : {};
          const { status, body, log } = await given.api.call(methods[0]!, path, { app: given.app, ...actor, ...sent });
          expect(status, JSON.stringify(log?.error)).toBe(200);
          expect(body.code).not.toBe(20000);
        }),
        // Hashing makes the operations with passwords slow.
        { numRuns: /token\/(user|id|login)|register|password|delete/.test(path) ? 8 : 15 },
      );
      expect(await given.problems()).toEqual([]);
    },
  );
});
