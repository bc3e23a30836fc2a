import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type BuildOptions, build, type Metafile } from 'esbuild';
import { backgroundFunctions, consolePage, docsPage, type FunctionRow, pages, routes } from '../shared/routes/index.ts';
import { areaEntries } from './bundle/area-entry.ts';
import { declarations } from './bundle/declarations.ts';
import { writeConsolePage } from './console-page.ts';
import { writeDocsPage } from './docs-page.ts';
import { apiFunctions, type FunctionForm, isShared } from './functions.ts';
import { slugOf } from './names.ts';

const root = resolve(import.meta.dirname, '..');

/** Folder of the bundles of `npm run build`, `npm start` and `cdk deploy`. */
export const BUNDLES = join(root, 'dist');

/** File name of a bundle. `.mjs` is an ES module whatever a package.json above it says. */
export const BUNDLE_FILE = 'index.mjs';

/** Format of all code for the runtime of Lambda. */
export const FORM = {
  bundle: true,
  // An ES module that imports a module of Node evaluates all of its exports. For `node:http` this loads a whole HTTP
  // client (undici), which costs as much as the rest of a cold start. `require` does not.
  format: 'cjs',
  supported: { 'dynamic-import': false },
  define: { 'import.meta.dirname': '__dirname' },
  outExtension: { '.js': '.cjs' },
  platform: 'node',
  target: 'node24',
  minify: true,
  legalComments: 'none',
  // The SDK's ES modules can be tree-shaken, its CommonJS modules cannot: a third less to load.
  mainFields: ['module', 'main'],
  // Explicit, so that the output is the same without a tsconfig.json above. Modules are always strict.
  tsconfigRaw: { compilerOptions: { alwaysStrict: true } },
} as const satisfies BuildOptions;

/**
 * A bundle is an ES module, because only those can wait while they load (`globalThis.primed`: see shared/priming.ts). Inside
 * it is CommonJS all the same, and takes Node's modules without evaluating their exports.
 */
const MODULE = {
  outExtension: { '.js': '.mjs' },
  banner: { js: 'const require=process.getBuiltinModule,module={exports:{}},__dirname=import.meta.dirname;' },
  footer: { js: 'await globalThis.primed;const exported=module.exports.handler;export{exported as handler};' },
} as const satisfies BuildOptions;

export interface BundleOptions {
  /** Default: the functions of all operations, the background functions, and the pages. */
  rows?: readonly FunctionRow[];
  /** Which operations share a function, where `rows` are not given. Default: none. */
  form?: FunctionForm;
  /** Folder of the entry files `<id>.ts`. */
  functions?: string;
  /** Its bundles are removed first. Default: `dist`. */
  outdir?: string;
  /** For a debugger on this machine: readable code, and maps to the sources beside it. */
  inspect?: boolean;
}

export interface Bundles {
  /** Bytes of `index.mjs` by row id. */
  bytes: Record<string, number>;
  metafile: Metafile;
}

/** Makes the sources of a bundle's map absolute: the laptop stack serves a copy of the bundle from another folder. */
async function absoluteSources(folder: string): Promise<void> {
  const file = join(folder, `${BUNDLE_FILE}.map`);
  const map = JSON.parse(await readFile(file, 'utf8'));
  map.sources = map.sources.map((source: string) => resolve(folder, source));
  await writeFile(file, JSON.stringify(map));
}

/** Folder of a bundle. It contains only `index.mjs`, and for a page its files. */
export const bundleFolder = (outdir: string, id: string): string => join(outdir, 'functions', slugOf(id));

/**
 * Bundles every function in one esbuild pass into `<outdir>/functions/<id with hyphens>/index.mjs` and writes
 * `<outdir>/meta.json` (the content of each bundle). The same sources give the same bytes in any folder.
 * @throws Error that names row and file if a row has no entry file; esbuild's error if a file does not build
 */
export async function bundle(options: BundleOptions = {}): Promise<Bundles> {
  const { functions = join(root, 'functions'), outdir = BUNDLES, inspect = false } = options;
  const { rows = [...apiFunctions(routes, options.form ?? 'operation'), ...backgroundFunctions, ...pages] } = options;
  const entryOf = ({ id }: FunctionRow) => join(functions, `${id}.ts`);
  for (const row of rows.flatMap((row) => (isShared(row) ? row.operations : row))) {
    if (!existsSync(entryOf(row))) {
      throw new Error(`Row "${row.id}" of the route table has no entry file functions/${row.id}.ts.`);
    }
  }
  await rm(join(outdir, 'functions'), { recursive: true, force: true });
  // The process of esbuild is short-lived: garbage collection takes a fifth longer and saves a tenth of the memory.
  process.env.GOGC ??= 'off';
  const { metafile } = await build({
    entryPoints: rows.map((row) => ({
      in: isShared(row) ? row.id : entryOf(row),
      out: `${slugOf(row.id)}/index`,
    })),
    outdir: join(outdir, 'functions'),
    // Paths in the output and in the metafile are relative to this folder.
    absWorkingDir: root,
    ...FORM,
    ...MODULE,
    ...(inspect && {
      minify: false,
      sourcemap: 'linked' as const,
      sourcesContent: false,
      // A debugger stops at calls, not at rehearsals (shared/priming.ts).
      define: { ...FORM.define, 'process.env.AWS_LAMBDA_INITIALIZATION_TYPE': 'undefined' },
    }),
    // Leaving out fields would move the lines of declarations.
    plugins: [areaEntries(rows, functions), ...(inspect ? [] : [declarations])],
    metafile: true,
    logLevel: 'silent',
  });
  if (inspect) await Promise.all(rows.map(({ id }) => absoluteSources(join(bundleFolder(resolve(outdir), id)))));
  if (rows.includes(docsPage)) await writeDocsPage(bundleFolder(outdir, docsPage.id));
  if (rows.includes(consolePage)) await writeConsolePage(bundleFolder(outdir, consolePage.id));
  await mkdir(outdir, { recursive: true });
  await writeFile(join(outdir, 'meta.json'), JSON.stringify(metafile));
  const sizes = new Map(Object.entries(metafile.outputs).map(([file, output]) => [resolve(root, file), output.bytes]));
  const bytes = rows.map(({ id }) => [id, sizes.get(join(bundleFolder(resolve(outdir), id), BUNDLE_FILE)) ?? 0]);
  return { bytes: Object.fromEntries(bytes), metafile };
}
