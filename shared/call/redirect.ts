/** An answer with status 302 to this address, which is also the `url` of its data. */
export class Redirect {
  readonly url: string;
  constructor(url: string) {
    this.url = url;
  }
}
