import { type CfnResource, Stack } from 'aws-cdk-lib';
import { CfnIntegration, CfnRoute } from 'aws-cdk-lib/aws-apigatewayv2';
import { CfnPermission } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';

/** The way from the HTTP API to one function: its integration, permissions and routes, all of them in `scope`. */
export class FunctionProxy {
  readonly #scope: Construct;
  readonly #apiId: string;
  readonly #functionArn: string;
  readonly #integration: CfnIntegration;
  readonly #permissions: CfnPermission[] = [];
  /** The last change of the API so far. The next one waits for it. */
  #end: CfnResource;

  /** @param before proxy of the same stack whose changes of the API end before those of this one begin */
  constructor(scope: Construct, apiId: string, functionArn: string, before?: FunctionProxy) {
    this.#scope = scope;
    this.#apiId = apiId;
    this.#functionArn = functionArn;
    this.#integration = new CfnIntegration(scope, 'Integration', {
      apiId,
      integrationType: 'AWS_PROXY',
      integrationUri: functionArn,
      payloadFormatVersion: '2.0',
    });
    if (before) this.#integration.addResourceDependency(before.#end);
    this.#end = this.#integration;
  }

  /** Lets the API call the function for a method and path, each of which may be or contain `*`. */
  permit(id: string, method: string, path: string): void {
    const permission = new CfnPermission(this.#scope, id, {
      action: 'lambda:InvokeFunction',
      functionName: this.#functionArn,
      principal: 'apigateway.amazonaws.com',
      // api/stage/method/path
      sourceArn: Stack.of(this.#scope).formatArn({
        service: 'execute-api',
        resource: this.#apiId,
        resourceName: `*/${method}${path}`,
      }),
    });
    this.#permissions.push(permission);
  }

  /** @param scope default: that of the proxy */
  route(id: string, routeKey: string, scope = this.#scope): void {
    const route = new CfnRoute(scope, id, {
      apiId: this.#apiId,
      routeKey,
      target: `integrations/${this.#integration.ref}`,
    });
    route.addResourceDependency(this.#end);
    // An existing route that gets another function would answer 500 until the API may call that function.
    for (const permission of this.#permissions) route.addResourceDependency(permission);
    this.#end = route;
  }
}
