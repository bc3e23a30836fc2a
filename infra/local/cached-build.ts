/** What a script makes from source files, made again only after a source has changed. */
import { spawn } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, globSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { StartUpError } from './start-up.ts';

const HOUR = 3_600_000;

export interface Build {
  /** Folder of the sources, and working directory of the script. */
  root: string;
  /** Patterns of the source files, relative to `root`. */
  sources: string[];
  /** Writes into the folder that is its first argument. A process of its own frees the memory of its tools. */
  script: string;
  /** Further arguments of the script. Each has its own results. */
  parameters: string[];
  /** Folder of the results. */
  results: string;
}

export interface BuildOptions {
  /** Receives a line for each step. */
  onProgress?(step: string): void;
  /** Ends the script. */
  signal?: AbortSignal;
  /** For a debugger: the script gets the argument `--inspect`, and its result is kept apart. */
  inspect?: boolean;
}

/**
 * The folder that the script wrote from the sources as they are. It stays for an hour at least.
 * @throws StartUpError if the script fails
 */
export async function cachedBuild(build: Build, options: BuildOptions = {}): Promise<string> {
  const folder = join(build.results, keyOf(build, options));
  if (existsSync(folder)) options.onProgress?.('No source has changed since the last build, which is used again.');
  else await make(build, folder, options);
  return folder;
}

async function make(
  { root, script, parameters, results }: Build,
  folder: string,
  { onProgress = () => {}, signal, inspect }: BuildOptions,
): Promise<void> {
  const made = join(results, `making-${randomUUID()}`);
  mkdirSync(made, { recursive: true });
  const child = spawn(process.execPath, [script, made, ...argumentsOf(parameters, inspect)], {
    cwd: root,
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
    throw new StartUpError(`The build failed: ${errors.trim() || `exit code ${code}`}`);
  }
  try {
    renameSync(made, folder);
  } catch (error) {
    // A parallel build of the same sources may have finished first. Its folder is as good.
    if (!existsSync(folder)) throw error;
  }
  for (const name of readdirSync(results)) removeOld(join(results, name));
}

function removeOld(folder: string): void {
  const { mtimeMs } = statSync(folder, { throwIfNoEntry: false }) ?? { mtimeMs: Date.now() };
  if (mtimeMs < Date.now() - HOUR) rmSync(folder, { recursive: true, force: true });
}

const argumentsOf = (parameters: string[], inspect = false) => [...parameters, ...(inspect ? ['--inspect'] : [])];

/** A hash of the version of Node.js, the arguments, and the names and contents of all sources. */
function keyOf({ root, sources, parameters }: Build, { inspect }: BuildOptions): string {
  const hash = createHash('sha256').update([process.version, ...argumentsOf(parameters, inspect)].join('\n'));
  for (const file of globSync(sources, { cwd: root }).sort())
    hash.update(`\n${file}\n`).update(readFileSync(join(root, file)));
  return hash.digest('hex').slice(0, 16);
}
