import { ArnFormat, Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, Code, type FunctionProps, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import {
  AREA,
  BUCKET_NAME,
  BUS_NAME,
  EVENTS,
  IMPORT_QUEUE_URL,
  OPERATION,
  REFRESH_FUNCTION,
  STAGE,
  STATISTICS,
  TABLE_NAME,
  WEBHOOK_QUEUE_URL,
} from '../../shared/environment.ts';
import { type FunctionRow, grantsOf, type Operation } from '../../shared/routes/index.ts';
import { bundleFolder } from '../bundle.ts';
import type { Config } from '../config.ts';
import { BACKGROUND, functionNameOf, refreshFunctionNameOf } from '../names.ts';
import type { DataNames } from '../stacks/data-stack.ts';
import { statementsOf, usesBucket, usesBus, usesImports, usesQueue, usesRefresh } from './grants.ts';
import type { Messaging } from './messaging.ts';

/** What all functions of a stage share. */
export interface Surroundings {
  config: Config;
  data: DataNames;
  /** Absent where the deployment has no events. */
  messaging?: Messaging | undefined;
  /** The queue of imports. */
  imports: Queue;
  /** Output folder of `bundle()`. */
  bundles: string;
}

/**
 * The function of one row with its own log group and its own role. The role allows the row's grants and writing that
 * log; `more` are statements that the trigger needs.
 */
export function rowFunction(
  scope: Construct,
  row: FunctionRow & Partial<Pick<Operation, 'area'>>,
  surroundings: Surroundings,
  more: PolicyStatement[] = [],
): LambdaFunction {
  const { config, data, messaging, imports } = surroundings;
  const grants = grantsOf(row);
  // By its name: it is in another stack.
  const refreshArn = Stack.of(scope).formatArn({
    service: 'lambda',
    resource: 'function',
    resourceName: refreshFunctionNameOf(config.stage),
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
  const granted = statementsOf(grants, {
    ...data,
    ...messaging?.arns,
    importsArn: imports.queueArn,
    refreshArn,
  });
  const inBackground = row.area === undefined;
  const lambda = loggedFunction(scope, row, surroundings, [...granted, ...more], {
    ...(inBackground &&
      config.backgroundConcurrency > 0 && { reservedConcurrentExecutions: config.backgroundConcurrency }),
    environment: {
      [TABLE_NAME]: data.tableName,
      [OPERATION]: row.id,
      [STAGE]: config.stage,
      [AREA]: row.area ?? BACKGROUND,
      ...(!inBackground && config.statistics > 0 && { [STATISTICS]: String(config.statistics) }),
      ...(usesBucket(grants) && { [BUCKET_NAME]: data.bucketName }),
      ...(messaging && usesQueue(grants) && { [WEBHOOK_QUEUE_URL]: messaging.queue.queueUrl }),
      ...(usesImports(grants) && { [IMPORT_QUEUE_URL]: imports.queueUrl }),
      ...(messaging && usesBus(grants) && { [BUS_NAME]: messaging.busName }),
      ...(usesRefresh(grants) && { [REFRESH_FUNCTION]: refreshFunctionNameOf(config.stage) }),
      ...(!messaging && { [EVENTS]: 'off' }),
    },
  });
  for (const resource of granted.flatMap(({ resources }) => resources)) {
    if (!resource.startsWith(`${data.bucketArn}/`)) continue;
    Validations.of(lambda.role!).acknowledge({
      id: `AwsSolutions::AwsSolutions-IAM5[Resource::Roster-${config.stage}-Data-BucketArn${resource.slice(data.bucketArn.length)}]`,
      reason: 'Objects have random keys below this prefix, so a permission cannot name them.',
    });
  }
  return lambda;
}

/** A function with its own log group and its own role. The role allows `statements` and writing that log. */
export function loggedFunction(
  scope: Construct,
  row: FunctionRow,
  { config, bundles }: { config: Pick<Config, 'stage' | 'logRetentionDays'>; bundles: string },
  statements: PolicyStatement[] = [],
  more: Pick<FunctionProps, 'environment' | 'reservedConcurrentExecutions'> = {},
): LambdaFunction {
  const functionName = functionNameOf(config.stage, row.id);
  const logGroup = new LogGroup(scope, 'Logs', {
    logGroupName: `/aws/lambda/${functionName}`,
    retention: config.logRetentionDays,
    // A log group that stays behind under its fixed name would stop the next deployment.
    removalPolicy: RemovalPolicy.DESTROY,
  });
  const role = new Role(scope, 'Role', {
    assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
    inlinePolicies: {
      Grants: new PolicyDocument({
        statements: [
          new PolicyStatement({
            actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
            resources: [logGroup.logGroupArn],
          }),
          ...statements,
        ],
      }),
    },
  });
  return new LambdaFunction(scope, 'Function', {
    functionName,
    description: row.summary,
    runtime: Runtime.NODEJS_24_X,
    architecture: Architecture.ARM_64,
    handler: 'index.handler',
    code: Code.fromAsset(bundleFolder(bundles, row.id)),
    memorySize: row.memory ?? 512,
    timeout: Duration.seconds(row.timeout ?? 10),
    ...more,
    role,
    logGroup,
  });
}
