import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { Operation } from '../../shared/routes/index.ts';

type Responses = Record<number, { $ref: string } | undefined>;

const document: { paths: Record<string, Record<string, { responses: Responses } | undefined> | undefined> } =
  JSON.parse(readFileSync(new URL('../../docs/openapi.json', import.meta.url), 'utf8'));

/** Compiles the schema of a response on first use. Shared parts are not inlined, which takes half the time. */
const ajv = new Ajv2020({
  strict: false,
  validateSchema: false,
  inlineRefs: false,
  formats: { int64: true },
}).addSchema(document, 'api');

/** Fails the test if an answer is not what docs/openapi.json says of that operation and status. */
export function asDescribed({ id, path, methods }: Operation, status: number, body: unknown): void {
  const response = document.paths[path]?.[methods[0]!.toLowerCase()]?.responses[status];
  const validate = response && ajv.getSchema(`api${response.$ref}/content/application~1json/schema`);
  if (!validate) throw new Error(`docs/openapi.json has no answer ${status} of ${id}: npm run docs writes it`);
  if (!validate(body))
    throw new Error(
      `${id} answers what docs/openapi.json does not say (npm run docs writes it): ` +
        `${ajv.errorsText(validate.errors)}\n${JSON.stringify(body).slice(0, 500)}`,
    );
}
