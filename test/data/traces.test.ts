import { describe, expect, test } from 'vitest';
import type * as z from 'zod/mini';
import type { Key } from '../../shared/data/keys.ts';
import type { Item } from '../../shared/data/read.ts';
import { ENTITIES, PERSONS } from '../../shared/data/schema.ts';
import { stampText } from '../../shared/data/stamp.ts';
import { itemAfter, stamped } from '../../shared/data/step.ts';
import { type Person, recordAbout, removalOf, traceOf } from '../../shared/data/trace-repo.ts';
import { EVENT_TYPES, EVENTS } from '../../shared/events/catalogue.ts';
import { PERSON_FIELDS } from '../../shared/events/erased.ts';
import { appId, userId } from '../support/ids.ts';

const USER = 123_454_321;
const person: Person = { app: appId('shop'), user: userId(USER), names: [] };
const OPERATOR = { type: 'operator', id: 'story', cause: 'story' } as const;
const NOW = 1_800_000_000_000;

/** A key of the kind, in which this placeholder is the user, and every other one is something else. */
function keyWith(template: string, place: string | undefined): string {
  let other = 500;
  return template.replaceAll(/\{(\w+)(?::(\w+))?\}/g, (_, name: string, type = '') => {
    if (name === 'app') return 'shop';
    if (name === 'partition') return `U#shop#${place === name ? USER : 7}`;
    const digits = { time: 13, id: 16, place: 4 }[type as 'time'] ?? 0;
    return String(name === place ? USER : ++other).padStart(digits, '0');
  });
}

/** Items in which one attribute names the user, as a value of the schema. */
function* naming(type: unknown): Generator<unknown> {
  if (PERSONS.has(type as z.ZodMiniType)) yield USER;
  const { def } = (type as { _zod: { def: Record<string, unknown> & { type: string } } })._zod;
  if (def.type === 'optional') yield* naming(def.innerType);
  if (def.type === 'array') for (const one of naming(def.element)) yield [one];
  if (def.type === 'tuple')
    for (const [place, part] of (def.items as unknown[]).entries())
      for (const one of naming(part)) yield Array.from({ length: place + 1 }, (_, at) => (at === place ? one : 1));
  if (def.type === 'record') for (const one of naming(def.valueType)) yield { some: one };
  if (def.type === 'union') for (const option of def.options as unknown[]) yield* naming(option);
  if (def.type === 'object')
    for (const [name, field] of Object.entries(def.shape as object))
      for (const one of naming(field)) yield { [name]: one };
}

/** Every way in which an item may name a user, by the schema. */
const ways = Object.entries(ENTITIES)
  .filter(([kind]) => kind !== 'erasure')
  .flatMap(([kind, { entity, fields }]) => {
    const { pk, sk } = entity.shape;
    const item = (place?: string): Item & Key => ({ pk: keyWith(pk, place), sk: keyWith(sk, place) });
    const places = ['user', 'inviter', 'other'].filter((name) => `${pk} ${sk}`.includes(`{${name}}`));
    return [
      ...places.map((place) => [`the key of a ${kind} (${place})`, item(place)] as const),
      ...[...naming(fields())].map((attributes) => {
        const named = { ...(attributes as Item), ...(kind === 'job' && { app: 'shop' }) };
        return [`a ${kind} ${JSON.stringify(attributes)}`, { ...item(), ...named }] as const;
      }),
      ...(entity.shape.stamped
        ? [
            [
              `the stamp of a ${kind}`,
              { ...item(), stamp: stampText({ type: 'user', id: USER, cause: 'c' }, NOW) },
            ] as const,
          ]
        : []),
    ];
  });

const names = (item: Item | undefined) => new RegExp(`(?<!\\d)${USER}(?!\\d)`).test(JSON.stringify(item ?? {}));

