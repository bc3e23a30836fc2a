/** What `npm start` builds is used again: whether a second start builds nothing does not depend on the machine. */
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeEach, expect, it } from 'vitest';
import { cachedBuild } from '../../infra/local/cached-build.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'cached-build-test-'));
afterAll(() => rmSync(folder, { recursive: true }));

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(folder, 'root-'));
  mkdirSync(join(root, 'sources'));
  writeFileSync(join(root, 'sources/a.txt'), 'a');
  const script = `const { appendFileSync, writeFileSync } = require('node:fs');
    appendFileSync('runs', process.argv.slice(3).join() + ';');
    writeFileSync(process.argv[2] + '/made', 'made');`;
  writeFileSync(join(root, 'script.cjs'), script);
});

const make = (parameters = ['operation'], inspect = false) =>
  cachedBuild(
    { root, sources: ['sources/**/*.*'], script: join(root, 'script.cjs'), parameters, results: join(root, 'results') },
    { inspect },
  );
const runs = () => readFileSync(join(root, 'runs'), 'utf8');

it('a build runs no script while no source has changed', async () => {
  const first = await make();
  expect(await make()).toBe(first);
  expect(readFileSync(join(first, 'made'), 'utf8')).toBe('made');
  expect(runs()).toBe('operation;');
});

it('a changed, new or removed source, another parameter and a debugger each have a build of their own', async () => {
  const folders = [await make()];
  appendFileSync(join(root, 'sources/a.txt'), '!');
  folders.push(await make());
  writeFileSync(join(root, 'sources/b.txt'), '');
  folders.push(await make(), await make(['area']), await make(['area'], true));
  rmSync(join(root, 'sources/a.txt'));
  folders.push(await make());
  expect(new Set(folders).size).toBe(6);
  expect(runs()).toBe('operation;operation;operation;area;area,--inspect;operation;');
});

it('npm start loads nothing that builds: CDK and esbuild are loaded only by the script', async () => {
  const loadedBy = async (file: string) => {
    const { metafile } = await build({
      entryPoints: [join(ROOT, file)],
      absWorkingDir: ROOT,
      bundle: true,
      write: false,
      metafile: true,
      packages: 'external',
      platform: 'node',
      format: 'esm',
    });
    const packages = Object.values(metafile.outputs).flatMap((output) => output.imports.map(({ path }) => path));
    return { files: Object.keys(metafile.inputs).map((path) => relative(ROOT, resolve(ROOT, path))), packages };
  };
  const script = await loadedBy('infra/laptop/write-assembly.ts');
  expect(script.packages).toEqual(expect.arrayContaining(['aws-cdk-lib', 'esbuild']));
  // Its checks are for deployments.
  expect(script.packages).not.toContain('cdk-nag');
  const start = await loadedBy('infra/laptop/start.ts');
  expect(start.files).toContain('infra/local/stack.ts');
  expect(start.packages.filter((name) => /^(aws-cdk-lib|constructs|cdk-nag|esbuild)(\/|$)/.test(name))).toEqual([]);
});
