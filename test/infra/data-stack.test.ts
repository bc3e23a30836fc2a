import { describe, expect, it } from 'vitest';
import { projectedBy } from '../../shared/data/schema.ts';
import { routes } from '../../shared/routes/index.ts';
import { ALL_SET, synthesizedTemplates } from './templates.ts';

/** With one route only: the stack with the data is the same for any, and the others take seconds. */
const dataTemplates = (context?: Record<string, string>) => synthesizedTemplates(routes.slice(0, 1), context);

const { Resources, Outputs } = dataTemplates().get('Roster-dev-Data')!;
const resource = (type: string, from = Resources) => Object.values(from).find(({ Type }) => Type === type)!;

describe('the table', () => {
  const table = resource('AWS::DynamoDB::Table');

  // Local indexes are made with the table: a change here means a new table and moving all data.
  it('the table has string keys, three local indexes and one global index of keys only', () => {
    const keys = (partition: string, sort: string) => [
      { AttributeName: partition, KeyType: 'HASH' },
      { AttributeName: sort, KeyType: 'RANGE' },
    ];
    expect(table.Properties.KeySchema).toEqual(keys('pk', 'sk'));
    expect(table.Properties.AttributeDefinitions).toEqual(
      ['pk', 'sk', 'lsi1sk', 'lsi2sk', 'lsi3sk', 'gsi1pk', 'gsi1sk'].map((AttributeName) => ({
        AttributeName,
        AttributeType: 'S',
      })),
    );
    expect(table.Properties.LocalSecondaryIndexes).toEqual(
      (['lsi1', 'lsi2', 'lsi3'] as const).map((index) => ({
        IndexName: index,
        KeySchema: keys('pk', `${index}sk`),
        Projection: { ProjectionType: 'INCLUDE', NonKeyAttributes: projectedBy(index) },
      })),
    );
    expect(table.Properties.GlobalSecondaryIndexes).toEqual([
      { IndexName: 'gsi1', KeySchema: keys('gsi1pk', 'gsi1sk'), Projection: { ProjectionType: 'KEYS_ONLY' } },
    ]);
  });

  it('the table is on demand, recoverable and streamed, expires items, and stays when its stack is deleted', () => {
    expect(table).toMatchObject({ DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
    expect(table.Properties).toMatchObject({
      TableName: 'roster-dev',
      BillingMode: 'PAY_PER_REQUEST',
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      DeletionProtectionEnabled: true,
      TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true },
      StreamSpecification: { StreamViewType: 'NEW_AND_OLD_IMAGES' },
    });
    // Absent: encrypted under the key that DynamoDB owns.
    expect(table.Properties.SSESpecification).toBeUndefined();
  });

  it('the table has only the bounds on its units that the configuration sets, and its index has none of its own', () => {
    expect(table.Properties.OnDemandThroughput).toBeUndefined();
    const bounded = (context: Record<string, string>) =>
      resource('AWS::DynamoDB::Table', dataTemplates(context).get('Roster-dev-Data')!.Resources).Properties;
    const both = bounded({ maxReadUnits: '4000', maxWriteUnits: '1000' });
    expect(both.OnDemandThroughput).toEqual({ MaxReadRequestUnits: 4000, MaxWriteRequestUnits: 1000 });
    expect(both.GlobalSecondaryIndexes).toEqual(table.Properties.GlobalSecondaryIndexes);
    expect(both.LocalSecondaryIndexes).toEqual(table.Properties.LocalSecondaryIndexes);
    expect(bounded({ maxWriteUnits: '1000' }).OnDemandThroughput).toEqual({ MaxWriteRequestUnits: 1000 });
  });
});

describe('the bucket', () => {
  const bucket = resource('AWS::S3::Bucket');

  it('the bucket is private and encrypted, and stays when its stack is deleted', () => {
    expect(bucket).toMatchObject({ DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
    expect(bucket.Properties).toMatchObject({
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
      OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
      },
    });
  });

  it('the bucket refuses every request that does not use TLS 1.2', () => {
    const { Statement } = resource('AWS::S3::BucketPolicy').Properties.PolicyDocument;
    expect(Statement).toMatchObject([
      { Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } },
      { Effect: 'Deny', Condition: { NumericLessThan: { 's3:TlsVersion': 1.2 } } },
    ]);
  });

  it.each([
    ['any origin', {}, ['*']],
    ['the configured origins', ALL_SET, ['https://app.example.com', 'https://admin.example.com']],
  ])(
    'pages of any origin may download, since a redirect hides the origin, and those of %s may upload',
    (_, context, origins) => {
      const { Resources: all } = dataTemplates(context).get('Roster-dev-Data')!;
      const rule = { AllowedHeaders: ['*'], ExposedHeaders: ['ETag'], MaxAge: 3600 };
      expect(resource('AWS::S3::Bucket', all).Properties.CorsConfiguration.CorsRules).toEqual([
        { ...rule, AllowedOrigins: ['*'], AllowedMethods: ['GET', 'HEAD'] },
        { ...rule, AllowedOrigins: origins, AllowedMethods: ['PUT', 'POST'] },
      ]);
    },
  );

  it('the bucket removes uploads that were begun and never finished', () => {
    expect(bucket.Properties.LifecycleConfiguration.Rules).toMatchObject([
      { Status: 'Enabled', AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 } },
      { Status: 'Enabled', Prefix: 'incoming/', ExpirationInDays: 1 },
      // Lines of imports, which hold private data.
      { Status: 'Enabled', Prefix: 'imports/', ExpirationInDays: 14 },
    ]);
  });

  it('the bucket keeps archived events for ever, or for as many days as the configuration says', () => {
    const { Resources: all } = dataTemplates({ archiveDays: '400' }).get('Roster-dev-Data')!;
    const { Rules } = resource('AWS::S3::Bucket', all).Properties.LifecycleConfiguration;
    expect(Rules.slice(3)).toMatchObject([{ Status: 'Enabled', Prefix: 'events/', ExpirationInDays: 400 }]);
    expect(bucket.Properties.LifecycleConfiguration.Rules).toHaveLength(3);
  });

  it('the bucket sends events of its objects to EventBridge', () => {
    expect(bucket.Properties.NotificationConfiguration).toEqual({
      EventBridgeConfiguration: { EventBridgeEnabled: true },
    });
  });
});

