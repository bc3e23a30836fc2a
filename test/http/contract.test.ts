import { expect, test } from 'vitest';
import { routes } from '../../shared/routes/index.ts';
import endpoints from '../fixtures/endpoints.json' with { type: 'json' };
import fileEndpoints from '../fixtures/file-endpoints.json' with { type: 'json' };
import { moduleOf } from '../support/api.ts';

/** What the API documents say, and what clients use beside it for files. */
const documented = [...endpoints, ...fileEndpoints];

/** The fields of an operation's `data`: of its object, or of the entries of its list. */
interface Shape {
  _zod: { def: { type: string; shape?: Record<string, unknown>; element?: Shape; innerType?: Shape; in?: Shape } };
}

const fieldsOf = ({ _zod: { def } }: Shape): string[] =>
  def.shape
    ? Object.keys(def.shape)
    : def.element
      ? fieldsOf(def.element)
      : def.innerType
        ? fieldsOf(def.innerType)
        : [];

const parametersOf = ({ _zod: { def } }: Shape): string[] =>
  def.shape ? Object.keys(def.shape) : def.in ? parametersOf(def.in) : [];

/** Documented fields of a request that are ignored: what they name, the token or another field says. */
const IGNORED: Record<string, string[]> = { 'user/settings/set': ['id'] };

const rows = routes.flatMap((route) =>
  documented
    .filter(({ method, path }) => path === route.path && (route.methods as readonly string[]).includes(method))
    .map((document) => ({ route, document, name: `${document.section} ${document.method} ${document.path}` })),
);

test('documented routes and the route table name the same methods', () => {
  const undocumented = routes.flatMap(({ path, methods, section }) =>
    section === 'token'
      ? []
      : methods.filter((method) => !documented.some((one) => one.method === method && one.path === path)),
  );
  expect(undocumented).toEqual([]);
});

test.each(rows)('$name answers the documented fields', async ({ route, document }) => {
  const { reply } = await moduleOf(route);
  expect(fieldsOf(reply as unknown as Shape)).toEqual(expect.arrayContaining(document.fields));
});

test.each(rows)('$name takes the documented parameters', async ({ route, document }) => {
  const { request } = await moduleOf(route);
  const known = parametersOf(request as unknown as Shape);
  // A raw body is one text, under a name of our own.
  const expected = known.includes('body') ? [] : document.parameters;
  const ignored = IGNORED[route.id] ?? [];
  expect(known).toEqual(expect.arrayContaining(expected.filter((name) => !ignored.includes(name))));
});
