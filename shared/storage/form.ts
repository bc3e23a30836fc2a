import { createScope } from '@smithy/signature-v4';
import { credentials, region } from '../aws-signing.ts';
import { bucketName, bucketUrl, objectSigner } from './client.ts';

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
export async function presignForm(key: string, size: number, seconds: number): Promise<UploadForm> {
  const signingDate = new Date();
  const { accessKeyId, sessionToken } = await credentials();
  const date = signingDate.toISOString().replace(/[-:]|\.\d{3}/g, '');
  const given = {
    key,
    // The default is 204, which old clients take for a failure.
    success_action_status: '200',
    'x-amz-algorithm': 'AWS4-HMAC-SHA256',
    'x-amz-credential': `${accessKeyId}/${createScope(date.slice(0, 8), region(), 's3')}`,
    'x-amz-date': date,
    ...(sessionToken && { 'x-amz-security-token': sessionToken }),
  };
  const policy = {
    expiration: new Date(signingDate.getTime() + seconds * 1000).toISOString(),
    conditions: [
      { bucket: bucketName() },
      ['content-length-range', 0, size],
      ...Object.entries(given).map(([name, value]) => ({ [name]: value })),
    ],
  };
  const text = Buffer.from(JSON.stringify(policy)).toString('base64');
  const signature = await objectSigner().sign(text, { signingDate });
  return { url: bucketUrl().href, fields: { ...given, policy: text, 'x-amz-signature': signature } };
}
