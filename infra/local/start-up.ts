/** What can be wrong on a person's machine when the stack starts: always a sentence, and never a wait. */
import { accessSync, constants, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** What went wrong at start-up, in one sentence for a person; the stack trace would add nothing. */
export class StartUpError extends Error {}

/**
 * Makes the folder where it is missing.
 * @throws StartUpError unless files can be read and written in it
 */
export function useFolder(folder: string): void {
  try {
    makeFolder(folder);
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new StartUpError(`The folder ${folder} cannot be used: ${(error as Error).message}.`);
  }
}

/** One by one: where a file system takes no folders (`/proc`), Node.js would try `recursive` for ever. */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  makeFolder(dirname(folder));
  try {
    mkdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/** The JSON that an earlier run left in a file. @throws StartUpError where there is none in it */
// biome-ignore lint/suspicious/noExplicitAny: each caller knows what it wrote
export function readKept(file: string): any {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new StartUpError(`${file} cannot be read, move it away: ${(error as Error).message}.`);
  }
}
