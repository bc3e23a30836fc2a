/** An answer that is somewhere else: 302 to that address, which is also the `url` of its data. */
export class Redirect {
  readonly url: string;
  constructor(url: string) {
    this.url = url;
  }
}
