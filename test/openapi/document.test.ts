import { readFileSync } from 'node:fs';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { documents } from '../../infra/docs.ts';
import type { Examples } from '../../shared/openapi/document.ts';
import type { JsonSchema } from '../../shared/openapi/schema.ts';
import { routeKeysOf, routes } from '../../shared/routes/index.ts';

const file = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const examples: Examples = JSON.parse(file('docs/examples.json'));
const written = await documents();
const document = JSON.parse(written['docs/openapi.json']!);

describe('what is written from the route table and the schemas', () => {
  test.each(Object.keys(written))('%s is up to date (npm run docs writes it)', (path) => {
    expect(file(path)).toBe(written[path]);
  });
});

describe('the description of the API', () => {
  test('is OpenAPI 3.1', async () => {
    const validator = new Validator();
    expect(await validator.validate(structuredClone(document))).toEqual({ valid: true });
    expect(validator.version).toBe('3.1');
  });

  test('a document with a slip is none: the validator looks', async () => {
    const wrong = structuredClone(document);
    wrong.paths['/group/create'].post.responses = 'none';
    expect((await new Validator().validate(wrong)).valid).toBe(false);
  });

  test('has every route once, each with an id of its own', () => {
    const described = Object.entries<Record<string, { operationId: string }>>(document.paths).flatMap(
      ([path, methods]) => Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(described.sort()).toEqual(routes.flatMap(routeKeysOf).sort());
    const ids = Object.values<Record<string, { operationId: string }>>(document.paths).flatMap((methods) =>
      Object.values(methods).map(({ operationId }) => operationId),
    );
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('says of every field what it means (shared/openapi/field-meanings.ts)', () => {
    const missing: string[] = [];
    const look = (where: string, { properties = {}, items, oneOf, anyOf }: JsonSchema) => {
      for (const [name, field] of Object.entries(properties)) {
        const envelope = ['code', 'data', 'message', 'version'].includes(name) && where.endsWith('Success');
        if (!field.description && !field.$ref && !envelope) missing.push(`${where} ${name}`);
        look(`${where} ${name}`, field);
      }
      if (items) look(where, items);
      for (const one of [...(oneOf ?? []), ...((anyOf as JsonSchema[] | undefined) ?? [])])
        look(`${where} ${one.title ?? ''}`, one);
    };
    const { requestBodies, responses, schemas } = document.components;
    for (const [name, body] of Object.entries<Body>(requestBodies)) look(name, Object.values(body.content)[0]!.schema);
    for (const name of routes.map(({ id }) => componentOf(id)))
      look(name, responses[name].content['application/json'].schema);
    for (const name of Object.keys(schemas).filter((one) => !['ApiError', 'Fault'].includes(one)))
      look(name, schemas[name]);
    expect(missing).toEqual([]);
  });

  test('shows of every operation a success and an error, as they were answered (npm run examples)', () => {
    const without = routes.filter(({ id }) => {
      const codes = Object.keys(examples[id] ?? {});
      return !codes.includes('200') || codes.length < 2;
    });
    expect(without.map(({ id }) => id)).toEqual([]);
  });

  test('shows examples that fit their own schemas', () => {
    const ajv = new Ajv2020({ strict: false, validateSchema: false, formats: { int64: true } });
    ajv.addSchema(document, 'api');
    for (const [section, components] of [
      ['requestBodies', document.components.requestBodies],
      ['responses', document.components.responses],
    ] as const)
      for (const [name, { content }] of Object.entries<Body>(components)) {
        const [[type, { example, examples: several = {} }]] = Object.entries(content) as [
          [string, Body['content'][string]],
        ];
        const fits = ajv.compile({
          $ref: `api#/components/${section}/${name}/content/${type.replace('/', '~1')}/schema`,
        });
        const values = [
          ...(example === undefined ? [] : [example]),
          ...Object.values(several).map(({ value }) => value),
        ];
        for (const value of values) expect(fits(value), `${name}: ${ajv.errorsText(fits.errors)}`).toBe(true);
      }
  });

  test('holds no whole token', () => {
    expect(file('docs/examples.json')).not.toMatch(/\b(u1\.[0-9a-z]+\.[0-9a-z]+|a1)\.[\w-]{43}\.[\w-]{22}/);
  });
});

interface Body {
  /** By its type. */
  content: Record<string, { schema: JsonSchema; example?: unknown; examples?: Record<string, { value: unknown }> }>;
}

const componentOf = (id: string) => id.replace(/(?:^|[/-])([a-z0-9])/g, (_, first: string) => first.toUpperCase());
