/** Errors of a person's machine that can prevent a start. Each is one sentence. */
import { accessSync, constants, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** An error that a person can correct, in one sentence. Its stack trace is not shown. */
export class StartUpError extends Error {}

/**
 * Creates the folder if it is missing.
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

/** Creates one folder after the other: in `/proc`, where none can be made, `recursive` never returns. */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  makeFolder(dirname(folder));
  try {
    mkdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/** The JSON that an earlier run wrote into a file. @throws StartUpError if the file holds no JSON */
// biome-ignore lint/suspicious/noExplicitAny: each caller knows the content that it wrote
export function readKept(file: string): any {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new StartUpError(`${file} cannot be read. Move it away: ${(error as Error).message}.`);
  }
}
