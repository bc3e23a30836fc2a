import { readFileSync } from 'node:fs';
import asyncApi from '@asyncapi/specs';
import { Ajv, type AnySchema } from 'ajv';
import { describe, expect, test } from 'vitest';
import { asyncApiDocument, exampleOf } from '../../shared/asyncapi/document.ts';
import { dataSchema } from '../../shared/asyncapi/schema.ts';
import { EVENT_TYPES, EVENTS, eventSchema } from '../../shared/events/catalogue.ts';

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
const document = JSON.parse(JSON.stringify(asyncApiDocument({ version })));

/** What AsyncAPI's own schema finds wrong. */
function faultsOf(value: unknown): string[] {
  // The schema brings draft 7 along.
  const ajv = new Ajv({ strict: false, meta: false, validateSchema: false, validateFormats: false });
  const valid = ajv.compile(asyncApi.schemas['3.0.0'] as AnySchema);
  return valid(value) ? [] : (valid.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

const ajv = new Ajv({ strict: false, formats: { 'date-time': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/ } });
ajv.addSchema(document, 'events');
/** Why a value does not fit a schema of the document; undefined where it fits. */
function misfitOf(value: unknown, path: string): string | undefined {
  const fits = ajv.compile({ $ref: `events#/${path}` });
  return fits(value) ? undefined : ajv.errorsText(fits.errors);
}

describe('the AsyncAPI document', () => {
  test('is AsyncAPI 3.0 by its own schema', () => {
    expect(faultsOf(document)).toEqual([]);
  });

  test('a document with a slip is none: the schema looks', () => {
    const wrong = structuredClone(document);
    wrong.operations.deliver.action = 'post';
    expect(faultsOf(wrong).length).toBeGreaterThan(0);
  });

  test('every reference leads somewhere', () => {
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, path]) => path!);
    const lost = references.filter((path) => {
      let at: Record<string, unknown> | undefined = document;
      for (const part of path.split('/')) at = at?.[part] as Record<string, unknown> | undefined;
      return at === undefined;
    });
    expect(references.length).toBeGreaterThan(EVENT_TYPES.length);
    expect(lost).toEqual([]);
  });

  test('webhooks have one message for each type, with the headers of Standard Webhooks', () => {
    expect(Object.keys(document.channels.webhook.messages)).toEqual([...EVENT_TYPES]);
    expect(document.operations.deliver.messages).toHaveLength(EVENT_TYPES.length);
    for (const type of EVENT_TYPES) {
      const [{ headers, payload }] = document.components.messages[type].examples;
      expect(misfitOf(headers, 'components/schemas/WebhookHeaders')).toBeUndefined();
      expect(payload.type).toBe(type);
    }
  });

  test('the example of a page fits its schema', () => {
    const { payload, examples } = document.components.messages.page;
    expect(examples).toHaveLength(1);
    expect(misfitOf(examples[0].payload, 'components/messages/page/payload')).toBeUndefined();
    expect(payload.required).toContain('head');
  });

  test('says of every field what it means (shared/asyncapi/field-meanings.ts)', () => {
    const missing = EVENT_TYPES.flatMap((type) =>
      Object.entries(dataSchema(type).properties ?? {})
        .filter(([, { description }]) => !description)
        .map(([name]) => `${type} ${name}`),
    );
    const envelope = Object.entries<{ description?: string }>(document.components.schemas.Envelope.properties);
    expect([...missing, ...envelope.filter(([, { description }]) => !description)]).toEqual([]);
  });
});

describe.each(EVENT_TYPES)('an event %s', (type) => {
  const example = JSON.parse(JSON.stringify(exampleOf(type)));

  test('its example fits the JSON Schema of its type and of no other', () => {
    expect(misfitOf(example, `components/schemas/${type}`)).toBeUndefined();
    expect(misfitOf(example, 'components/schemas/Event')).toBeUndefined();
  });

  test('its example fits the schema that tests check events by', () => {
    expect(eventSchema(type).safeParse(example).error).toBeUndefined();
  });

  test('lacks no field that is not optional, and has no other', () => {
    const optional = Object.entries(EVENTS[type].data().shape).filter(([, field]) => field._zod.optin === 'optional');
    for (const field of Object.keys(example.data)) {
      const { [field]: _, ...data } = example.data;
      const needed = !optional.some(([name]) => name === field);
      expect(misfitOf({ ...example, data }, `components/schemas/${type}`) !== undefined, field).toBe(needed);
    }
    const more = { ...example, data: { ...example.data, password: 'secret' } };
    expect(eventSchema(type).safeParse(more).success).toBe(false);
    // Readers must bear what later versions add.
    expect(misfitOf(more, `components/schemas/${type}`)).toBeUndefined();
  });

  test('has the subject of its own data', () => {
    const other = { ...example, subject: `${example.subject}0` };
    expect(eventSchema(type).safeParse(other).success).toBe(false);
  });
});
