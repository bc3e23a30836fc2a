/** A failed request: the HTTP status and the error code of S3. */
export class S3Error extends Error {
  readonly status: number;
  readonly code: string;
  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export const preconditionFailed = () =>
  new S3Error(412, 'PreconditionFailed', 'At least one of the pre-conditions you specified did not hold');

export const notImplemented = () => new S3Error(501, 'NotImplemented', 'The laptop stack has no such operation.');
