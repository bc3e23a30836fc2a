/** The files that the function `docs` serves: Swagger UI, the page around it, and the documents for tools. */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { hashedName, writePageFiles } from './page-files.ts';

const COMPONENT = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
const PAGE = join(import.meta.dirname, 'docs-page');
const DOCUMENTS = join(import.meta.dirname, '../docs');

/** Scripts and styles in the order in which the page loads them. */
const PARTS = [
  join(COMPONENT, 'swagger-ui.css'),
  join(PAGE, 'page.css'),
  join(COMPONENT, 'swagger-ui-bundle.js'),
  join(PAGE, 'page.js'),
];

/** Writes these files, compressed, into `<folder>/files`. The same sources give the same bytes. */
export async function writeDocsPage(folder: string): Promise<void> {
  const files = new Map<string, Buffer>();
  const tags: string[] = [];
  for (const part of PARTS) {
    const content = await readFile(part);
    const name = hashedName(part.slice(part.lastIndexOf('/') + 1), content);
    files.set(name, content);
    tags.push(
      name.endsWith('.css')
        ? `<link rel="stylesheet" href="docs/${name}">`
        : `<script src="docs/${name}" defer></script>`,
    );
  }
  const page = await readFile(join(PAGE, 'index.html'), 'utf8');
  files.set('index.html', Buffer.from(page.replace('<!-- parts -->', tags.join('\n    '))));
  for (const name of ['openapi.json', 'asyncapi.json'])
    files.set(name, Buffer.from(JSON.stringify(JSON.parse(await readFile(join(DOCUMENTS, name), 'utf8')))));
  await writePageFiles(folder, files);
}
