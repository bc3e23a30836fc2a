import { type CfnResource, Stack, Validations } from 'aws-cdk-lib';
import { CfnIntegration, CfnRoute } from 'aws-cdk-lib/aws-apigatewayv2';
import { CfnPermission } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { type Operation, type RouteKey, routeKeysOf } from '../../shared/routes/index.ts';
import { constructIdOf } from '../names.ts';
import { rowFunction, type Surroundings } from './row-function.ts';

/**
 * The resources of one operation of the HTTP API: its function, one integration, one permission per path, and its
 * routes. Alias methods share everything but the route.
 */
export class OperationResources extends Construct {
  /** The last resource of the API that is created for this operation. */
  readonly #end: CfnResource;

  /** @param before operation of the same stack whose changes of the API end before those of this one begin */
  constructor(
    scope: Construct,
    row: Operation,
    apiId: string,
    surroundings: Surroundings,
    before?: OperationResources,
  ) {
    super(scope, constructIdOf(row.id));
    Validations.of(this).acknowledge({
      id: 'AwsSolutions::AwsSolutions-APIG4',
      reason:
        'The function checks the access-token in the read that also returns the records of the actor. A gateway ' +
        'authorizer would add a call, would delay revocations by its cache, and cannot answer in the envelope.',
    });
    const { functionArn } = rowFunction(this, row, surroundings);
    const integration = new CfnIntegration(this, 'Integration', {
      apiId,
      integrationType: 'AWS_PROXY',
      integrationUri: functionArn,
      payloadFormatVersion: '2.0',
    });
    if (before) integration.addResourceDependency(before.#end);
    for (const path of new Set(routeKeysOf(row).map(pathOf)))
      new CfnPermission(this, `Permission${suffixOf(row, path)}`, {
        action: 'lambda:InvokeFunction',
        functionName: functionArn,
        principal: 'apigateway.amazonaws.com',
        // api/stage/method/path
        sourceArn: Stack.of(this).formatArn({
          service: 'execute-api',
          resource: apiId,
          resourceName: `*/*${path}`,
        }),
      });
    this.#end = routeKeysOf(row).reduce<CfnResource>((end, routeKey) => {
      const [method] = routeKey.split(' ');
      const route = new CfnRoute(this, `${method}${suffixOf(row, pathOf(routeKey))}`, {
        apiId,
        routeKey,
        target: `integrations/${integration.ref}`,
      });
      route.addResourceDependency(end);
      return route;
    }, integration);
  }
}

const pathOf = (routeKey: RouteKey) => routeKey.slice(routeKey.indexOf('/'));

/** What tells the resources of another path apart: nothing on the operation's own. */
const suffixOf = (row: Operation, path: string) =>
  path === row.path ? '' : constructIdOf(path.slice(1).replaceAll('_', '-'));
