import { isDeepStrictEqual } from 'node:util';
import type {
  GlobalSecondaryIndexDescription,
  LocalSecondaryIndexDescription,
  TableDescription,
} from '@aws-sdk/client-dynamodb';

/** Keys and indexes of a table. Two tables of the same shape hold the same items at the same cost. */
export interface TableShape {
  /** Attributes of the primary key, the partition key first. */
  key: readonly string[];
  /** By name. */
  indexes: readonly IndexShape[];
}

interface IndexShape {
  name: string;
  key: readonly string[];
  /** Attributes of an entry beside those of the keys; undefined: all of the item. */
  projected: readonly string[] | undefined;
  /** A global index has partitions of its own. */
  isGlobal: boolean;
}

type Described = Pick<TableDescription, 'KeySchema' | 'LocalSecondaryIndexes' | 'GlobalSecondaryIndexes'>;

/** The shape of a table, as a template or DescribeTable describes it. */
export function shapeOf({ KeySchema, LocalSecondaryIndexes = [], GlobalSecondaryIndexes = [] }: Described): TableShape {
  const indexShape =
    (isGlobal: boolean) =>
    ({
      IndexName: name = '',
      KeySchema,
      Projection,
    }: LocalSecondaryIndexDescription | GlobalSecondaryIndexDescription) => ({
      name,
      key: keyOf(KeySchema),
      projected: Projection?.ProjectionType === 'ALL' ? undefined : [...(Projection?.NonKeyAttributes ?? [])].sort(),
      isGlobal,
    });
  const indexes = [...LocalSecondaryIndexes.map(indexShape(false)), ...GlobalSecondaryIndexes.map(indexShape(true))];
  return { key: keyOf(KeySchema), indexes: indexes.sort((one, other) => one.name.localeCompare(other.name)) };
}

const keyOf = (schema: TableDescription['KeySchema'] = []): string[] =>
  ['HASH', 'RANGE'].flatMap((type) =>
    schema.flatMap(({ AttributeName, KeyType }) => (KeyType === type && AttributeName ? [AttributeName] : [])),
  );

export const haveSameShape = (one: Described, other: Described): boolean =>
  isDeepStrictEqual(shapeOf(one), shapeOf(other));
