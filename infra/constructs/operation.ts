import { Validations } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { type Operation, type RouteKey, routeKeysOf } from '../../shared/routes/index.ts';
import type { SharedFunction } from '../functions.ts';
import { constructIdOf } from '../names.ts';
import { FunctionProxy } from './function-proxy.ts';
import { rowFunction, type Surroundings } from './row-function.ts';

/** The function that the operations of an area share, its integration, and the routes of all of them. */
export class SharedFunctionResources extends Construct {
  /** The way from the API to the function. */
  readonly proxy: FunctionProxy;

  /** @param before what makes the changes of the API that end before those of this function begin */
  constructor(
    scope: Construct,
    row: SharedFunction,
    apiId: string,
    surroundings: Surroundings,
    before?: FunctionProxy,
  ) {
    super(scope, constructIdOf(row.id));
    const { functionArn } = rowFunction(this, row, surroundings);
    this.proxy = new FunctionProxy(this, apiId, functionArn, before);
    // One permission per path would exceed the 20 KB that the resource policy of a function may have.
    this.proxy.permit('Permission', '*', '/*');
    for (const operation of row.operations)
      new OperationResources(scope, operation, apiId, surroundings, { shared: this.proxy });
  }
}

/**
 * The resources of one operation of the HTTP API: its function, one integration, one permission per path, and its
 * routes. Alias methods share everything but the route.
 */
export class OperationResources extends Construct {
  /** The way from the API to the function. */
  readonly proxy: FunctionProxy;

  /**
   * @param before what makes the changes of the API that end before those of this operation begin
   * @param shared the way to the function that serves this operation among others; default: it gets its own
   */
  constructor(
    scope: Construct,
    row: Operation,
    apiId: string,
    surroundings: Surroundings,
    { before, shared }: { before?: FunctionProxy | undefined; shared?: FunctionProxy | undefined } = {},
  ) {
    super(scope, constructIdOf(row.id));
    Validations.of(this).acknowledge({
      id: 'AwsSolutions::AwsSolutions-APIG4',
      reason:
        'The function checks the access-token in the read that also returns the records of the actor. A gateway ' +
        'authorizer would add a call, would delay revocations by its cache, and cannot answer in the envelope.',
    });
    this.proxy = shared ?? this.#ownFunction(row, apiId, surroundings, before);
    // Routes have the same logical ids whatever function they lead to: another form of the deployment only changes their
    // targets, without an interruption.
    for (const routeKey of routeKeysOf(row)) {
      const [method] = routeKey.split(' ');
      this.proxy.route(`${method}${suffixOf(row, pathOf(routeKey))}`, routeKey, this);
    }
  }

  #ownFunction(row: Operation, apiId: string, surroundings: Surroundings, before?: FunctionProxy): FunctionProxy {
    const { functionArn } = rowFunction(this, row, surroundings);
    const proxy = new FunctionProxy(this, apiId, functionArn, before);
    for (const path of new Set(routeKeysOf(row).map(pathOf)))
      proxy.permit(`Permission${suffixOf(row, path)}`, '*', path);
    return proxy;
  }
}

const pathOf = (routeKey: RouteKey) => routeKey.slice(routeKey.indexOf('/'));

/** What tells the resources of another path apart: nothing on the operation's own. */
const suffixOf = (row: Operation, path: string) =>
  path === row.path ? '' : constructIdOf(path.slice(1).replaceAll('_', '-'));
