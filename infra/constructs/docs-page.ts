import { type CfnResource, Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import { CfnIntegration, CfnRoute } from 'aws-cdk-lib/aws-apigatewayv2';
import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, CfnPermission, Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { DOCS_PATHS, docsPage } from '../../shared/routes/index.ts';
import { bundleFolder } from '../bundle.ts';
import { functionNameOf } from '../names.ts';
import type { Surroundings } from './row-function.ts';

/** The function that serves the description of the API from files of its bundle. It may only write its log. */
export class DocsPage extends Construct {
  constructor(scope: Construct, apiId: string, { config, bundles }: Surroundings) {
    super(scope, 'Docs');
    Validations.of(this).acknowledge({
      id: 'AwsSolutions::AwsSolutions-APIG4',
      reason: 'The description of the API is public, and the page contains nothing else. `-c docs=false` removes it.',
    });
    const functionName = functionNameOf(config.stage, docsPage.id);
    const logGroup = new LogGroup(this, 'Logs', {
      logGroupName: `/aws/lambda/${functionName}`,
      retention: config.logRetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      inlinePolicies: {
        Grants: new PolicyDocument({
          statements: [
            new PolicyStatement({
              actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
              resources: [logGroup.logGroupArn],
            }),
          ],
        }),
      },
    });
    const { functionArn } = new LambdaFunction(this, 'Function', {
      functionName,
      description: docsPage.summary,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      handler: 'index.handler',
      code: Code.fromAsset(bundleFolder(bundles, docsPage.id)),
      memorySize: docsPage.memory!,
      timeout: Duration.seconds(10),
      role,
      logGroup,
    });
    const integration = new CfnIntegration(this, 'Integration', {
      apiId,
      integrationType: 'AWS_PROXY',
      integrationUri: functionArn,
      payloadFormatVersion: '2.0',
    });
    let end: CfnResource = integration;
    for (const path of DOCS_PATHS) {
      // `/docs/{file}` → `DocsFile`
      const name = path.replace(/\W+(\w)|\W/g, (_, first?: string) => first?.toUpperCase() ?? '');
      new CfnPermission(this, `${name}Permission`, {
        action: 'lambda:InvokeFunction',
        functionName: functionArn,
        principal: 'apigateway.amazonaws.com',
        sourceArn: Stack.of(this).formatArn({
          service: 'execute-api',
          resource: apiId,
          resourceName: `*/GET${path.replace('{file}', '*')}`,
        }),
      });
      const route = new CfnRoute(this, `${name}Route`, {
        apiId,
        routeKey: `GET ${path}`,
        target: `integrations/${integration.ref}`,
      });
      route.addResourceDependency(end);
      end = route;
    }
  }
}
