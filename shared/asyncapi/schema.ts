import { EVENTS, type EventType, eventSchema } from '../events/catalogue.ts';
import { type JsonSchema, replySchema } from '../openapi/schema.ts';
import { meaningOf } from './field-meanings.ts';

/** The JSON Schema of `data` of a type. */
export const dataSchema = (type: EventType): JsonSchema => described(type, replySchema(EVENTS[type].data()));

/**
 * The JSON Schema of what all events have in common: everything, but of `type` and `data` no more than that they are
 * there.
 */
export function envelopeSchema(): JsonSchema {
  const { properties, ...schema } = described('', replySchema(eventSchema('group.dissolved')));
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
function described(type: string, { additionalProperties, ...schema }: JsonSchema): JsonSchema {
  const fields = Object.entries(schema.properties ?? {}).map(([name, { pattern, ...field }]) => [
    name,
    {
      ...field,
      // The format of a time says in two words what its pattern says.
      ...(pattern !== undefined && !field.format && { pattern }),
      description: meaningOf(type, name),
    },
  ]);
  return { ...schema, properties: Object.fromEntries(fields) };
}
