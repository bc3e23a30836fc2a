/** One page of a list: the wrapper puts `cursor`, `total` and `version` beside `data`. */
export class Page<T> {
  readonly data: T[];
  /** Absent on the last page. */
  readonly cursor: string | undefined;
  /** Of the whole list, for the lists that document it. */
  readonly total: number | undefined;
  constructor(data: T[], cursor?: string, total?: number) {
    this.data = data;
    this.cursor = cursor;
    this.total = total;
  }
}
