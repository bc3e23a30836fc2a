import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { JsonSchema } from '../../shared/openapi/schema.ts';
import { routeKeysOf, routes } from '../../shared/routes/index.ts';
import groupsAndUsers from '../fixtures/endpoints.json' with { type: 'json' };
import ownEndpoints from '../fixtures/own-endpoints.json' with { type: 'json' };
import rosterEndpoints from '../fixtures/roster-endpoints.json' with { type: 'json' };

/** docs/openapi.json against the API documents, which fix every route, header, parameter, field and type. */
const { paths, components } = JSON.parse(readFileSync(new URL('../../docs/openapi.json', import.meta.url), 'utf8'));

/** All that the description has beside what the documents have, or has otherwise, and why. */
const DEVIATIONS = {
  /** They ignore token and actor headers: clients send a stale token there. */
  withoutToken: /^\/user\/register\/(v2|push)$/,
  /** Ignored: the field beside it says the same. */
  ignored: new Map([['/user/settings', 'id']]),
  /** The whole body is the value, of any JSON. */
  bodyIsTheValue: /^\/user\/(private|public)$/,
  /** Either of two names, so neither is insisted on. */
  eitherName: /^\/user\/token\/unbind$/,
  /** Lists that the documents call `object`. */
  list: /^\/group\/(application|banned|blocked|invitation)_list$/,
  more: [
    // The other name of a serial number, which the rest of the documents use.
    '/user/token/unbind device_sn',
    // Long lists have pages, all in the way that the documents page lists.
    '/user/list cursor',
    '/user/list answers cursor',
    '/user/list answers version',
    '/group/file/list limit',
    '/group/file/list cursor',
    '/group/file/list version',
    '/group/file/list answers cursor',
    '/group/file/list answers version',
    '/group/public_list limit',
    '/group/public_list cursor',
    '/group/public_list version',
    '/group/public_list answers cursor',
    '/group/public_list answers version',
    // The full record is one record wherever it is answered.
    '/group/info answers data.count',
    '/group/info answers data.capacity',
    '/group/info answers data.hide_member_info',
    '/group/settings answers data.count',
    '/group/settings answers data.capacity',
    '/group/settings answers data.hide_member_info',
  ],
};

type Documented = Omit<(typeof groupsAndUsers)[number], 'query' | 'body' | 'entry' | 'data'> &
  Record<'query' | 'body' | 'entry' | 'data', Record<string, string | undefined>>;
const documented: Documented[] = [...groupsAndUsers, ...rosterEndpoints];

interface Operation {
  parameters: { $ref?: string; name: string; in: string; required: boolean; schema: JsonSchema }[];
  requestBody?: { $ref: string };
  responses: Record<string, { $ref: string }>;
  security: Record<string, unknown>[];
}

/** What a reference leads to. */
// biome-ignore lint/suspicious/noExplicitAny: OpenAPI's objects; the assertions say what is expected of them
function at(reference: string): any {
  const [, section = '', name = ''] = /^#\/components\/(\w+)\/(.+)$/.exec(reference) ?? [];
  return components[section][name];
}

const rows = documented
  .filter(({ method, path }) =>
    routes.some((row) => row.path === path && (row.methods as readonly string[]).includes(method)),
  )
  .map((document) => [`${document.section} ${document.method} ${document.path}`, document] as const);

const operationOf = ({ method, path }: Documented): Operation => paths[path][method.toLowerCase()];
const bodyOf = ({ requestBody }: Operation): JsonSchema | undefined =>
  requestBody && at(requestBody.$ref).content['application/json']?.schema;
const successOf = ({ responses }: Operation): Record<string, JsonSchema> => {
  const { schema } = at(responses[200]!.$ref).content['application/json'];
  // Without an envelope the whole body is the data.
  return schema.oneOf ? schema.oneOf[0].properties : { data: schema };
};
const resolved = (schema: JsonSchema): JsonSchema => (schema.$ref ? at(schema.$ref) : schema);

/** Fields of `data`: of its object, or of the entries of its list. */
function fieldsOf(success: Record<string, JsonSchema>): Record<string, JsonSchema> {
  const data = resolved(success.data!);
  return resolved(data.items ?? data).properties ?? {};
}

/** The documents' name of a type: `int32`, `array[object]`, …; both widths of integers are one. */
function typeOf(schema: JsonSchema): string {
  const { type, items } = resolved(schema);
  const types = [type].flat();
  if (types.includes('boolean')) return 'boolean';
  if (types.includes('integer')) return 'int';
  if (type === 'array') return `array[${typeOf(items!)}]`;
  return String(type);
}
const asWritten = (type: string) => type.replace(/int(32|64)/, 'int');

const typesOf = (properties: Record<string, JsonSchema>) =>
  Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, typeOf(schema)]));

