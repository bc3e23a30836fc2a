/**
 * `npm run docs`: writes the files that are generated from declarations and schemas. A test fails when one is out of
 * date.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { asyncApiDocument } from '../shared/asyncapi/document.ts';
import { openApiDocument } from '../shared/openapi/document.ts';
import { routes } from '../shared/routes/index.ts';
import { clientEvents, clientOperations } from './client.ts';
import { withConfiguration, withEndpoints, withEntities, withEvents, withExample } from './pages.ts';

const file = (path: string): URL => new URL(`../${path}`, import.meta.url);
const text = (path: string): Promise<string> => readFile(file(path), 'utf8');

/** The generated files with their content, by path. */
export async function documents(): Promise<Record<string, string>> {
  const { version } = JSON.parse(await text('package.json'));
  const examples = JSON.parse(await text('docs/examples.json'));
  const openApi = openApiDocument({ routes, examples, version });
  return {
    'docs/client.md': withExample(await text('docs/client.md'), await text('client/example.ts')),
    'docs/configuration.md': withConfiguration(await text('docs/configuration.md')),
    'docs/data-model.md': withEntities(await text('docs/data-model.md')),
    'docs/endpoints.md': withEndpoints(await text('docs/endpoints.md'), routes),
    'docs/events.md': withEvents(await text('docs/events.md')),
    'client/event-types.ts': clientEvents(),
    'client/operations.ts': clientOperations(openApi),
    'docs/asyncapi.json': `${JSON.stringify(asyncApiDocument({ version }), null, 1)}\n`,
    'docs/openapi.json': `${JSON.stringify(openApi, null, 1)}\n`,
  };
}

if (import.meta.main)
  for (const [path, content] of Object.entries(await documents())) await writeFile(file(path), content);
