import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import { OPERATION } from '../environment.ts';

type Handler = (event: APIGatewayProxyEventV2, context: Context) => Promise<APIGatewayProxyStructuredResultV2>;

/** The handler of a function that serves several operations, by route key: the gateway says which one it called. */
export function byRoute(routes: Record<string, { id: string; handler: Handler }>): Handler {
  return async (event, context) => {
    const served = routes[event.routeKey];
    if (!served) throw new Error(`no operation of this function has the route ${event.routeKey}`);
    // The log line names the operation. An instance serves one call at a time.
    process.env[OPERATION] = served.id;
    return served.handler(event, context);
  };
}
