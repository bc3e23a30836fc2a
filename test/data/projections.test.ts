import { expect, test } from 'vitest';
import { projectedBy } from '../../shared/data/schema.ts';
import { LOCAL_INDEXES } from '../../shared/data/table.ts';

// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html: projected attributes per index and
// per table. DynamoDB Local accepts more, and an existing table never gets other local indexes.
test('the local indexes hold no more attributes than DynamoDB allows', () => {
  const projected = LOCAL_INDEXES.map(({ name }) => projectedBy(name));
  for (const attributes of projected) expect(attributes.length).toBeLessThanOrEqual(20);
  expect(projected.flat().length).toBeLessThanOrEqual(100);
});
