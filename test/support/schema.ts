import { formOf, type Key } from '../../shared/data/entity.ts';
import type { Item } from '../../shared/data/read.ts';
import { ENTITIES } from '../../shared/data/schema.ts';

const kinds = Object.entries(ENTITIES).map(([name, { entity, fields }]) => {
  const { orders = {}, gsi1 } = entity.shape;
  const forms = Map.groupBy(Object.values(orders), ([index]) => `${index}sk`);
  return {
    name,
    matches: entity.has,
    fields: fields(),
    ttl: entity.shape.ttl,
    stamped: entity.shape.stamped ?? false,
    orders: ['lsi1sk', 'lsi2sk', 'lsi3sk'].map(
      (attribute) => [attribute, (forms.get(attribute) ?? []).map(([, template]) => formOf(template))] as const,
    ),
    gsi1: gsi1?.map(formOf),
  };
});

/** What is wrong with an item by the schema: one sentence each, none where all is well. */
export function schemaProblems(item: Item & Key): string[] {
  const { pk, sk, lsi1sk, lsi2sk, lsi3sk, gsi1pk, gsi1sk, ttl, v, stamp, ...attributes } = item;
  const of = kinds.filter(({ matches }) => matches({ pk, sk }));
  const [kind] = of;
  if (!kind || of.length > 1) return [`${pk} ${sk} is an item of ${of.length} kinds`];
  const problem = (text: string) => `${kind.name} ${pk} ${sk} ${text}`;
  const found: string[] = [];
  const parsed = kind.fields.safeParse(attributes);
  if (!parsed.success)
    found.push(
      ...parsed.error.issues.map(({ path, message, code }) => problem(`${path.join('.')}: ${code} ${message}`)),
    );
  for (const [attribute, forms] of kind.orders) {
    const value = item[attribute];
    if (value !== undefined && !forms.some((form) => form.test(String(value))))
      found.push(problem(`has ${attribute} ${value}`));
  }
  const indexed = [gsi1pk, gsi1sk].filter((value) => value !== undefined);
  // A deleted app or file and a dissolved group leave their index; the name of a group does so later (see invariants.ts).
  const deleted =
    (kind.name === 'app' && attributes.status === 'deleted') ||
    (kind.name === 'file' && attributes.name === undefined) ||
    (kind.name === 'group' && attributes.status === 'dissolved') ||
    (kind.name === 'group info' && indexed.length === 0);
  if (indexed.length !== (kind.gsi1 && !deleted ? 2 : 0))
    found.push(problem(`has ${indexed.length} keys of the global index`));
  if (kind.gsi1?.some((form, place) => indexed[place] !== undefined && !form.test(String(indexed[place]))))
    found.push(problem(`has ${indexed} in the global index`));
  if (kind.ttl !== 'some' && (ttl !== undefined) !== (kind.ttl === 'all')) found.push(problem(`has the TTL ${ttl}`));
  // A count takes the stamp of a user's item away: see countOnUser.
  const counted = kind.name === 'user' && Object.keys(attributes).some((name) => name.startsWith('paid'));
  if ((stamp !== undefined) !== kind.stamped && !counted) found.push(problem(`has the stamp ${stamp}`));
  if (v !== undefined) found.push(problem(`has the version ${v}`));
  return found;
}
