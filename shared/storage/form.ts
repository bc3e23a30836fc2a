import { credentialsOf, signatureOf } from '../aws-signing.ts';
import { bucketName, bucketUrl } from './client.ts';

/** A form that a browser posts with a file: all fields first, the file last. S3 answers 200 without a body. */
export interface UploadForm {
  url: string;
  fields: Record<string, string>;
}

/**
 * A form that takes one upload after another of at most `size` bytes for so many seconds. Its policy names every field:
 * clients can change, omit or add none.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html
 */
export function presignForm(key: string, size: number, seconds: number): UploadForm {
  const at = new Date();
  const { id, token, time, scope } = credentialsOf('s3', at);
  const given = {
    key,
    // The default is 204, which old clients take for a failure.
    success_action_status: '200',
    'x-amz-algorithm': 'AWS4-HMAC-SHA256',
    'x-amz-credential': `${id}/${scope}`,
    'x-amz-date': time,
    ...(token && { 'x-amz-security-token': token }),
  };
  const policy = {
    expiration: new Date(at.getTime() + seconds * 1000).toISOString(),
    conditions: [
      { bucket: bucketName() },
      ['content-length-range', 0, size],
      ...Object.entries(given).map(([name, value]) => ({ [name]: value })),
    ],
  };
  const text = Buffer.from(JSON.stringify(policy)).toString('base64');
  const signature = signatureOf('s3', at, text);
  return { url: bucketUrl().href, fields: { ...given, policy: text, 'x-amz-signature': signature } };
}
