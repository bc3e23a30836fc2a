/** The HTTP API of the templates: routes, CORS, throttles. */
import type { FunctionDefinition } from './deployment.ts';
import { glob } from './iam/policy.ts';
import { StartUpError } from './start-up.ts';
import type { Assembly } from './template.ts';

export interface RouteDefinition {
  /** `GET /path`, `ANY /path` or `$default` */
  key: string;
  function: FunctionDefinition;
  /** Milliseconds for which the gateway waits for the function. */
  timeout: number;
  /** False if no AWS::Lambda::Permission lets the gateway call the function. Then the route answers 500, as on AWS. */
  permitted: boolean;
}

export interface Throttle {
  /** Requests per second. */
  rate: number;
  /** Requests at once. */
  burst: number;
}

export interface CorsDefinition {
  allowOrigins: string[];
  allowMethods: string[];
  allowHeaders: string[];
  exposeHeaders: string[];
  /** Seconds */
  maxAge: number | undefined;
}

export interface ApiDefinition {
  id: string;
  routes: RouteDefinition[];
  cors: CorsDefinition | undefined;
  throttle(routeKey: string): Throttle | undefined;
}

export function readApi(assembly: Assembly, functionOf: (named: string) => FunctionDefinition): ApiDefinition {
  const [api, second] = assembly.resources('AWS::ApiGatewayV2::Api');
  if (!api || second)
    throw new StartUpError('The laptop stack serves exactly one HTTP API, but the templates define none or several.');
  const stage = assembly
    .resources('AWS::ApiGatewayV2::Stage')
    .find(({ properties }) => properties.ApiId === api.physicalId);
  if (stage?.properties.StageName !== '$default') throw new StartUpError('The HTTP API needs a stage $default.');
  const integrations = new Map(
    assembly.resources('AWS::ApiGatewayV2::Integration').map(({ physicalId, properties }) => [physicalId, properties]),
  );
  const permissions = assembly.resources('AWS::Lambda::Permission').map(({ properties }) => properties);

  const routes = assembly.resources('AWS::ApiGatewayV2::Route').map(({ properties }): RouteDefinition => {
    const integration = integrations.get(String(properties.Target).replace(/^integrations\//, ''));
    if (!integration) throw new StartUpError(`The route ${properties.RouteKey} has no integration.`);
    if (integration.PayloadFormatVersion !== '2.0') {
      throw new StartUpError(`The integration of ${properties.RouteKey} is not of payload format 2.0.`);
    }
    const target = functionOf(integration.IntegrationUri);
    const [method, path] = properties.RouteKey.split(' ');
    const source = `${api.physicalId}/$default/${method === 'ANY' ? '*' : method}${path ?? ''}`;
    const permitted = permissions.some(
      ({ FunctionName, Principal, SourceArn }) =>
        [target.name, target.arn].includes(FunctionName) &&
        Principal === 'apigateway.amazonaws.com' &&
        (SourceArn === undefined || glob(SourceArn.split(':').slice(5).join(':'))(source)),
    );
    return { key: properties.RouteKey, function: target, timeout: integration.TimeoutInMillis ?? 30_000, permitted };
  });

  const { CorsConfiguration: cors } = api.properties;
  const { DefaultRouteSettings: defaults, RouteSettings: byRoute } = stage.properties;
  return {
    id: api.physicalId,
    routes,
    cors: cors && {
      allowOrigins: cors.AllowOrigins ?? [],
      allowMethods: cors.AllowMethods ?? [],
      allowHeaders: cors.AllowHeaders ?? [],
      exposeHeaders: cors.ExposeHeaders ?? [],
      maxAge: cors.MaxAge,
    },
    throttle(routeKey) {
      const settings = { ...defaults, ...byRoute?.[routeKey] };
      if (settings.ThrottlingRateLimit === undefined) return undefined;
      return {
        rate: settings.ThrottlingRateLimit,
        burst: settings.ThrottlingBurstLimit ?? settings.ThrottlingRateLimit,
      };
    },
  };
}
