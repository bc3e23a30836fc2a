import { CfnOutput, NestedStack, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { CfnApi, CfnApiMapping, CfnDomainName, CfnStage } from 'aws-cdk-lib/aws-apigatewayv2';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { STAGE } from '../../shared/environment.ts';
import {
  type BackgroundFunction,
  CONSOLE_PATHS,
  consolePage,
  DOCS_PATHS,
  docsPage,
  type Operation,
  routeKeysOf,
} from '../../shared/routes/index.ts';
import { Background } from '../constructs/background.ts';
import type { FunctionProxy } from '../constructs/function-proxy.ts';
import { importQueue } from '../constructs/import-queue.ts';
import { Messaging } from '../constructs/messaging.ts';
import { OperationResources, SharedFunctionResources } from '../constructs/operation.ts';
import { Page } from '../constructs/page.ts';
import type { Surroundings } from '../constructs/row-function.ts';
import { CORS_HEADERS, CORS_METHODS } from '../cors.ts';
import { apiFunctions, isShared } from '../functions.ts';
import { constructIdOf } from '../names.ts';
import { MonitoringStack } from './monitoring-stack.ts';

export interface ApiStackProps extends Omit<Surroundings, 'messaging' | 'imports'> {
  routes: readonly Operation[];
  backgroundFunctions: readonly BackgroundFunction[];
}

/**
 * One line per request. No path, query or headers, because they contain tokens and ids. The route key names the
 * operation.
 */
const ACCESS_LOG_FORMAT = JSON.stringify({
  requestId: '$context.requestId',
  time: '$context.requestTimeEpoch',
  routeKey: '$context.routeKey',
  status: '$context.status',
  latency: '$context.responseLatency',
  integrationLatency: '$context.integrationLatency',
  integrationError: '$context.integrationErrorMessage',
  error: '$context.error.message',
  bytes: '$context.responseLength',
  ip: '$context.identity.sourceIp',
  userAgent: '$context.identity.userAgent',
});

/** The HTTP API, and one nested stack of functions per area, because a stack has at most 500 resources. */
export class ApiStack extends Stack {
  constructor(scope: Construct, id: string, { routes, backgroundFunctions: inBackground, ...given }: ApiStackProps) {
    super(scope, id, { description: 'Roster: the HTTP API and its functions' });
    const { config } = given;
    const messaging = config.events ? new Messaging(this, 'Events', config) : undefined;
    const imports = importQueue(this, config);
    const surroundings: Surroundings = { ...given, messaging, imports };
    const backgroundFunctions = inBackground.filter(({ ofEvents }) => config.events || !ofEvents);

    const api = new CfnApi(this, 'Api', {
      name: `roster-${config.stage}`,
      protocolType: 'HTTP',
      corsConfiguration: {
        allowOrigins: [...config.corsOrigins],
        allowMethods: CORS_METHODS,
        allowHeaders: CORS_HEADERS,
        // When to retry after 503, and the id to quote in support requests.
        exposeHeaders: ['retry-after', 'apigw-requestid'],
        // Seconds. Browsers cache a preflight answer for at most two hours.
        maxAge: 7200,
      },
      ...(!config.defaultEndpoint && { disableExecuteApiEndpoint: true }),
    });
    const accessLog = new LogGroup(this, 'AccessLog', {
      // Log groups with this prefix need no entry in the log resource policy of the account, which has a size limit.
      logGroupName: `/aws/vendedlogs/roster-${config.stage}-api`,
      retention: config.logRetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    // API Gateway accepts 10 changes per second and refuses a change of an API during another one. CloudFormation makes
    // all independent changes at once. So each change depends on the previous one: areas, operations and methods in
    // order, then the pages, and finally the stage, which would otherwise deploy each change separately.
    let previous: Construct | undefined;
    for (const [area, rows] of Map.groupBy(routes, (row) => row.area)) {
      const stack = new NestedStack(this, constructIdOf(area));
      if (previous) stack.node.addDependency(previous);
      previous = stack;
      let before: FunctionProxy | undefined;
      for (const row of apiFunctions(rows, config.functions))
        ({ proxy: before } = isShared(row)
          ? new SharedFunctionResources(stack, row, api.ref, surroundings, before)
          : new OperationResources(stack, row, api.ref, surroundings, { before }));
    }
    const background = new NestedStack(this, 'Background');
    for (const row of backgroundFunctions) new Background(background, row, surroundings);
    const { tableName } = surroundings.data;
    new MonitoringStack(this, 'Monitoring', { config, apiId: api.ref, tableName, backgroundFunctions });

    const pages = [
      ...(config.docs ? [{ row: docsPage, paths: DOCS_PATHS }] : []),
      ...(config.console ? [{ row: consolePage, paths: CONSOLE_PATHS, environment: { [STAGE]: config.stage } }] : []),
    ];
    for (const of of pages) {
      const page = new Page(this, { ...of, apiId: api.ref, surroundings });
      if (previous) page.node.addDependency(previous);
      previous = page;
    }

    const stage = new CfnStage(this, 'Stage', {
      apiId: api.ref,
      stageName: '$default',
      autoDeploy: true,
      accessLogSettings: { destinationArn: accessLog.logGroupArn, format: ACCESS_LOG_FORMAT },
      defaultRouteSettings: {
        throttlingRateLimit: config.throttleRate,
        throttlingBurstLimit: config.throttleBurst,
      },
      // Public operations hash passwords for unknown callers. They are the most expensive, and can be used for
      // guessing.
      routeSettings: Object.fromEntries(
        routes
          // Forms carry a signed address instead, which the function verifies before it reads them.
          .filter(({ access, multipart }) => access === 'public' && !multipart)
          .flatMap(routeKeysOf)
          .map((key) => [
            key,
            { ThrottlingRateLimit: config.signInThrottleRate, ThrottlingBurstLimit: config.signInThrottleBurst },
          ]),
      ),
    });
    if (previous) stage.node.addDependency(previous);

    const { domainName, certificateArn } = config;
    new CfnOutput(this, 'ApiUrl', {
      value: domainName ? `https://${domainName}` : api.attrApiEndpoint,
      exportName: `${id}-Url`,
    });
    if (!domainName) return;
    const domain = new CfnDomainName(this, 'Domain', {
      domainName,
      domainNameConfigurations: [
        { certificateArn: certificateArn!, endpointType: 'REGIONAL', securityPolicy: 'TLS_1_2' },
      ],
    });
    new CfnApiMapping(this, 'Mapping', { apiId: api.ref, domainName: domain.ref, stage: stage.ref });
    new CfnOutput(this, 'DnsTarget', {
      value: domain.attrRegionalDomainName,
      description: `Create a DNS record ${domainName}: CNAME (or Route 53 alias A and AAAA) to this name`,
    });
    new CfnOutput(this, 'DnsTargetZone', {
      value: domain.attrRegionalHostedZoneId,
      description: 'Hosted zone of this name, for a Route 53 alias record',
    });
  }
}
