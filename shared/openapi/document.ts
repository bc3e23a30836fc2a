import type * as z from 'zod/mini';
import { LONGEST_KEY } from '../call/idempotency.ts';
import { type ErrorName, errors } from '../errors.ts';
import {
  announcementReply,
  contactReply,
  endpointReply,
  entryReply,
  eventReply,
  fileReply,
  groupReply,
  memberReply,
  redirectReply,
  sessionReply,
  settingsReply,
  uploadFormReply,
} from '../http/replies.ts';
import {
  type Access,
  AREAS,
  type Area,
  type Method,
  type Operation,
  type RouteKey,
  routeKeysOf,
} from '../routes/index.ts';
import { SCOPES } from '../scopes.ts';
import { errorName, MEANINGS } from './errors.ts';
import { describe } from './field-meanings.ts';
import { type JsonSchema, replySchema, requestSchema } from './schema.ts';

/** A call and its answer, recorded in a run of the flows. */
export interface Example {
  /** Parameters of query and body together; `body` where the body is one text. */
  request: Record<string, unknown>;
  answer: { code: number; data: unknown; message: string | null; cursor?: string; total?: number; version?: number };
}

/** By operation id, then by code: 200, and the errors that occurred. */
export type Examples = Record<string, Record<string, Example>>;

export interface DocumentSources {
  routes: readonly Operation[];
  examples: Examples;
  version: string;
}

/** Any object of OpenAPI. */
type Json = Record<string, unknown>;

/** Replies that become named schemas. */
const NAMED = new Map<z.core.$ZodType, string>([
  [groupReply, 'Group'],
  [memberReply, 'Member'],
  [entryReply, 'Entry'],
  [announcementReply, 'Announcement'],
  [contactReply, 'Contact'],
  [settingsReply, 'Settings'],
  [sessionReply, 'Session'],
  [eventReply, 'Event'],
  [fileReply, 'GroupFile'],
  [endpointReply, 'Endpoint'],
  [uploadFormReply, 'UploadForm'],
  [redirectReply, 'Redirect'],
]);

const WHO: Record<Access, string> = {
  public: 'Needs no access-token; one that is sent is ignored.',
  anyone:
    'For a user, by its token or an admin token with the `user_id` header; or for the app, by an admin token with the ' +
    '`group_id` header or neither.',
  person: 'Acts as a person: a user token, or an admin token with the `user_id` header.',
  admin: 'Needs an admin token.',
  'admin as person': 'Needs an admin token with the `user_id` header.',
};

/** Parameters that are documented in the query for every method. */
const PAGING = new Set(['limit', 'cursor', 'version', 'page_num', 'page_size']);

/** The OpenAPI 3.1 document of all operations: their declarations, and what they answered in tests. */
export function openApiDocument({ routes, examples, version }: DocumentSources): Json {
  const schemas: Record<string, JsonSchema> = {};
  const paths: Record<string, Json> = {};
  const requestBodies: Json = {};
  const responses: Json = {};
  for (const operation of routes) {
    const name = pascal(operation.id);
    const shown = examples[operation.id] ?? {};
    const { query, body } = parametersOf(operation, shown);
    if (body) requestBodies[name] = body;
    responses[name] = answerOf(operation, shown, schemas);
    if (operation.bareError) responses[`${name}Error`] = bareErrorOf(operation, operation.bareError());
    for (const routeKey of routeKeysOf(operation)) {
      const [method, path] = routeKey.split(' ') as [Method, string];
      // The body of a POST cannot come with an alias of method GET.
      const inQuery = method === 'GET' && operation.methods[0] !== 'GET';
      const parameters = inQuery ? parametersOf({ ...operation, parameters: 'query' }, shown).query : query;
      paths[path] = {
        ...paths[path],
        [method.toLowerCase()]: operationOf(operation, routeKey, parameters, body !== undefined && !inQuery),
      };
    }
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'Roster',
      version,
      summary: 'User and group management of an instant-messaging service',
      description: introduction(),
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/', description: 'Where this document comes from' }],
    tags: tagsOf(routes),
    paths,
    components: {
      securitySchemes: {
        app: { type: 'apiKey', in: 'header', name: 'app_id', description: 'Id of the app.' },
        token: { type: 'apiKey', in: 'header', name: 'access-token', description: 'Token of a user, or of an admin.' },
        ...(routes.some(({ queryCredentials }) => queryCredentials) && {
          appInQuery: { type: 'apiKey', in: 'query', name: 'app_id', description: 'For addresses in pages.' },
          tokenInQuery: { type: 'apiKey', in: 'query', name: 'access-token', description: 'For addresses in pages.' },
        }),
      },
      parameters: headerParameters(),
      requestBodies,
      responses: { ...responses, ...faults() },
      schemas: { ApiError: errorSchema(), Fault: faultSchema(), ...sorted(schemas) },
    },
  };
}

