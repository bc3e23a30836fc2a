import fc from 'fast-check';
import type { Method, Operation } from '../../shared/routes/index.ts';
import { anything, broken, hostileText, type Known, namesOf, parametersOf } from '../support/requests.ts';
import { anyText } from '../support/texts.ts';

/** A request as it goes over the wire: headers and parameters may come twice, the body may be anything. */
export interface WireRequest {
  method: Method;
  /** With the query. */
  path: string;
  /** Names and values in turn. Values in latin1, as HTTP has them. */
  headers: string[];
  body: Buffer | undefined;
}

/** A tenant as requests may speak of it. */
export interface Tenant {
  app: string;
  adminToken: string;
  tokens: string[];
  known: Known;
}

/** Parameters, query and body, before they become bytes. */
type Content = { query: [string, string][] | string; body: Buffer | undefined; type: string | undefined };

/** Requests of one route by callers of `own`, who try what is `foreign` too. */
export function requestsOf({ path, access }: Operation, method: Method, own: Tenant, foreign: Tenant) {
  return fc
    .record({ credentials: credentialsOf(own, foreign, access), content: contentOf(path, method, own, foreign) })
    .map(({ credentials, content }): WireRequest => {
      const { query, body, type } = content;
      const search = typeof query === 'string' ? query : String(new URLSearchParams(query));
      return {
        method,
        path: search ? `${path}?${search}` : path,
        headers: [...credentials, ...(type === undefined ? [] : ['content-type', type])].map(inHeader),
        body,
      };
    });
}

const asText = (value: unknown): string => (typeof value === 'object' ? JSON.stringify(value) : String(value));

/** No line break, no other sign that HTTP forbids; everything else as its bytes in UTF-8. */
const inHeader = (text: string) =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the signs that no header may hold
  Buffer.from(text.replace(/[\u0000-\u0008\u000a-\u001f\u007f]/g, '?')).toString('latin1');

/**
 * Headers that say who asks. Never the other tenant's app together with its own token, nor on what needs no token: that
 * would not be abuse.
 */
function credentialsOf(own: Tenant, foreign: Tenant, access: Operation['access']): fc.Arbitrary<string[]> {
  const token = fc.constantFrom(...own.tokens);
  const good = token.map((one): string[] => ['app_id', own.app, 'access-token', one]);
  const person = fc
    .constantFrom(...own.known.people)
    .map((user): string[] => ['app_id', own.app, 'access-token', own.adminToken, 'user_id', String(user)]);
  const group = fc.constant<string[]>([
    ...['app_id', own.app, 'access-token', own.adminToken],
    ...['group_id', String(own.known.group_id)],
  ]);
  const header = fc.oneof(anything.map(asText), fc.constantFrom('1', String(foreign.known.group_id)));
  const bad = fc.oneof(
    token.chain(broken).map((one) => ['app_id', own.app, 'access-token', one]),
    fc.constantFrom(...foreign.tokens).map((one) => ['app_id', own.app, 'access-token', one]),
    // Twice.
    token.map((one): string[] => ['app_id', own.app, 'access-token', one, 'access-token', own.adminToken]),
    token.map((one): string[] => ['app_id', own.app, 'app_id', own.app, 'access-token', one]),
    fc.constant(['app_id', own.app, 'access-token', own.adminToken, 'user_id', '1', 'user_id', '2']),
    header.map((text): string[] => ['app_id', text.slice(0, 4000), 'access-token', own.adminToken]),
    header.map((text): string[] => ['app_id', own.app, 'access-token', text.slice(0, 4000)]),
    header.map((text): string[] => ['app_id', own.app, 'access-token', own.adminToken, 'user_id', text.slice(0, 4000)]),
    header.map((text): string[] => [
      'app_id',
      own.app,
      'access-token',
      own.adminToken,
      'group_id',
      text.slice(0, 4000),
    ]),
    fc
      .constantFrom(...foreign.known.people, foreign.known.group_id)
      .map((id) => ['app_id', own.app, 'access-token', own.adminToken, 'user_id', String(id)]),
    fc.constant([]),
    fc.constant(['app_id', own.app]),
    fc.constant(['access-token', own.adminToken]),
    ...(access !== 'public' ? [token.map((one): string[] => ['app_id', foreign.app, 'access-token', one])] : []),
  );
  const key = fc.option(fc.oneof(anything.map(asText), fc.constantFrom('again')), { nil: undefined, freq: 9 });
  const agent = fc.option(anyText(200), { nil: undefined, freq: 9 });
  return fc
    .tuple(
      fc.oneof(
        { weight: 8, arbitrary: good },
        { weight: 4, arbitrary: person },
        { weight: 1, arbitrary: group },
        { weight: 3, arbitrary: bad },
      ),
      key,
      agent,
    )
    .map(([who, idempotency, userAgent]) => [
      ...who,
      ...(idempotency === undefined ? [] : ['idempotency-key', idempotency.slice(0, 1000)]),
      ...(userAgent === undefined ? [] : ['user-agent', userAgent]),
    ]);
}

/** Types with which the gateway takes a body for text (the first two) or for bytes. */
const TYPES = ['application/json', 'text/plain', 'application/octet-stream', 'application/x-www-form-urlencoded', '☃'];

function contentOf(path: string, method: Method, own: Tenant, foreign: Tenant): fc.Arbitrary<Content> {
  const parameters = parametersOf(path, own.known, foreign.known);
  const inQuery = parameters.map((given): Content['query'] =>
    Object.entries(given).map(([name, value]) => [name, asText(value).toWellFormed().slice(0, 2000)]),
  );
  const pair = fc.tuple(fc.constantFrom(...namesOf(path), 'app_id', 'access-token'), anything);
  const more = fc
    .array(pair, { maxLength: 4 })
    .map((pairs): Content['query'] =>
      pairs.map(([name, value]) => [name, asText(value).toWellFormed().slice(0, 2000)]),
    );
  const twice = inQuery.map((pairs) => (typeof pairs === 'string' ? pairs : [...pairs, ...pairs]));
  const raw = fc.constantFrom(
    '%',
    '%zz=%',
    '&&==&',
    'group_id=%ff%fe',
    'group_id[]=1',
    '__proto__[x]=1',
    '='.repeat(3000),
  );
  const inBody = parameters.map((given): Content['body'] => Buffer.from(JSON.stringify(given)));
  const hostile = fc.oneof(
    hostileText.map((text) => Buffer.from(text)),
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  );
  const none = fc.constant<Content['query']>('');
  const type = fc.oneof(
    { weight: 6, arbitrary: fc.constant(TYPES[0]) },
    { weight: 1, arbitrary: fc.constantFrom(...TYPES, undefined) },
  );
  const usual =
    method === 'GET'
      ? { query: inQuery, body: fc.constant<Content['body']>(undefined) }
      : { query: none, body: inBody };
  return fc.oneof(
    { weight: 7, arbitrary: fc.record({ ...usual, type }) },
    { weight: 1, arbitrary: fc.record({ query: fc.oneof(twice, more, raw), body: inBody, type }) },
    { weight: 1, arbitrary: fc.record({ query: fc.oneof(none, more), body: hostile, type }) },
  );
}
