import { CfnAuthorizer } from 'aws-cdk-lib/aws-iot';
import { CfnPermission, type Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { AREA, OPERATION, REFRESH_SECONDS, SERVED_APP, STAGE, TABLE_NAME } from '../../shared/environment.ts';
import type { FunctionRow } from '../../shared/routes/index.ts';
import { statementsOf } from '../constructs/grants.ts';
import { loggedFunction } from '../constructs/row-function.ts';

/**
 * Functions by which message services of AWS ask what users may do. No stack of this product has them: put them into your
 * own stack, beside the service. Bundle them first: `bundle({ rows: AUTHORIZERS, outdir })`.
 */
const appSyncRow: FunctionRow = {
  id: 'access/appsync-authorizer',
  summary: 'Lambda authorizer of AppSync Events',
  grants: ['batch-get'],
};
const iotRow: FunctionRow = {
  id: 'access/iot-authorizer',
  summary: 'Custom authorizer of IoT Core',
  grants: ['batch-get'],
  // IoT Core waits no longer.
  timeout: 5,
};
export const AUTHORIZERS: readonly FunctionRow[] = [appSyncRow, iotRow];

export interface AuthorizerProps {
  /** Stage of the deployment whose table is read. */
  stage: string;
  /** Id of the app whose users connect. */
  app: string;
  /** Exports of the data stack: `Roster-<stage>-Data-TableName` and `Roster-<stage>-Data-TableArn`. */
  table: { tableName: string; tableArn: string };
  /** Output folder of `bundle()`. */
  bundles: string;
  /** @default 30 */
  logRetentionDays?: RetentionDays;
}

function authorizer(
  scope: Construct,
  row: FunctionRow,
  { stage, app, table, bundles, logRetentionDays = RetentionDays.ONE_MONTH }: AuthorizerProps,
  more: Record<string, string> = {},
): LambdaFunction {
  // The bucket is in no grant of an authorizer.
  const statements = statementsOf(row.grants, { ...table, bucketArn: '' });
  return loggedFunction(scope, row, { config: { stage, logRetentionDays }, bundles }, statements, {
    environment: {
      [TABLE_NAME]: table.tableName,
      [OPERATION]: row.id,
      [STAGE]: stage,
      [AREA]: 'access',
      [SERVED_APP]: app,
      ...more,
    },
  });
}

/** For `lambdaAuthorizerConfig.handler` of an `EventApi`, whose namespaces are `group` and `user`. */
export class AppSyncAuthorizer extends Construct {
  readonly function: LambdaFunction;

  constructor(scope: Construct, id: string, props: AuthorizerProps) {
    super(scope, id);
    this.function = authorizer(this, appSyncRow, props);
  }
}

/** A custom authorizer of IoT Core, which clients name in `x-amz-customauthorizer-name`. */
export class IotAuthorizer extends Construct {
  readonly authorizer: CfnAuthorizer;

  /**
   * @param props.name of the authorizer in the account and region
   * @param props.refreshSeconds how long a right outlasts its end at most, 300…86,400; each connection asks so often
   */
  constructor(
    scope: Construct,
    id: string,
    { name, refreshSeconds = 300, ...props }: AuthorizerProps & { name: string; refreshSeconds?: number },
  ) {
    super(scope, id);
    const { functionArn } = authorizer(this, iotRow, props, { [REFRESH_SECONDS]: String(refreshSeconds) });
    this.authorizer = new CfnAuthorizer(this, 'Authorizer', {
      authorizerName: name,
      authorizerFunctionArn: functionArn,
      status: 'ACTIVE',
      // The token is signed already.
      signingDisabled: true,
    });
    new CfnPermission(this, 'Permission', {
      action: 'lambda:InvokeFunction',
      functionName: functionArn,
      principal: 'iot.amazonaws.com',
      sourceArn: this.authorizer.attrArn,
    });
  }
}