function operationOf(operation: Operation, routeKey: RouteKey, query: Json[], hasBody: boolean): Json {
  const { id, aliases, access, scope, queryCredentials } = operation;
  const [main] = routeKeysOf(operation);
  const alias = routeKey !== main;
  const otherPath = aliases?.includes(routeKey);
  const [method = '', path = ''] = routeKey.toLowerCase().split(' ');
  const suffix = alias ? `By${pascal(otherPath ? method + path.replaceAll('_', '-') : method)}` : '';
  const name = pascal(id);
  const open = access === 'public';
  const needs = scope && `An admin token needs the scope \`${scope}\`.`;
  const description = [alias && `The same as \`${main}\`.`, operation.description, WHO[access], needs];
  const tokenScopes = scope ? [scope] : [];
  const headers = [...(open ? [] : ['user_id', 'group_id']), ...(operation.idempotent ? ['idempotency-key'] : [])].map(
    (header) => ({ $ref: `#/components/parameters/${header}` }),
  );
  return {
    operationId: `${name[0]!.toLowerCase()}${name.slice(1)}${suffix}`,
    summary: alias ? `${operation.summary} (alias)` : operation.summary,
    description: description.filter(Boolean).join(' '),
    tags: [AREAS[operation.area]],
    'x-section': otherPath ? 'extra' : operation.section,
    'x-access': access,
    ...(scope && { 'x-scope': scope }),
    ...(alias && { 'x-alias-of': otherPath ? main : operation.methods[0] }),
    security: [
      open ? { app: [] } : { app: [], token: tokenScopes },
      ...(queryCredentials ? [open ? { appInQuery: [] } : { appInQuery: [], tokenInQuery: tokenScopes }] : []),
    ],
    parameters: [...query, ...headers],
    ...(hasBody && { requestBody: { $ref: `#/components/requestBodies/${name}` } }),
    ...(operation.bare && { 'x-bare': true }),
    responses: {
      200: { $ref: `#/components/responses/${name}` },
      ...(operation.bare && bareStatuses(name)),
      429: { $ref: '#/components/responses/Throttled' },
      ...(!operation.bare && FAULTS),
      // A page can load this address without headers; the answer redirects it.
      ...(queryCredentials && !open && { 302: { $ref: `#/components/responses/${name}` } }),
    },
  };
}

const FAULTS: Json = {
  413: { $ref: '#/components/responses/TooLarge' },
  500: { $ref: '#/components/responses/Failed' },
  503: { $ref: '#/components/responses/Busy' },
};

/** Errors of an operation whose answers have no envelope. */
const bareStatuses = (name: string): Json =>
  Object.fromEntries(
    [400, 401, 403, 413, 500, 503].map((status) => [status, { $ref: `#/components/responses/${name}Error` }]),
  );

/** The parameters of the query and the body, in the places where the API documents put them. */
function parametersOf(
  operation: Operation,
  examples: Record<string, Example>,
): { query: Json[]; body: Json | undefined } {
  const { id, methods, parameters, rawBody, multipart } = operation;
  const request = operation.request();
  const asked = examples[200]?.request ?? {};
  const schemaIn = (place: 'query' | 'body') => describe(requestSchema(request, place), id, 'request');
  if (rawBody) {
    const schema = schemaIn('body').properties!.body!;
    const example = asked.body === undefined ? {} : { example: asked.body };
    return { query: [], body: { required: true, content: { 'application/json': { schema, ...example } } } };
  }
  const inQuery = (name: string) => methods[0] === 'GET' || parameters === 'query' || PAGING.has(name) || multipart;
  const { properties: queried = {}, required = [] } = schemaIn('query');
  const query = Object.entries(queried)
    .filter(([name]) => inQuery(name))
    .map(([name, { description, ...schema }]) => ({
      name,
      in: 'query',
      required: required.includes(name),
      description,
      schema,
      ...(asked[name] !== undefined && name !== 'cursor' && { example: asked[name] }),
    }));
  if (multipart) {
    const file = { type: 'string', contentMediaType: 'application/octet-stream', description: 'The file.' };
    const schema = { type: 'object', properties: { file }, required: ['file'] };
    return {
      query: query.filter(({ name }) => name !== 'form'),
      body: { required: true, content: { 'multipart/form-data': { schema } } },
    };
  }
  const { properties = {}, ...object } = schemaIn('body');
  const own = Object.entries(properties).filter(([name]) => !inQuery(name));
  if (own.length === 0) return { query, body: undefined };
  const ofBody = required.filter((name) => !inQuery(name));
  const schema: JsonSchema = { ...object, properties: Object.fromEntries(own) };
  delete schema.required;
  if (ofBody.length > 0) schema.required = ofBody;
  const entry = operation.entry?.();
  if (entry)
    for (const [name, list] of own) if (list.type === 'array') schema.properties![name] = entriesOf(list, entry, id);
  const sent = Object.fromEntries(Object.entries(asked).filter(([name]) => !inQuery(name)));
  const example = Object.keys(sent).length > 0 ? { example: sent } : {};
  return {
    query,
    body: {
      required: ofBody.length > 0,
      content: {
        'application/json': { schema, ...example },
        ...(operation.form && { 'application/x-www-form-urlencoded': { schema } }),
      },
    },
  };
}

