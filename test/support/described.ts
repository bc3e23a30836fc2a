import { readFileSync } from 'node:fs';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import type { Route } from '../../shared/routes/index.ts';
import type { Envelope } from './api.ts';

const DOCUMENT = new URL('../../docs/openapi.json', import.meta.url);

let ajv: Ajv2020 | undefined;
const validators = new Map<string, ValidateFunction>();

/** Fails the test if an answer is not what docs/openapi.json says of that operation and status. */
export function asDescribed(route: Route, status: number, body: Envelope): void {
  const pointer = `/paths/${route.path.replaceAll('/', '~1')}/${route.methods[0]!.toLowerCase()}/responses/${status}`;
  const validate = validatorOf(pointer);
  if (!validate(body))
    throw new Error(
      `${route.id} answers what docs/openapi.json does not say (npm run docs writes it): ` +
        `${ajv?.errorsText(validate.errors)}\n${JSON.stringify(body).slice(0, 500)}`,
    );
}

function validatorOf(pointer: string): ValidateFunction {
  const known = validators.get(pointer);
  if (known) return known;
  const document = JSON.parse(readFileSync(DOCUMENT, 'utf8'));
  ajv ??= new Ajv2020({ strict: false, validateSchema: false, formats: { int64: true } }).addSchema(document, 'api');
  const response = at(document, pointer.slice(1).split('/')) as { $ref: string } | undefined;
  if (!response) throw new Error(`docs/openapi.json has no ${pointer}: npm run docs writes it`);
  const made = ajv.compile({ $ref: `api${response.$ref}/content/application~1json/schema` });
  validators.set(pointer, made);
  return made;
}

const at = (value: unknown, path: string[]): unknown =>
  path.reduce<unknown>(
    (inside, part) => (inside as Record<string, unknown> | undefined)?.[part.replaceAll('~1', '/')],
    value,
  );