describe('traces of a person', () => {
  test('the schema names users in many ways', () => {
    expect(ways.length).toBeGreaterThan(40);
    for (const [way, item] of ways) expect(names(item), way).toBe(true);
  });

  test.each(ways)('%s is found and goes', (way, item) => {
    const trace = traceOf(item, person, NOW);
    expect(trace, way).toBeDefined();
    if (way === 'the key of a user (user)') return expect(trace).toMatchObject({ does: 'wait' });
    if (trace?.does !== 'remove' && trace?.does !== 'change') return;
    const after = trace.steps.reduce<Item | undefined>((at, step) => itemAfter(stamped(step, OPERATOR, NOW), at), item);
    expect(names(after), JSON.stringify(after)).toBe(false);
    if (after) expect(traceOf(after as Item & Key, person, NOW)).toBeUndefined();
  });

  test('an item of another app, or about another user, is none', () => {
    for (const [way, item] of ways) {
      expect(traceOf(item, { ...person, app: appId('other') }, NOW), way).toBeUndefined();
      expect(traceOf(item, { ...person, user: userId(123_454_322) }, NOW), way).toBeUndefined();
    }
  });

  test('everything in the partition of the user is exported, but for secrets', () => {
    for (const [kind, { entity }] of Object.entries(ENTITIES).filter(
      ([, of]) => of.entity.shape.pk === 'U#{app}#{user}',
    )) {
      const item = {
        pk: keyWith(entity.shape.pk, 'user'),
        sk: keyWith(entity.shape.sk, 'user'),
        said: 'x',
        token: 'y',
      };
      expect(recordAbout(item, person, NOW), kind).toMatchObject({ kind, said: 'x' });
      expect(recordAbout(item, person, NOW)).not.toHaveProperty('token');
    }
  });

  test('the times of failed logins are exported', () => {
    const lock = { pk: `L#shop#${USER}`, sk: '#', fails: [NOW], mark: 'm', ttl: 1 };
    expect(recordAbout(lock, person, NOW)).toEqual({ kind: 'lock-out', account: USER, fails: [NOW], ttl: 1 });
  });

  test('the account of another user who was invited is not exported', () => {
    const invitedBy = { day: 1, counts: [[USER, 2]] };
    const other = { pk: 'U#shop#7', sk: '#', user: 7, username: 'other', mobile: '4915100000007', invitedBy };
    expect(traceOf(other, person, NOW)).toMatchObject({ does: 'change' });
    expect(recordAbout(other, person, NOW)).toBeUndefined();
    const stamp = stampText({ type: 'user', id: USER, cause: 'c' }, NOW);
    expect(recordAbout({ ...other, stamp }, person, NOW)).toEqual({
      ...{ kind: 'last change', of: 'user', user: 7 },
      changed_at: NOW,
    });
  });
});

test('an erased app takes every kind of items with it but its tombstone and the erasure itself', () => {
  const stay = Object.entries(ENTITIES).flatMap(([kind, { entity }]) => {
    const { pk, sk } = entity.shape;
    const item = { pk: keyWith(pk, undefined), sk: keyWith(sk, undefined), ...(kind === 'job' && { app: 'shop' }) };
    expect(removalOf(item, appId('other')), kind).toBeUndefined();
    return removalOf(item, person.app) ? [] : [kind];
  });
  // Registrations go with their files. The key signs receipts of all apps.
  expect(stay).toEqual(['app', 'registration', 'receipt key']);
  expect(removalOf({ pk: 'E#shop', sk: 'app' }, person.app)).toBeUndefined();
  const file = { pk: 'G#shop#7#F', sk: String(1).padStart(16, '0'), random: 'r', registered: true };
  expect(removalOf(file, person.app)?.map(({ key }) => key.pk)).toEqual(['G#shop#7#F', 'O#r']);
});

test('the fields of events that hold a user are those that an erasure looks at', () => {
  const fields = EVENT_TYPES.flatMap((type) => {
    const { shape } = EVENTS[type].data() as unknown as { shape: Record<string, z.ZodMiniType> };
    return Object.entries(shape).flatMap(([name, field]) => (naming(field).next().done ? [] : [name]));
  });
  expect([...new Set(fields)].sort()).toEqual([...PERSON_FIELDS].sort());
});
