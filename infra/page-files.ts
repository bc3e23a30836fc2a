/** Writes the files of a page for the function that serves them (`shared/http/page.ts`). */
import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants } from 'node:zlib';

const compress = promisify(brotliCompress);

/** `page.js` with this content → `page.1a2b3c4d.js`: a name under which the content never changes. */
export function hashedName(name: string, content: Uint8Array): string {
  const hash = createHash('sha256').update(content).digest('hex').slice(0, 8);
  return name.replace(/(\.\w+)$/, `.${hash}$1`);
}

/** Writes the files, compressed, into `<folder>/files`. */
export async function writePageFiles(folder: string, files: ReadonlyMap<string, Uint8Array>): Promise<void> {
  await mkdir(join(folder, 'files'), { recursive: true });
  for (const [name, content] of files) {
    // Quality 11, the best, takes ten times as long and saves a tenth.
    const params = { [constants.BROTLI_PARAM_QUALITY]: 9, [constants.BROTLI_PARAM_SIZE_HINT]: content.length };
    await writeFile(join(folder, 'files', `${name}.br`), await compress(content, { params }));
  }
}
