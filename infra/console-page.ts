/** The files that the function `console` serves: the console of `console/`, as one script and one style sheet. */
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import { hashedName, writePageFiles } from './page-files.ts';

const ROOT = resolve(import.meta.dirname, '..');
const CONSOLE = join(ROOT, 'console');

/** Writes these files, compressed, into `<folder>/files`. The same sources give the same bytes. */
export async function writeConsolePage(folder: string): Promise<void> {
  const { outputFiles } = await build({
    entryPoints: [join(CONSOLE, 'main.tsx'), join(CONSOLE, 'style.css')],
    outdir: folder,
    absWorkingDir: ROOT,
    bundle: true,
    write: false,
    format: 'iife',
    platform: 'browser',
    target: ['chrome111', 'firefox113', 'safari16.4'],
    minify: true,
    legalComments: 'none',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    tsconfigRaw: { compilerOptions: { alwaysStrict: true } },
    logLevel: 'silent',
  });
  const files = new Map<string, Uint8Array>();
  const named = new Map<string, string>();
  for (const { path, contents } of outputFiles) {
    const name = path.slice(path.lastIndexOf('/') + 1);
    named.set(name, hashedName(name, contents));
    files.set(hashedName(name, contents), contents);
  }
  const page = await readFile(join(CONSOLE, 'index.html'), 'utf8');
  const linked = page.replace(/console\/(main\.js|style\.css)/g, (_, name: string) => `console/${named.get(name)}`);
  files.set('index.html', Buffer.from(linked));
  await writePageFiles(folder, files);
}
