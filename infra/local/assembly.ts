/** Bundles and templates of the stage `local`: made once for all that serve or read them, and kept while no source changes. */
import { spawn } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, globSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { StartUpError } from './start-up.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const FOLDER = join(ROOT, 'dist/local');
const HOUR = 3_600_000;

export interface Assembly {
  /** As `bundle()` writes it, with its `meta.json`. */
  bundles: string;
  /** The templates and their assets, as `cdk synth` writes them. */
  assembly: string;
}

export interface AssemblyOptions {
  /** Gets a line for each step. */
  onProgress?(step: string): void;
  /** Ends the work. */
  signal?: AbortSignal;
}

/**
 * Gives the folders, which stay for an hour at least; makes them where none fits the sources as they are now, in a
 * process of its own (10 s).
 * @throws StartUpError if the sources cannot be bundled or synthesized
 */
export async function assemblyOfSources(options: AssemblyOptions = {}): Promise<Assembly> {
  const folder = join(FOLDER, keyOfSources());
  if (existsSync(folder))
    options.onProgress?.('No source has changed: the bundles and templates of the last start serve.');
  else await make(folder, options);
  return { bundles: join(folder, 'bundles'), assembly: join(folder, 'assembly') };
}

async function make(folder: string, { onProgress = () => {}, signal }: AssemblyOptions): Promise<void> {
  const made = join(FOLDER, `making-${randomUUID()}`);
  mkdirSync(made, { recursive: true });
  const child = spawn(process.execPath, [join(import.meta.dirname, 'write-assembly.ts'), made], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(signal && { signal, killSignal: 'SIGKILL' as const }),
  });
  let errors = '';
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  createInterface({ input: child.stdout }).on('line', onProgress);
  const [code] = await once(child, 'exit');
  if (code !== 0) {
    rmSync(made, { recursive: true });
    throw new StartUpError(`Bundling and synthesizing failed: ${errors.trim() || `exit code ${code}`}`);
  }
  try {
    renameSync(made, folder);
  } catch (error) {
    // A run beside this one may have been faster: then its folder serves as well.
    if (!existsSync(folder)) throw error;
  }
  for (const name of readdirSync(FOLDER)) removeOld(join(FOLDER, name));
}

/** Old enough that no run of the tests can still serve it; a stack that is started serves a copy. */
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
