import { Validations } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { type Operation, type RouteKey, routeKeysOf } from '../../shared/routes/index.ts';
import { constructIdOf } from '../names.ts';
import { FunctionProxy } from './function-proxy.ts';
import { rowFunction, type Surroundings } from './row-function.ts';

/**
 * The resources of one operation of the HTTP API: its function, one integration, one permission per path, and its
 * routes. Alias methods share everything but the route.
 */
export class OperationResources extends Construct {
  /** The way from the API to the function. */
  readonly proxy: FunctionProxy;

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
    this.proxy = new FunctionProxy(this, apiId, functionArn, before?.proxy);
    for (const path of new Set(routeKeysOf(row).map(pathOf)))
      this.proxy.permit(`Permission${suffixOf(row, path)}`, '*', path);
    for (const routeKey of routeKeysOf(row)) {
      const [method] = routeKey.split(' ');
      this.proxy.route(`${method}${suffixOf(row, pathOf(routeKey))}`, routeKey);
    }
  }
}

const pathOf = (routeKey: RouteKey) => routeKey.slice(routeKey.indexOf('/'));

/** What tells the resources of another path apart: nothing on the operation's own. */
const suffixOf = (row: Operation, path: string) =>
  path === row.path ? '' : constructIdOf(path.slice(1).replaceAll('_', '-'));
