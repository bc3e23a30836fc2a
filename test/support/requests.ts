/** Generators of requests that nobody would send by mistake. */
import fc from 'fast-check';
import documented from '../fixtures/endpoints.json' with { type: 'json' };
import ownEndpoints from '../fixtures/own-endpoints.json' with { type: 'json' };
import { PASSWORD } from './secrets.ts';
import { anyText } from './texts.ts';

/** What exists in an app, so that requests can name it. */
export interface Known {
  group_id: number;
  people: number[];
  /** Valid values of a parameter: cursors, signatures, ids. */
  values?: Map<string, unknown[]>;
}

/** Values that find careless code: wrong types, limits of ranges, odd characters. */
export const anything: fc.Arbitrary<unknown> = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  anyText(300),
  fc.constantFrom<unknown>('', ' ', '0', '-0', '1e3', 'null', '\u0000', '\ud800', '[1,', '#', '~', 'x'.repeat(20_000)),
  fc.constantFrom<unknown>(0, -1, 2 ** 31, 2 ** 53, 1e300, 0.5, { constructor: 1, toString: 'x' }),
  fc.array(fc.integer({ min: -2, max: 5 }), { maxLength: 5 }),
);

/** Texts that are valid, but hard to store. */
const text = fc.oneof(anyText(60), fc.constantFrom('\u0000', '\ud800', '😀', ' x '));

/** Undocumented parameters that clients send, and names that every object has. */
const ALSO = ['cursor', 'limit', 'name', 'mobile', 'password', 'login_name', 'device_guid', 'device_sn', '__proto__'];

const documentedOf = (path: string) => [
  ...new Set([...documented, ...ownEndpoints].filter((one) => one.path === path).flatMap((one) => one.parameters)),
];

/** Names of parameters to try on a path. */
export const namesOf = (path: string): string[] => [...new Set([...documentedOf(path), ...ALSO])];

// Made once, since making a generator of texts takes milliseconds.
const mobile = fc.stringMatching(/^\+?[0-9]{5,15}$/);
const username = fc.stringMatching(/^[a-z_][A-Za-z0-9_]{5,20}$/);

/** Values that fit a parameter of that name, so that a call passes its schema. */
function fitting(name: string, { group_id, people, values }: Known): fc.Arbitrary<unknown> {
  const known = values?.get(name);
  if (known) return fc.constantFrom(...known);
  if (name === 'group_id') return fc.constant(group_id);
  if (name === 'group_list') return fc.constant([group_id]);
  if (/list$/.test(name)) return fc.subarray(people, { minLength: 1 });
  if (/user_id|new_owner/.test(name)) return fc.constantFrom(...people);
  if (/password/.test(name)) return fc.constantFrom(PASSWORD, 'another password');
  if (/version|limit|page|type|mode|hour|duration|badge|size|id$|_sn$/.test(name))
    return fc.integer({ min: 0, max: 24 });
  if (/^value$|enable|approval|^no_|vibratory|auto_|allow|read_ack|visible/.test(name)) return fc.boolean();
  if (name === 'cursor') return fc.constant('');
  if (name === 'mobile') return mobile;
  if (name === 'username') return username;
  return text;
}

/** A valid text that was cut, lengthened, changed in one character, or written in the other alphabet of base64. */
export const broken = (good: string): fc.Arbitrary<string> =>
  fc.oneof(
    fc.nat({ max: good.length }).map((end) => good.slice(0, end)),
    fc
      .tuple(
        fc.nat({ max: Math.max(0, good.length - 1) }),
        fc.constantFrom('A', '_', '=', '.', '%', ' ', '\u0000', 'é'),
      )
      .map(([at, sign]) => good.slice(0, at) + sign + good.slice(at + 1)),
    fc.constantFrom(`${good}=`, `${good}${good}`, good.replaceAll('-', '+').replaceAll('_', '/'), good.toUpperCase()),
  );

/** Parameters of a path: most fit, some are another tenant's, broken or random. */
export function parametersOf(path: string, known: Known, foreign?: Known): fc.Arbitrary<Record<string, unknown>> {
  const names = namesOf(path);
  const parameter = (name: string) => {
    const texts = (known.values?.get(name) ?? []).filter((value) => typeof value === 'string');
    return fc.oneof(
      { weight: 15, arbitrary: fitting(name, known) },
      { weight: 1, arbitrary: anything },
      ...(foreign ? [{ weight: 1, arbitrary: fitting(name, foreign) }] : []),
      ...texts.map((good) => ({ weight: 1, arbitrary: broken(good) })),
    );
  };
  return fc.record(Object.fromEntries(names.map((name) => [name, parameter(name)])), {
    requiredKeys: names.filter((name) => !ALSO.includes(name)),
    noNullPrototype: true,
  });
}

/** Texts that are no JSON, or JSON that strains a parser: deep, with huge numbers, with keys twice. */
export const hostileText: fc.Arbitrary<string> = fc.oneof(
  anyText(50),
  fc.json({ maxDepth: 2 }),
  fc.constantFrom(...['[', '{"a":', '[{"group_id":']).map((open) => open.repeat(20_000)),
  fc.integer({ min: 50, max: 20_000 }).map((depth) => `{"group_id":${'['.repeat(depth)}${']'.repeat(depth)}}`),
  fc.integer({ min: 50, max: 5000 }).map((depth) => `${'{"value":'.repeat(depth)}1${'}'.repeat(depth)}`),
  fc.constantFrom('1e999', '-1e999', '9'.repeat(5000), '0.1e-999', '9007199254740993').map((n) => `{"group_id":${n}}`),
  fc.constantFrom(
    '{"__proto__":{"group_id":1},"constructor":{"prototype":{"value":1}}}',
    '{"group_id":1,"group_id":"x","group_id":{}}',
    '\ufeff{}',
    '{"value":"\\ud800"}',
    "{'value':1}",
    'null',
    '{}{}',
    `{"value":"${'\u{1f600}'.repeat(70_000)}"}`,
    `{"user_list":[${'1,'.repeat(20_000)}1]}`,
  ),
);
