import { S3Client } from '@aws-sdk/client-s3';
import type { OperatorBucket } from '../../shared/storage/operator-object-repo.ts';
import { LOCAL_CREDENTIALS, LOCAL_REGION } from '../local/aws.ts';
import { type Place, runningStack } from './table.ts';

/**
 * The bucket that belongs to the table: that of the laptop stack, or one on AWS, whose name CloudFormation generates.
 * Sends no request. @throws Error with a message for the operator
 */
export function findBucket({ bucket, ...place }: Place & { bucket?: string }): OperatorBucket {
  const stack = runningStack(place);
  if (stack && bucket !== undefined)
    throw new Error('--bucket names a bucket on AWS: also give --stage, --region or --table');
  if (stack) {
    const client = new S3Client({
      endpoint: stack.s3_endpoint,
      region: LOCAL_REGION,
      forcePathStyle: true,
      credentials: LOCAL_CREDENTIALS,
    });
    return { client, name: stack.bucket_name };
  }
  if (bucket === undefined)
    throw new Error('--bucket is required on AWS: it is the output BucketName of the stack Roster-<stage>-Data');
  return { client: new S3Client({ ...(place.region && { region: place.region }) }), name: bucket };
}