/** A list whose entries succeed or fail one by one, with all fields of an entry. */
function entriesOf(list: JsonSchema, entry: z.core.$ZodType, operation: string): JsonSchema {
  const { properties, required = [] } = describe(requestSchema(entry, 'body'), operation, 'request');
  const { items } = list;
  const named = Object.keys(items?.properties ?? {});
  return {
    ...list,
    items: {
      type: 'object',
      properties: { ...items?.properties, ...properties },
      required: [...new Set([...named, ...required])],
    },
  };
}

const VERSION =
  'Number of the last change of the group that the list contains, for `/group/changes`; 0 where the list is of no group.';

function answerOf(
  { id, reply, page, beside, bare }: Operation,
  examples: Record<string, Example>,
  schemas: Record<string, JsonSchema>,
): Json {
  const data = replySchema(reply(), NAMED, (name, schema) => {
    // What `name`, `type` and `url` mean depends on the record.
    schemas[name] ??= describe(schema, name, 'reply');
  });
  if (bare) {
    const example = examples[200]?.answer.data;
    return {
      description: 'Success, without an envelope.',
      content: {
        'application/json': { schema: describe(data, id, 'reply'), ...(example !== undefined && { example }) },
      },
    };
  }
  const more = beside && describe(replySchema(beside()), id, 'reply');
  const success: JsonSchema = {
    title: 'Success',
    type: 'object',
    properties: {
      code: { const: 200 },
      data: describe(data, id, 'reply'),
      ...(page && {
        cursor: { type: 'string', description: 'Where the next page begins; absent on the last page.' },
        ...(page === 'counted' && { total: { type: 'integer', description: 'Entries of the whole list.' } }),
        version: { type: 'integer', minimum: 0, maximum: 2 ** 31 - 1, description: VERSION },
      }),
      ...more?.properties,
      message: { type: 'null' },
    },
    required: ['code', 'data', 'message', ...(page ? ['version'] : []), ...(more?.required ?? [])],
    additionalProperties: false,
  };
  const seen = Object.keys(examples)
    .filter((code) => code !== '200')
    .map((code) => `${code} (\`${errorName(Number(code))}\`)`);
  const shown = Object.entries(examples).map(([code, { answer }]) => [
    code === '200' ? 'success' : code,
    code === '200'
      ? { summary: 'Success', value: answer }
      : { summary: `${code}: ${answer.message}`, value: answer, 'x-error-name': errorName(Number(code)) },
  ]);
  return {
    description: `Success${seen.length > 0 ? `, or an error, such as ${seen.join(', ')}` : ''}.`,
    content: {
      'application/json': {
        schema: { oneOf: [success, { $ref: '#/components/schemas/ApiError' }] },
        ...(shown.length > 0 && { examples: Object.fromEntries(shown) }),
      },
    },
  };
}

const bareErrorOf = ({ id }: Operation, schema: z.core.$ZodType): Json => ({
  description:
    'An error: 400 a parameter is wrong, 401 app_id or access-token is, 403 the operation needs an admin token or its scope, ' +
    '413 the body is too long, 500 or 503 (with Retry-After) the service failed or is busy.',
  content: { 'application/json': { schema: describe(replySchema(schema), id, 'reply') } },
});

const errorSchema = (): JsonSchema => ({
  title: 'ApiError',
  description: 'The call changed nothing. HTTP status 200.',
  type: 'object',
  properties: {
    code: {
      type: 'integer',
      oneOf: Object.entries(errors).map(([name, [code]]) => ({
        const: code,
        description: MEANINGS[name as ErrorName],
        'x-error-name': name,
      })),
    },
    message: { type: 'string', description: 'What was wrong; of a parameter, with its name.' },
    data: { type: 'null' },
    oldest: { type: 'string', description: 'With 20030: the number of the oldest event that is kept.' },
  },
  required: ['code', 'message', 'data'],
  additionalProperties: false,
});

const faultSchema = (): JsonSchema => ({
  title: 'Fault',
  description: 'The service could not answer.',
  type: 'object',
  properties: { code: { const: 20000 }, message: { type: 'string' }, data: { type: 'null' } },
  required: ['code', 'message', 'data'],
  additionalProperties: false,
});

