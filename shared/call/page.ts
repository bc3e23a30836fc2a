/** One page of a list. The wrapper puts `cursor`, `total` and `version` beside `data`. */
export class Page<T> {
  readonly data: T[];
  /** Absent on the last page. */
  readonly cursor: string | undefined;
  /** Entries of the whole list, for lists that document it. */
  readonly total: number | undefined;
  constructor(data: T[], cursor?: string, total?: number) {
    this.data = data;
    this.cursor = cursor;
    this.total = total;
  }
}

/** The most bytes of the entries of one answer. Lambda's whole answer has at most 6,291,556. */
const MOST_ANSWERED = 6_000_000;

/** Bytes of a value in Lambda's answer. Its body is JSON within JSON: a control character takes 7, a quote 4. */
export const answeredBytes = (value: unknown): number => Buffer.byteLength(JSON.stringify(JSON.stringify(value)));

/** How many entries, from the first, fit into one answer. @param bytesOf the least bytes of an entry */
export function fitting<T>(entries: readonly T[], bytesOf: (entry: T) => number = answeredBytes): number {
  let bytes = 0;
  const end = entries.findIndex((entry) => {
    bytes += bytesOf(entry);
    return bytes > MOST_ANSWERED;
  });
  return end < 0 ? entries.length : end;
}
