import { badParameter, TooLarge } from '../errors.ts';

/** A form as it was posted. */
export interface Multipart {
  /** The header `content-type`, which names the boundary of the parts. */
  type: string;
  bytes: Buffer<ArrayBuffer>;
}

/** Bytes of a form. Lambda takes an event of 6 MiB, in which the form is base64. */
const MOST_BYTES = 4_600_000;

/** The content of the form's field `file`. @throws TooLarge; ApiError badParameter where there is no such field */
export async function fileOf({ type, bytes }: Multipart): Promise<Buffer<ArrayBuffer>> {
  if (bytes.length > MOST_BYTES)
    throw new TooLarge(MOST_BYTES, ': post a larger file to direct_url, with all fields of oss_body_param');
  // A body that is no form has no file either.
  const form = await new Response(bytes, { headers: { 'content-type': type } }).formData().catch(() => undefined);
  const file = form?.get('file');
  if (file == null) throw badParameter('file', 'is required, as a field of a multipart form');
  return typeof file === 'string' ? Buffer.from(file) : Buffer.from(await file.arrayBuffer());
}
