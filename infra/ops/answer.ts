import type { OperatorTable } from '../../shared/data/operator-queries.ts';

/** What a command answers: for scripts with `--json`, and for people. */
export interface Answer {
  json: object;
  text: string;
  /** Not all was done: the exit code is 1, and the answer says what. */
  failed?: boolean;
}

/**
 * Makes a commander action of a command's work: finds the table, says on stderr which, and prints the answer.
 * `A` are its arguments and `O` its own options, as their parsers give them.
 */
export type Answering = <A extends unknown[], O>(
  work: (table: OperatorTable, args: A, options: O) => Promise<Answer>,
) => (...given: unknown[]) => Promise<void>;

/** Columns as wide as their widest cell; a first row of headings where given. */
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

/** Milliseconds as scripts get them; null where there is no such time. */
export const isoTime = (ms: number | undefined) => (ms ? new Date(ms).toISOString() : null);

/** Milliseconds as people read them. */
export const shownTime = (ms: number | undefined, never = '-') =>
  ms ? `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC` : never;
