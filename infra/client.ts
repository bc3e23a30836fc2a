/** The types and routes of `client/`, made from the OpenAPI document and the catalogue of events. */
import { dataSchema, envelopeSchema } from '../shared/asyncapi/schema.ts';
import { EVENT_TYPES, EVENTS } from '../shared/events/catalogue.ts';
import type { JsonSchema } from '../shared/openapi/schema.ts';

/** The parts of an OpenAPI document that this file reads. */
interface OpenApi {
  paths: Record<string, Record<string, OpenApiOperation>>;
  components: {
    schemas: Record<string, JsonSchema>;
    requestBodies: Record<string, { required: boolean; content: { 'application/json': { schema: JsonSchema } } }>;
    responses: Record<string, { content: { 'application/json': { schema: JsonSchema } } }>;
  };
}

interface OpenApiOperation {
  operationId: string;
  summary: string;
  description: string;
  parameters: { $ref?: string; name: string; required: boolean; description: string; schema: JsonSchema }[];
  requestBody?: { $ref: string };
  responses: Record<string, { $ref: string }>;
  'x-alias-of'?: string;
  'x-bare'?: true;
}

/** Schemas of errors, which the client handles itself, and of events, which have a file of their own. */
const OURS = new Set(['ApiError', 'Fault', 'Event']);

/** The source of `client/operations.ts`. */
export function clientOperations(document: unknown): string {
  const { paths, components } = document as OpenApi;
  const types: string[] = [];
  const areas = new Map<string, { members: string[]; routes: string[] }>();
  for (const [name, schema] of Object.entries(components.schemas))
    if (!OURS.has(name)) types.push(`export interface ${name} ${typeOf(schema)}`);
  for (const [path, methods] of Object.entries(paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      const success = operation.responses[200];
      // Redirects and forms with files are for browsers, bare answers for software that speaks their protocols.
      const body = operation.requestBody && at(components.requestBodies, operation.requestBody.$ref).content;
      if (
        operation['x-alias-of'] ||
        operation['x-bare'] ||
        !success ||
        operation.responses[302] ||
        (body && !body['application/json'])
      )
        continue;
      const { area, name } = nameOf(operation.operationId);
      const of = areas.get(area) ?? { members: [], routes: [] };
      areas.set(area, of);
      const answer = at(components.responses, success.$ref).content['application/json'].schema.oneOf![0]!;
      const { code, message, data, ...beside } = answer.properties!;
      const { type, optional } = parametersOf(operation, components);
      const whole = Object.keys(beside).length > 0;
      const { cursor, total, version, ...more } = beside;
      const reply = cursor
        ? `Page<${typeOf(data!.items!)}>${Object.keys(more).length > 0 ? ` & ${typeOf({ type: 'object', properties: more, required: Object.keys(more) })}` : ''}`
        : typeOf(
            whole ? { type: 'object', properties: { data: data!, ...beside }, required: answer.required! } : data!,
          );
      const comment = `/** ${operation.summary}. ${operation.description} */`;
      const optionalSign = optional ? '?' : '';
      of.members.push(
        `${comment}\n${name}(parameters${optionalSign}: ${type}, options?: CallOptions): Promise<${reply}>;`,
      );
      of.routes.push(`${name}: ['${method.toUpperCase()}', '${path}'${whole ? ", 'whole'" : ''}],`);
    }
  }
  return indented(`/** Written by \`npm run docs\` from docs/openapi.json. */
import type { RosterEvent } from './event-types.ts';

export interface CallOptions {
  /** Where the operation takes one: the same key and request within 24 hours give the first answer again. */
  idempotencyKey?: string;
  signal?: AbortSignal;
}

/** One page of a list; \`entries\` goes through all of them. */
export interface Page<T> {
  data: T[];
  /** Absent on the last page. */
  cursor?: string;
  total?: number;
  /** Of a list of a group: the number of the last change that it contains. */
  version: number;
}

/** The code of each documented error, by its name. */
export const ERRORS = {
${components.schemas
  .ApiError!.properties!.code!.oneOf!.map((one) => `/** ${one.description} */\n${one['x-error-name']}: ${one.const},`)
  .join('\n')}
} as const;

export type ErrorName = keyof typeof ERRORS;

${types.join('\n\n')}

export interface Operations {
${[...areas].map(([area, { members }]) => `${area}: {\n${members.join('\n\n')}\n};`).join('\n')}
}

/** Method and path of each operation, and whether its function returns more of an answer than \`data\`. */
export const ROUTES: Record<string, Record<string, [method: string, path: string, returns?: 'whole']>> = {
${[...areas].map(([area, { routes }]) => `${area}: {\n${routes.join('\n')}\n},`).join('\n')}
};
`);
}

