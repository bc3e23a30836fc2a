/** Bundles and templates of the stage `local`: made once for all tests that need them, and kept while no source changes. */
import { execFile } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { existsSync, globSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const ROOT = resolve(import.meta.dirname, '../..');
const FOLDER = join(ROOT, 'dist/test');
const HOUR = 3_600_000;

export interface Assembly {
  /** As `bundle()` writes it, with its `meta.json`. */
  bundles: string;
  /** The templates, as `cdk synth` writes them. */
  assembly: string;
}

/** Gives the folders; makes them where none fits the sources as they are now, in a process of its own (20 s). */
export async function assemblyOfSources(): Promise<Assembly> {
  const folder = join(FOLDER, keyOfSources());
  if (!existsSync(folder)) {
    const made = join(FOLDER, `making-${randomUUID()}`);
    mkdirSync(made, { recursive: true });
    await promisify(execFile)(process.execPath, [join(ROOT, 'infra/local/write-assembly.ts'), made], { cwd: ROOT });
    try {
      renameSync(made, folder);
    } catch (error) {
      // A run beside this one may have been faster: then its folder serves as well.
      if (!existsSync(folder)) throw error;
    }
    for (const name of readdirSync(FOLDER)) removeOld(join(FOLDER, name));
  }
  return { bundles: join(folder, 'bundles'), assembly: join(folder, 'assembly') };
}

/** Old enough that no run can still serve it. */
function removeOld(folder: string): void {
  const { mtimeMs } = statSync(folder, { throwIfNoEntry: false }) ?? { mtimeMs: Date.now() };
  if (mtimeMs < Date.now() - HOUR) rmSync(folder, { recursive: true, force: true });
}

/** The same for the same names and contents of all that bundles and templates are made of. */
function keyOfSources(): string {
  const hash = createHash('sha256').update(process.version);
  const files = [
    '{functions,shared,infra}/**/*.*',
    'docs/openapi.json',
    'package.json',
    'package-lock.json',
    'cdk.json',
    'tsconfig.json',
  ];
  for (const file of globSync(files, { cwd: ROOT }).sort())
    hash.update(`\n${file}\n`).update(readFileSync(join(ROOT, file)));
  return hash.digest('hex').slice(0, 16);
}
