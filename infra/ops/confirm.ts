import { createInterface } from 'node:readline';

/**
 * Asks the operator to type an id, unless `--yes` is given.
 * @throws Error where the id is not typed
 */
export async function confirm(
  question: string,
  id: string,
  { yes, json }: { yes?: true | undefined; json?: true | undefined },
): Promise<void> {
  if (yes) return;
  if (json) throw new Error('--yes is required with --json, which never asks');
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const typed = await new Promise<string>((resolve) => {
    terminal.question(`${question} Type its id to confirm: `, resolve);
    terminal.once('close', () => resolve(''));
  });
  terminal.close();
  if (typed.trim() !== id) throw new Error('not confirmed: nothing was done');
}
