import { expect, test } from 'vitest';
import { FOR_EVER } from '../../shared/data/keys.ts';
import type { Item } from '../../shared/data/read.ts';
import * as schema from '../../shared/data/schema.ts';
import { appId, groupId, userId } from './ids.ts';
import { schemaProblems } from './schema.ts';

const member = {
  ...schema.groupMembership.key(appId('shop'), groupId(7), userId(1)),
  state: 'member',
  role: 1,
  joined: 1_700_000_000_000,
  lsi1sk: schema.groupMembership.orders.joined(1_700_000_000_000, 0, userId(1)),
  stamp: 'loyw3v28 u1 cause',
};

test('an item of the schema has no problem', () => {
  expect(schemaProblems(member)).toEqual([]);
});

test.each<[string, Item]>([
  ['an attribute that the schema does not know', { made: 1 }],
  ['an attribute of another type', { joined: 'yesterday' }],
  ['a value out of its range', { role: 3 }],
  ['an index key of another form', { lsi1sk: `X#${FOR_EVER}#1` }],
  ['a key of an index that its kind does not use', { gsi1pk: 'FILES#shop', gsi1sk: '7#1' }],
  ['no stamp of its author', { stamp: undefined }],
  ['a version where its shape has not changed', { v: 2 }],
  ['a sort key of no kind', { sk: 'R#one' }],
])('an item with %s is a problem', (_, change) => {
  expect(schemaProblems({ ...member, ...change })).toHaveLength(1);
});