/** Answers with another HTTP status than 200. Those of the gateway have no envelope. */
function faults(): Json {
  const gateway = { type: 'object', properties: { message: { type: 'string' } }, required: ['message'] };
  const json = (schema: Json) => ({ 'application/json': { schema } });
  return {
    TooLarge: {
      description: 'The body is longer than the operation takes: mostly 256 KiB.',
      content: json({ anyOf: [{ $ref: '#/components/schemas/ApiError' }, gateway] }),
    },
    Throttled: { description: 'Too many requests at once: the throttle of the gateway.', content: json(gateway) },
    Failed: { description: 'The service failed; it is logged.', content: json({ $ref: '#/components/schemas/Fault' }) },
    Busy: {
      description: 'Busy: a record stayed contended, or the database throttled. Nothing was changed; try again.',
      headers: { 'Retry-After': { description: 'Seconds to wait.', schema: { type: 'string' } } },
      content: json({ $ref: '#/components/schemas/Fault' }),
    },
  };
}

const headerParameters = (): Json => ({
  user_id: {
    name: 'user_id',
    in: 'header',
    description: 'With an admin token: the user to act as. With a user token it may only repeat its user.',
    schema: { type: 'integer', minimum: 1 },
  },
  group_id: {
    name: 'group_id',
    in: 'header',
    description: "With an admin token only: acts for the app on this group, with the owner's rights.",
    schema: { type: 'integer', minimum: 1 },
  },
  'idempotency-key': {
    name: 'idempotency-key',
    in: 'header',
    description: 'The same key and request within 24 hours give the first answer again and change nothing.',
    schema: { type: 'string', minLength: 1, maxLength: LONGEST_KEY },
  },
});

const introduction =
  () => `Users, devices and sessions; groups, members, roles, bans, blacklists, applications and invitations.

**Every answer** is \`{"code":200,"data":…,"message":null}\`. An error has its own \`code\` and a \`message\` that names the
field, with HTTP status 200; only faults of the service use another status.

**Headers.** \`app_id\` always; \`access-token\` on all but registration and login. A user token acts as its user. An admin
token acts for the app itself, as a user (\`user_id\` header), or on a group with its owner's rights (\`group_id\` header).

**Scopes.** An admin token is issued for some of them, or for all. \`security\` and \`x-scope\` of an operation name the one
that it needs; without it the answer is 10021. User tokens have no scopes. \`/token/self\` tells those of a token.

| scope | an admin token with it may |
| --- | --- |
${Object.entries(SCOPES)
  .map(([name, allowed]) => `| \`${name}\` | ${allowed} |`)
  .join('\n')}

**Parameters** may stand in the query or in a JSON body, whatever is shown here; the query wins. Whole numbers may be
decimal strings, booleans \`0\`, \`1\`, \`"true"\` or \`"false"\`. Unknown parameters are ignored. Ids reach to 2^53-1.

**Lists** end where \`cursor\` is absent; a page may be shorter than \`limit\`.

<details><summary>All codes</summary>

| code | name | meaning |
| --- | --- | --- |
| 200 | | Success. |
${Object.entries(errors)
  .map(([name, [code]]): [number, string] => [code, `\`${name}\` | ${MEANINGS[name as ErrorName]}`])
  .concat([[20000, '| The service failed (HTTP 500) or is busy (HTTP 503, with Retry-After).']])
  .sort(([a], [b]) => a - b)
  .map(([code, told]) => `| ${code} | ${told} |`)
  .join('\n')}

</details>
`;

const tagsOf = (routes: readonly Operation[]): Json[] =>
  Object.entries(AREAS)
    .filter(([area]) => routes.some((operation) => operation.area === area))
    .map(([area, name]) => ({ name, description: TAGS[area as Area] }));

const TAGS: Record<Area, string> = {
  account: 'Log in, register users, and see what a token is.',
  user: 'Profiles, settings, passwords, devices and tags of users; admin tokens also list, disable and enable them.',
  group: 'Make groups, change their settings and announcements, transfer and dissolve them.',
  member: 'Join, invite, apply, leave, kick, ban and block; roles, lists of members, and settings of a membership.',
  file: 'Upload, list, rename, download and delete files of groups, and upload avatars.',
  roster: 'Friend requests, friends and personal blacklists.',
  event: 'Read what has happened, and have it sent to webhook endpoints.',
  access: 'Whether users may connect, read and speak, for message services: also in the words of other protocols.',
  admin: 'What consoles ask: search users and groups, see all about one, set owners and members, and read an overview.',
};

const sorted = <T>(record: Record<string, T>): Record<string, T> =>
  Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));

/** `group/apply/handle` → `GroupApplyHandle` */
const pascal = (id: string): string => id.replace(/(?:^|[/-])([a-z0-9])/g, (_, first: string) => first.toUpperCase());