/** Those of `expected` whose type is written; an empty type says nothing. */
const typed = (expected: object) =>
  Object.fromEntries(
    Object.entries(expected).flatMap(([name, type]) => (type ? [[name, asWritten(type)] as const] : [])),
  );

test('every route stands in the documents or in test/fixtures/own-endpoints.json', () => {
  const known = new Set([...documented, ...ownEndpoints].map(({ method, path }) => `${method} ${path}`));
  const all = routes.flatMap(routeKeysOf);
  expect(all.filter((route) => !known.has(route))).toEqual([]);
});

/** Checks each documented operation; a failure names it. */
const each = (title: string, check: (document: Documented, name: string) => void) =>
  test(title, () => {
    expect(rows.length).toBeGreaterThan(100);
    for (const [name, document] of rows) check(document, name);
  });

each('the documented headers are taken', (document, name) => {
  const { parameters, security } = operationOf(document);
  const named = parameters.map(({ $ref }) => $ref?.slice($ref.lastIndexOf('/') + 1));
  const schemes: Record<string, string> = { app: 'app_id', token: 'access-token' };
  const headers = [...named, ...Object.keys(security[0]!).map((scheme) => schemes[scheme])];
  const expected = DEVIATIONS.withoutToken.test(document.path) ? ['app_id'] : document.headers;
  expect(headers, name).toEqual(expect.arrayContaining(expected));
});

each('the documented parameters are taken where they are documented', (document, name) => {
  const operation = operationOf(document);
  const query = operation.parameters.filter((parameter) => parameter.in === 'query');
  const inQuery = Object.fromEntries(query.map((parameter) => [parameter.name, parameter.schema]));
  const body = bodyOf(operation);
  expect(typesOf(inQuery), name).toMatchObject(typed(document.query));
  expect(Object.keys(inQuery), name).toEqual(expect.arrayContaining(Object.keys(document.query)));
  if (DEVIATIONS.bodyIsTheValue.test(document.path)) return expect(body?.properties, name).toBeUndefined();
  const expected: Record<string, string | undefined> = { ...document.body };
  delete expected[DEVIATIONS.ignored.get(document.path) ?? ''];
  expect(typesOf(body?.properties ?? {}), name).toMatchObject(typed(expected));
  expect(typesOf(body?.properties?.list?.items?.properties ?? {}), name).toMatchObject(typed(document.entry));
  if (DEVIATIONS.eitherName.test(document.path)) return;
  const required = [...query.filter((one) => one.required).map((one) => one.name), ...(body?.required ?? [])];
  const insisted = document.required.filter((one) => one in { ...document.query, ...expected });
  expect(required, name).toEqual(expect.arrayContaining(insisted));
});

each('the documented envelope and fields are answered', (document, name) => {
  const success = successOf(operationOf(document));
  expect(Object.keys(success), name).toEqual(expect.arrayContaining(Object.keys(document.envelope)));
  const { data: type } = document.envelope;
  const expected = DEVIATIONS.list.test(document.path) ? 'array[object]' : asWritten(type);
  expect(typeOf(success.data!), name).toBe(expected);
  expect(typesOf(fieldsOf(success)), name).toMatchObject(typed(document.data));
});

test('nothing is taken or answered beside that, but what is named here', () => {
  const more = rows.flatMap(([, document]) => {
    const operation = operationOf(document);
    const { path, query, body, envelope, data } = document;
    const success = successOf(operation);
    const parameters = [
      ...operation.parameters.filter((parameter) => parameter.in === 'query').map((parameter) => parameter.name),
      ...Object.keys(bodyOf(operation)?.properties ?? {}),
    ].filter((name) => !(name in query) && !(name in body));
    const around = Object.keys(success).filter((name) => !(name in envelope));
    // Where the documents say nothing of `data`, any field is ours to say.
    const silent = Object.keys(data).length === 0;
    const fields = silent ? [] : Object.keys(fieldsOf(success)).filter((name) => !(name in data));
    return [
      ...parameters.map((name) => `${path} ${name}`),
      ...around.map((name) => `${path} answers ${name}`),
      ...fields.map((name) => `${path} answers data.${name}`),
    ];
  });
  expect([...new Set(more)].sort()).toEqual([...DEVIATIONS.more].sort());
});

test('every route of test/fixtures/own-endpoints.json takes the parameters and answers the fields that stand there', () => {
  for (const { method, path, parameters, fields } of ownEndpoints) {
    const operation: Operation = paths[path][method.toLowerCase()];
    const taken = [
      ...operation.parameters.map(({ name }) => name),
      ...Object.keys(bodyOf(operation)?.properties ?? {}),
    ];
    expect(taken, path).toEqual(expect.arrayContaining(parameters));
    expect(Object.keys(fieldsOf(successOf(operation))), path).toEqual(expect.arrayContaining(fields));
  }
});
