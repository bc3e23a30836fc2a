/** An answer with further fields of the envelope, which the wrapper puts beside `data`. */
export class Beside<T> {
  readonly data: T;
  readonly fields: object;
  constructor(data: T, fields: object) {
    this.data = data;
    this.fields = fields;
  }
}

/** One page of a list. */
export class Page<T> extends Beside<T[]> {
  /**
   * @param cursor absent on the last page @param total entries of the whole list, for lists that document it
   * @param version see `versionOf`
   */
  constructor(data: T[], cursor?: string, total?: number, version = 0) {
    super(data, { cursor, total, version });
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
