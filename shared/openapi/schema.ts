import * as z from 'zod/mini';
import { asBoolean, asNumber, DECIMAL } from '../http/parameters.ts';

/** A schema of JSON Schema 2020-12, as OpenAPI 3.1 has it. */
export interface JsonSchema {
  $ref?: string;
  type?: string | string[];
  properties?: Record<string, JsonSchema>;
  required?: string[];
  items?: JsonSchema;
  oneOf?: JsonSchema[];
  anyOf?: JsonSchema[];
  description?: string;
  enum?: unknown[];
  minimum?: number;
  maximum?: number;
  [keyword: string]: unknown;
}

/** Where a parameter is sent. In a query everything is text; in a body a number may be written as text. */
type Place = 'query' | 'body';

/** What a parameter accepts beside values of its own type (docs/behaviour.md, Parameters). */
const COERCIONS = new Map<unknown, JsonSchema>([
  [asNumber, { type: ['integer', 'string'], pattern: DECIMAL.source }],
  [asBoolean, { type: ['boolean', 'integer', 'string'], enum: [true, false, 1, 0, 'true', 'false', '1', '0'] }],
]);

/** The schema of what an operation accepts. */
export function requestSchema(schema: z.core.$ZodType, place: Place): JsonSchema {
  const { $schema, ...json } = z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
    override({ zodSchema, jsonSchema }) {
      const { def } = zodSchema._zod;
      if (def.type === 'default') jsonSchema.default = def.defaultValue as never;
      // A leading transformation hides whether a field is required. So ask the schema whether it refuses a missing value.
      if (def.type === 'object') {
        const required = Object.keys(def.shape).filter((name) => !z.safeParse(def.shape[name]!, undefined).success);
        delete jsonSchema.required;
        if (required.length > 0) jsonSchema.required = required;
      }
      if (def.type === 'pipe') Object.assign(jsonSchema, pipeSchema(jsonSchema as JsonSchema, def, place));
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) {
        delete jsonSchema.maximum;
        jsonSchema.format = 'int64';
      }
    },
  }) as JsonSchema;
  return json;
}

/** Of a pipe that ends in a transformation, only its input is described; of any other pipe, both ends. */
function pipeSchema(into: JsonSchema, def: z.core.$ZodPipeDef, place: Place): JsonSchema {
  if (def.out._zod.def.type === 'transform') return into;
  const { transform } = def.in._zod.def as z.core.$ZodTransformDef;
  return { ...both(into, requestSchema(def.out, place)), ...(place === 'body' && COERCIONS.get(transform)) };
}

/** A schema for which both hold: the narrower bounds, and the first type, which accepts more. */
function both(first: JsonSchema, second: JsonSchema): JsonSchema {
  const { minimum, maximum } = { ...first, ...second };
  const type = first.type ?? second.type;
  const { items, ...merged } = { ...first, ...second };
  return {
    ...merged,
    // A text that becomes a list is described as a text.
    ...(type === 'array' && items && { items }),
    ...(type !== undefined && { type }),
    ...(minimum !== undefined && { minimum: Math.max(first.minimum ?? minimum, second.minimum ?? minimum) }),
    ...(maximum !== undefined && { maximum: Math.min(first.maximum ?? maximum, second.maximum ?? maximum) }),
  };
}

/**
 * The schema of what is sent: `data` in an answer, or an event. Schemas of `named` become references to components; `take`
 * gets each of them.
 */
export function replySchema(
  schema: z.core.$ZodType,
  named: ReadonlyMap<z.core.$ZodType, string> = new Map(),
  take: (name: string, schema: JsonSchema) => void = () => {},
): JsonSchema {
  const metadata = z.registry<{ id: string }>();
  for (const [type, id] of named) metadata.add(type, { id });
  // Inside an object, because the schema at the top never becomes a reference.
  const { properties, $defs } = z.toJSONSchema(z.object({ schema }), { io: 'output', metadata }) as JsonSchema;
  for (const [name, definition] of Object.entries(($defs ?? {}) as Record<string, JsonSchema>))
    take(name, tidy(definition));
  return tidy(properties!.schema!);
}

/** Rewrites references to point to components, and drops the bounds that every whole number has. */
function tidy({ id, ...schema }: JsonSchema): JsonSchema {
  return JSON.parse(
    JSON.stringify(schema, (key, value) => {
      if (key === '$ref') return String(value).replace('#/$defs/', '#/components/schemas/');
      if ((key === 'minimum' || key === 'maximum') && Math.abs(value) === Number.MAX_SAFE_INTEGER) return undefined;
      return value;
    }),
  );
}
