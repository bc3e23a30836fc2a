import type { OperatorTable } from '../../shared/data/operator-queries.ts';

/** The result of a command, as JSON for scripts (`--json`) and as text. */
export interface Answer {
  json: object;
  text: string;
  /** The command did not complete everything: the exit code is 1, and the answer names the failures. */
  failed?: boolean;
}

/**
 * Turns the work of a command into a commander action: finds the table, names it on stderr, and prints the answer.
 * `A` are the parsed arguments, `O` the parsed options of the command.
 */
export type Answering = <A extends unknown[], O>(
  work: (table: OperatorTable, args: A, options: O) => Promise<Answer>,
) => (...given: unknown[]) => Promise<void>;

/** Turns a command into an action that prints line by line while it works: `print` is for stdout, `note` for stderr. */
export type Printing = <A extends unknown[], O>(
  work: (table: OperatorTable, args: A, options: O, output: Output) => Promise<{ failed?: boolean }>,
) => (...given: unknown[]) => Promise<void>;
export interface Output {
  print: (line: string) => void;
  note: (line: string) => void;
}

/** Text in aligned columns, with an optional row of headings. */
export function aligned(rows: readonly (readonly string[])[], headings?: readonly string[]): string {
  const all = headings ? [headings.map((heading) => heading.toUpperCase()), ...rows] : rows;
  const widths = (all[0] ?? []).map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  return all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** A time in milliseconds for JSON output; null if absent. */
export const isoTime = (ms: number | undefined) => (ms ? new Date(ms).toISOString() : null);

/** A time in milliseconds for text output. */
export const shownTime = (ms: number | undefined, never = '-') =>
  ms ? `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC` : never;
