/**
 * Builds the text of a condition. Names and values are always placeholders, so that input of callers never becomes part
 * of the text.
 */
export type Condition = ((expression: Expression) => string) & {
  /** The conditions that `all` has joined. */
  parts?: Condition[];
};

/** Collects the placeholders of one statement. */
export class Expression {
  readonly names: Record<string, string> = {};
  readonly values: Record<string, unknown> = {};

  name(attribute: string): string {
    this.names[`#${attribute}`] = attribute;
    return `#${attribute}`;
  }

  value(value: unknown): string {
    const placeholder = `:v${Object.keys(this.values).length}`;
    this.values[placeholder] = value;
    return placeholder;
  }

  /** The placeholders as DynamoDB commands take them. An empty map is not allowed. */
  placeholders() {
    return {
      ...(Object.keys(this.names).length > 0 && { ExpressionAttributeNames: this.names }),
      ...(Object.keys(this.values).length > 0 && { ExpressionAttributeValues: this.values }),
    };
  }
}

const compare =
  (operator: string) =>
  (attribute: string, value: unknown): Condition =>
  (e) =>
    `${e.name(attribute)} ${operator} ${e.value(value)}`;

export const equal = compare('=');
export const below = compare('<');
export const atMost = compare('<=');
export const above = compare('>');
export const oneOf =
  (attribute: string, values: unknown[]): Condition =>
  (e) =>
    `${e.name(attribute)} IN (${values.map((value) => e.value(value)).join(', ')})`;
export const present =
  (attribute: string): Condition =>
  (e) =>
    `attribute_exists(${e.name(attribute)})`;
export const absent =
  (attribute: string): Condition =>
  (e) =>
    `attribute_not_exists(${e.name(attribute)})`;
/** DynamoDB refuses redundant parentheses, so a single condition gets none. */
const joined =
  (word: 'AND' | 'OR') =>
  (...conditions: Condition[]): Condition =>
  (e) =>
    conditions.length === 1
      ? (conditions[0] as Condition)(e)
      : conditions.map((condition) => `(${condition(e)})`).join(` ${word} `);
/** All of the conditions, without nested parentheses where one of them joins others in the same way. */
export const all = (...conditions: Condition[]): Condition => {
  const parts = conditions.flatMap((condition) => condition.parts ?? [condition]);
  return Object.assign(joined('AND')(...parts), { parts });
};
export const any = joined('OR');
/** The item exists. */
export const exists = present('pk');
/** The item does not exist. */
export const missing = absent('pk');

/** The attributes are as they were read. Those of an item that did not exist are all absent. */
export const unchanged = <T extends object>(record: T | undefined, ...attributes: (keyof T & string)[]): Condition =>
  all(
    ...attributes.map((attribute) => {
      const value = record?.[attribute];
      return value === undefined ? absent(attribute) : equal(attribute, value);
    }),
  );

/** The attributes have these values. */
export const matches = <T extends object>(values: Partial<T>): Condition =>
  all(...Object.entries(values).map(([name, value]) => equal(name, value)));