it('the data stack has a table, a bucket and its policy, and no helper function', () => {
  expect(
    Object.values(Resources)
      .map(({ Type }) => Type)
      .sort(),
  ).toEqual(['AWS::DynamoDB::Table', 'AWS::S3::Bucket', 'AWS::S3::BucketPolicy']);
});

it('the data stack exports the names by which other stacks find table and bucket', () => {
  const exports = Object.values(Outputs!).map(({ Export }) => Export?.Name);
  expect(exports).toEqual(
    ['TableName', 'TableArn', 'StreamArn', 'BucketName', 'BucketArn'].map((name) => `Roster-dev-Data-${name}`),
  );
});

describe('stages', () => {
  it('the table of a stage has the name of the stage', () => {
    const { Resources: prod } = dataTemplates({ stage: 'prod' }).get('Roster-prod-Data')!;
    expect(resource('AWS::DynamoDB::Table', prod).Properties.TableName).toBe('roster-prod');
  });

  it('a stage may be disposable (retain=false), but not prod', () => {
    const context = { stage: 'trial', retain: 'false' };
    const { Resources: trial } = dataTemplates(context).get('Roster-trial-Data')!;
    expect(resource('AWS::DynamoDB::Table', trial)).toMatchObject({
      DeletionPolicy: 'Delete',
      Properties: { DeletionProtectionEnabled: false },
    });
    expect(() => dataTemplates({ ...context, stage: 'prod' })).toThrow(/retain=false/);
  });
});
