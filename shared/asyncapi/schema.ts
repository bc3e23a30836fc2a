import * as z from 'zod/mini';
import { EVENTS, type EventType, eventSchema } from '../events/catalogue.ts';
import type { JsonSchema } from '../openapi/schema.ts';
import { meaningOf } from './field-meanings.ts';

/** The JSON Schema of `data` of a type. */
export const dataSchema = (type: EventType): JsonSchema =>
  described(type, z.toJSONSchema(EVENTS[type].data()) as JsonSchema);

/** The JSON Schema of what all events have in common: everything, but of `type` and `data` no more than that they are there. */
export function envelopeSchema(): JsonSchema {
  const { properties, ...schema } = described('', z.toJSONSchema(eventSchema('group.dissolved')) as JsonSchema);
  return {
    ...schema,
    properties: {
      ...properties,
      type: { type: 'string', description: meaningOf('', 'type')! },
      data: { type: 'object', description: meaningOf('', 'data')! },
    },
  };
}

/**
 * The schema with the meaning of each field, and open: a validator of a reader must not refuse fields that a later
 * version adds.
 */
function described(type: string, { $schema, additionalProperties, ...schema }: JsonSchema): JsonSchema {
  const fields = Object.entries(schema.properties ?? {}).map(([name, field]) => [
    name,
    { ...tidy(field), description: meaningOf(type, name) },
  ]);
  return { ...schema, properties: Object.fromEntries(fields) };
}

/** Without the bounds that every whole number has, and the pattern of a time, which its format tells in two words. */
function tidy({ minimum, maximum, pattern, ...field }: JsonSchema): JsonSchema {
  return {
    ...field,
    ...(minimum !== undefined && minimum !== Number.MIN_SAFE_INTEGER && { minimum }),
    ...(maximum !== undefined && maximum !== Number.MAX_SAFE_INTEGER && { maximum }),
    ...(pattern !== undefined && !field.format && { pattern }),
  };
}
