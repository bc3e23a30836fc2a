import { type CfnResource, Stack, Validations } from 'aws-cdk-lib';
import { CfnIntegration, CfnRoute } from 'aws-cdk-lib/aws-apigatewayv2';
import { CfnPermission } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { DOCS_PATHS, docsPage } from '../../shared/routes/index.ts';
import { loggedFunction, type Surroundings } from './row-function.ts';

/** The function that serves the description of the API from files of its bundle. It may only write its log. */
export class DocsPage extends Construct {
  constructor(scope: Construct, apiId: string, surroundings: Surroundings) {
    super(scope, 'Docs');
    Validations.of(this).acknowledge({
      id: 'AwsSolutions::AwsSolutions-APIG4',
      reason: 'The description of the API is public, and the page contains nothing else. `-c docs=false` removes it.',
    });
    const { functionArn } = loggedFunction(this, docsPage, surroundings);
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
