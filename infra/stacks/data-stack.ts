import { CfnOutput, Duration, Fn, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import {
  type Attribute,
  AttributeType,
  BillingMode,
  ProjectionType,
  StreamViewType,
  Table,
} from 'aws-cdk-lib/aws-dynamodb';
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  type CfnBucket,
  HttpMethods,
  ObjectOwnership,
} from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { IMPORT_DAYS } from '../../shared/data/import-job-repo.ts';
import { projectedBy } from '../../shared/data/schema.ts';
import { GLOBAL_INDEX, LOCAL_INDEXES, PARTITION_KEY, SORT_KEY, TTL_ATTRIBUTE } from '../../shared/data/table.ts';
import { EVENTS, IMPORTS, INCOMING } from '../../shared/storage/names.ts';
import type { Config } from '../config.ts';
import { tableNameOf } from '../names.ts';

const text = (name: string): Attribute => ({ name, type: AttributeType.STRING });

export interface DataNames {
  tableName: string;
  tableArn: string;
  streamArn: string;
  bucketName: string;
  bucketArn: string;
}

/** The persistent resources: the table, and the bucket of group files and avatars. */
export class DataStack extends Stack {
  /** Imports of the outputs of this stack, for other stacks. */
  readonly names: DataNames;

  constructor(scope: Construct, id: string, config: Config) {
    super(scope, id, { description: 'Roster: the table and the bucket of files' });
    const removalPolicy = config.retain ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY;

    const table = new Table(this, 'Table', {
      tableName: tableNameOf(config.stage),
      partitionKey: text(PARTITION_KEY),
      sortKey: text(SORT_KEY),
      billingMode: BillingMode.PAY_PER_REQUEST,
      ...(config.maxReadUnits && { maxReadRequestUnits: config.maxReadUnits }),
      ...(config.maxWriteUnits && { maxWriteRequestUnits: config.maxWriteUnits }),
      // No `encryption`: DynamoDB encrypts at rest with a key that it owns. A KMS key would add requests with their
      // price, throttle and permission.
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: config.retain,
      timeToLiveAttribute: TTL_ATTRIBUTE,
      stream: StreamViewType.NEW_AND_OLD_IMAGES,
      removalPolicy,
    });
    for (const { name, sortKey } of LOCAL_INDEXES)
      table.addLocalSecondaryIndex({
        indexName: name,
        sortKey: text(sortKey),
        projectionType: ProjectionType.INCLUDE,
        nonKeyAttributes: projectedBy(name),
      });
    table.addGlobalSecondaryIndex({
      indexName: GLOBAL_INDEX.name,
      partitionKey: text(GLOBAL_INDEX.partitionKey),
      sortKey: text(GLOBAL_INDEX.sortKey),
      projectionType: ProjectionType.KEYS_ONLY,
    });

    // Not versioned: each object is written once under a random key, and a deleted file must be erased.
    const bucket = new Bucket(this, 'Bucket', {
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      encryption: BucketEncryption.S3_MANAGED,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      // Only presigned addresses give access to the bucket, whatever the origin of the page.
      cors: [
        {
          // The API redirects here. After a redirect to another origin browsers send `Origin: null`, together with the
          // headers that the page sent to the API.
          allowedOrigins: ['*'],
          allowedMethods: [HttpMethods.GET, HttpMethods.HEAD],
          allowedHeaders: ['*'],
          exposedHeaders: ['ETag'],
          maxAge: 3600,
        },
        {
          allowedOrigins: [...config.corsOrigins],
          allowedMethods: [HttpMethods.PUT, HttpMethods.POST],
          allowedHeaders: ['*'],
          exposedHeaders: ['ETag'],
          maxAge: 3600,
        },
      ],
      lifecycleRules: [
        { id: 'abort-uploads', abortIncompleteMultipartUploadAfter: Duration.days(1) },
        // Uploads that became neither a file nor an avatar.
        { id: 'forget-incoming', prefix: INCOMING, expiration: Duration.days(1) },
        // Lines of imports: each part goes once it is imported, the refused lines stay for their operator.
        { id: 'forget-imports', prefix: IMPORTS, expiration: Duration.days(IMPORT_DAYS) },
        ...(config.archiveDays
          ? [{ id: 'forget-events', prefix: EVENTS, expiration: Duration.days(config.archiveDays) }]
          : []),
      ],
      removalPolicy,
    });

    // EventBridge, because other stacks may define its rules; a notification would have to name their function here.
    // Set as a CloudFormation property: `eventBridgeEnabled` of the construct adds a helper function that does the
    // same.
    (bucket.node.defaultChild as CfnBucket).notificationConfiguration = {
      eventBridgeConfiguration: { eventBridgeEnabled: true },
    };

    Validations.of(bucket).acknowledge({
      id: 'AwsSolutions::AwsSolutions-S1',
      reason:
        'Access logs would need a second bucket in every account and contain presigned addresses. The function that signs ' +
        'an address logs the call. Accounts that must keep object logs can enable CloudTrail data events.',
    });

    const share = (name: string, value: string): string => {
      const exportName = `${id}-${name}`;
      new CfnOutput(this, name, { value, exportName });
      return Fn.importValue(exportName);
    };
    this.names = {
      tableName: share('TableName', table.tableName),
      tableArn: share('TableArn', table.tableArn),
      streamArn: share('StreamArn', table.tableStreamArn!),
      bucketName: share('BucketName', bucket.bucketName),
      bucketArn: share('BucketArn', bucket.bucketArn),
    };
  }
}
