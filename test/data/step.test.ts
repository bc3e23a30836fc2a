import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Database } from '../../shared/data/database.ts';
import {
  absent,
  all,
  any,
  atMost,
  below,
  type Condition,
  Expression,
  equal,
  exists,
  missing,
  oneOf,
  present,
  unchanged,
} from '../../shared/data/expression.ts';
import { getItem } from '../../shared/data/read.ts';
import { check, put, remove, type Step, statement, update } from '../../shared/data/step.ts';
import { newTable } from '../support/database.ts';

const NAMES = ['alpha', 'beta', 'name', 'status', 'size'];
const value = fc.oneof(
  fc.integer({ min: -1000, max: 1000 }),
  fc.string({ maxLength: 8 }),
  fc.boolean(),
  fc.constant(null),
  fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 3 }),
  fc.record({ inner: fc.integer({ min: 0, max: 9 }) }),
);
const attributes = fc.dictionary(fc.constantFrom(...NAMES), fc.option(value, { nil: undefined }), {
  maxKeys: 4,
  noNullPrototype: true,
});
const condition: fc.Arbitrary<Condition> = fc.letrec<{ one: Condition }>((tie) => ({
  one: fc.oneof(
    { maxDepth: 2 },
    fc.constantFrom(exists, missing),
    fc.constantFrom(...NAMES.flatMap((name) => [present(name), absent(name)])),
    fc
      .tuple(fc.constantFrom(equal, below, atMost), fc.integer({ min: -3, max: 3 }))
      .map(([compare, bound]) => compare('count', bound)),
    fc.tuple(fc.constantFrom(...NAMES), value).map(([name, expected]) => equal(name, expected)),
    fc.array(fc.integer({ min: -2, max: 2 }), { minLength: 1, maxLength: 3 }).map((some) => oneOf('count', some)),
    attributes.filter((read) => Object.keys(read).length > 0).map((read) => unchanged(read, ...Object.keys(read))),
    fc.array(tie('one'), { minLength: 1, maxLength: 3 }).map((some) => all(...some)),
    fc.array(tie('one'), { minLength: 1, maxLength: 3 }).map((some) => any(...some)),
  ),
})).one;

const KEYS = ['a', 'b', 'c'].map((sk) => ({ pk: 'P', sk }));
const stepOn = (key: (typeof KEYS)[number]): fc.Arbitrary<Step> =>
  fc.oneof(
    fc.tuple(attributes, fc.option(condition, { nil: undefined })).map(([item, one]) => put(key, item, one)),
    fc
      .tuple(
        attributes.filter((set) => Object.keys(set).length > 0),
        fc.option(fc.integer({ min: -2, max: 2 }), { nil: undefined }),
        fc.option(condition, { nil: undefined }),
      )
      .map(([set, by, one]) => update(key, { set, ...(by !== undefined && { add: { count: by } }) }, one)),
    fc.option(condition, { nil: undefined }).map((one) => remove(key, one)),
    condition.map((one) => check(key, one)),
  );
const transaction = fc
  .subarray(KEYS, { minLength: 1 })
  .chain((keys) => fc.tuple(...keys.map(stepOn)) as fc.Arbitrary<Step[]>);

test('what a call knows after a write equals the table, whether the write held or not', async () => {
  const table = await newTable();
  const gets = KEYS.map((key) => getItem(key));
  let written = 0;
  let refused = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(transaction, { minLength: 1, maxLength: 5 }), async (transactions) => {
      const db = new Database(table.client, table.name);
      await db.load(gets);
      for (const steps of transactions) {
        if (await db.write(steps)) written++;
        else refused++;
        expect(db.records(gets)).toEqual(await new Database(table.client, table.name).read(gets));
      }
    }),
    { numRuns: 100 },
  );
  expect(written).toBeGreaterThan(20);
  expect(refused).toBeGreaterThan(20);
});

test('no text of a caller is ever part of an expression', () => {
  const evil = 'x = :v0 OR attribute_exists(pk)';
  const step = update(KEYS[0]!, { set: { status: evil, size: undefined }, add: { count: 1 } }, equal('name', evil));
  const { UpdateExpression, ConditionExpression, ...rest } = statement(step, 'table');
  expect(UpdateExpression).toBe('SET #status = :v0 REMOVE #size ADD #count :v1');
  expect(ConditionExpression).toBe('#name = :v2');
  expect(rest).toMatchObject({
    ExpressionAttributeNames: { '#status': 'status', '#size': 'size', '#count': 'count', '#name': 'name' },
    ExpressionAttributeValues: { ':v0': evil, ':v1': 1, ':v2': evil },
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  });
  expect(new Expression().placeholders()).toEqual({});
});