/** The source of `client/event-types.ts`. */
export function clientEvents(): string {
  const { properties, required } = envelopeSchema();
  const { type, data, ...common } = properties!;
  const envelope = typeOf({ type: 'object', properties: common, required: required! });
  const groups = new Set(
    EVENT_TYPES.flatMap((name) => [...name.matchAll(/\./g)].map(({ index }) => name.slice(0, index))),
  );
  return indented(`/** Written by \`npm run docs\` from the catalogue of events. Ignore types and fields that this copy does not know. */

/** \`data\` of each type of event. */
export interface EventData {
${EVENT_TYPES.map((name) => `/** ${EVENTS[name].when} */\n'${name}': ${typeOf(dataSchema(name))};`).join('\n')}
}

export type EventType = keyof EventData;

/** What a filter names: a type, or all types that begin alike. */
export type EventPattern =
  | EventType
  | ${[...groups].map((name) => `'${name}.*'`).join('\n  | ')};

/** The types that a pattern selects. */
export type Selected<P extends EventPattern> = P extends \`\${infer Group}.*\` ? Extract<EventType, \`\${Group}.\${string}\`> : P;

interface Envelope ${envelope}

/** An event: \`event.type\` tells which \`data\` it has. */
export type RosterEvent<T extends EventType = EventType> = {
[Type in T]: Envelope & { type: Type; data: EventData[Type] };
}[T];
`);
}

/** Indents lines between braces by two spaces. */
function indented(source: string): string {
  let depth = 0;
  const lines = source.split('\n').map((line) => {
    if (line.startsWith('}')) depth--;
    const text = line === '' ? '' : `${'  '.repeat(depth)}${line}`;
    if (line.endsWith('{')) depth++;
    return text;
  });
  return lines.join('\n');
}

/** `groupApplyHandle` → `group`, `applyHandle` */
function nameOf(operationId: string): { area: string; name: string } {
  const [, area = '', rest = ''] = /^([a-z]+)(\w*)$/.exec(operationId) ?? [];
  return { area, name: `${rest[0]!.toLowerCase()}${rest.slice(1)}` };
}

/** Parameters of query and body together: the API takes them in either. */
function parametersOf({ parameters, requestBody }: OpenApiOperation, { requestBodies }: OpenApi['components']) {
  const body = requestBody && at(requestBodies, requestBody.$ref).content['application/json'].schema;
  if (body && !body.properties) return { type: 'unknown', optional: false };
  const named = parameters.filter(({ $ref }) => !$ref);
  const properties = {
    ...Object.fromEntries(named.map(({ name, description, schema }) => [name, { ...schema, description }])),
    ...body?.properties,
  };
  const required = [...named.filter((one) => one.required).map(({ name }) => name), ...(body?.required ?? [])];
  if (Object.keys(properties).length === 0) return { type: 'Record<string, never>', optional: true };
  return { type: typeOf({ type: 'object', properties, required }), optional: required.length === 0 };
}

const at = <T>(components: Record<string, T>, reference: string): T => {
  const found = components[reference.slice(reference.lastIndexOf('/') + 1)];
  if (!found) throw new Error(`The document has no ${reference}.`);
  return found;
};

/** The TypeScript type. It leaves out the text forms of numbers and flags, which the API accepts too. */
function typeOf(schema: JsonSchema): string {
  const { $ref, type, properties, required = [], items } = schema;
  if ($ref) return $ref.slice($ref.lastIndexOf('/') + 1).replace(/^Event$/, 'RosterEvent');
  const types = [type].flat();
  if (types.includes('boolean')) return 'boolean';
  if (types.includes('integer')) return 'number';
  const values = schema.enum ?? ('const' in schema ? [schema.const] : undefined);
  if (values) return values.map((value) => (typeof value === 'string' ? `'${value}'` : String(value))).join(' | ');
  if (type === 'string' || type === 'number' || type === 'null') return type;
  if (type === 'array') {
    const entry = typeOf(items!);
    return /[| ]/.test(entry) && !entry.startsWith('{') ? `(${entry})[]` : `${entry}[]`;
  }
  if (schema.anyOf) return [...new Set(schema.anyOf.map(typeOf))].join(' | ');
  if (type !== 'object') return 'unknown';
  if (Object.keys(properties ?? {}).length === 0) {
    const values = schema.additionalProperties as JsonSchema | undefined;
    return `Record<string, ${values?.type ? typeOf(values) : 'never'}>`;
  }
  const fields = Object.entries(properties ?? {}).map(([name, field]) => {
    const comment = field.description ? `/** ${field.description} */\n` : '';
    return `${comment}${name}${required.includes(name) ? '' : '?'}: ${typeOf(field)};`;
  });
  return `{\n${fields.join('\n')}\n}`;
}
