/** POST Object: uploads by HTML forms (presigned POST). */
import type { IncomingMessage } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { S3Error } from './error.ts';
import { checkPolicy } from './post-policy.ts';
import { reply, replyXml, type S3Request } from './request.ts';
import { authorize, createObject, keptHeaders, type S3Service } from './service.ts';
import { type FindCredentials, verifyPolicySignature } from './signature.ts';

/** Bytes of a form, which is parsed in memory. */
const FORM_LIMIT = 256 * 1024 * 1024;

export const isForm = ({ method, incoming }: S3Request): boolean =>
  method === 'POST' && /^multipart\/form-data/i.test(incoming.headers['content-type'] ?? '');

export async function postObject(service: S3Service, request: S3Request, credentials: FindCredentials) {
  const { incoming, bucket } = request;
  if (Number(incoming.headers['content-length']) > FORM_LIMIT) {
    throw new S3Error(400, 'EntityTooLarge', 'Your proposed upload exceeds the maximum allowed size');
  }
  const { fields, file } = await readForm(incoming);
  const field = (name: string) => fields.get(name);
  const signer = verifyPolicySignature(field, credentials);
  // biome-ignore lint/suspicious/noTemplateCurlyInString: S3 replaces this variable by the name of the file.
  const key = (field('key') ?? '').replaceAll('${filename}', file.name);
  request.key = key;
  fields.set('key', key);
  fields.set('bucket', bucket);
  checkPolicy(field('policy')!, fields, file.size);
  if (key === '') throw new S3Error(400, 'InvalidArgument', 'Bucket POST must contain a field named key.');
  authorize(service, signer, 'PutObject', request);
  const received = await service.store.receive(file.stream());
  const headers = keptHeaders(Object.fromEntries(fields));
  const object = await createObject(service, request, signer, received, 'ObjectCreated:Post', headers);
  const status = field('success_action_status');
  const etag = `"${object.etag}"`;
  const location = `http://${incoming.headers.host}/${bucket}/${encodeURI(key)}`;
  if (status !== '201') return reply(request, status === '200' ? 200 : 204, { etag, location });
  replyXml(request, 201, 'PostResponse', { Location: location, Bucket: bucket, Key: key, ETag: etag });
}

/** The fields before the file, names in lower case, and the file. S3 ignores what follows it. */
async function readForm(incoming: IncomingMessage): Promise<{ fields: Map<string, string>; file: File }> {
  const body = await buffer(incoming);
  const headers = { 'content-type': incoming.headers['content-type'] ?? '' };
  const form = await new Response(new Uint8Array(body), { headers }).formData().catch(() => {
    throw new S3Error(
      400,
      'MalformedPOSTRequest',
      'The body of your POST request is not well-formed multipart/form-data.',
    );
  });
  const fields = new Map<string, string>();
  for (const [name, value] of form) {
    if (name.toLowerCase() === 'file')
      return { fields, file: typeof value === 'string' ? new File([value], '') : value };
    if (typeof value === 'string') fields.set(name.toLowerCase(), value);
  }
  throw new S3Error(400, 'InvalidArgument', 'POST requires exactly one file upload per request.');
}
