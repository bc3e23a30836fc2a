/**
 * A stack with an AppSync Event API and an authorizer of IoT Core, which ask Roster what users may do:
 *
 *   npx cdk deploy --app 'node examples/authorizers/app.ts' -c stage=dev -c app=<app_id>
 */
import { join } from 'node:path';
import { App, CfnOutput, Duration, Fn, Stack } from 'aws-cdk-lib';
import { AppSyncAuthorizationType, EventApi } from 'aws-cdk-lib/aws-appsync';
import { AppSyncAuthorizer, AUTHORIZERS, IotAuthorizer } from '../../infra/authorizers/authorizers.ts';
import { bundle } from '../../infra/bundle.ts';

const BUNDLES = join(import.meta.dirname, '../../dist/authorizers');

/**
 * @param options.context `stage` and `app`, as on the command line
 * @param options.outdir default: that of the command
 */
export async function authorizers({
  context = {},
  outdir,
}: {
  context?: Record<string, string>;
  outdir?: string;
} = {}) {
  await bundle({ rows: AUTHORIZERS, outdir: BUNDLES });
  const app = new App({ analyticsReporting: false, context, ...(outdir && { outdir }) });
  const stage = String(app.node.tryGetContext('stage') ?? 'dev');
  const stack = new Stack(app, `Roster-${stage}-Authorizers`, { description: 'Message services that ask Roster' });
  const importValue = (name: string) => Fn.importValue(`Roster-${stage}-Data-${name}`);
  const props = {
    stage,
    app: String(app.node.tryGetContext('app') ?? 'demo'),
    table: { tableName: importValue('TableName'), tableArn: importValue('TableArn') },
    bundles: BUNDLES,
  };

  const { function: handler } = new AppSyncAuthorizer(stack, 'AppSync', props);
  const asked = [AppSyncAuthorizationType.LAMBDA];
  const api = new EventApi(stack, 'Events', {
    apiName: `roster-${stage}`,
    authorizationConfig: {
      authProviders: [
        {
          authorizationType: AppSyncAuthorizationType.LAMBDA,
          lambdaAuthorizerConfig: { handler, resultsCacheTtl: Duration.seconds(0) },
        },
      ],
      connectionAuthModeTypes: asked,
      defaultPublishAuthModeTypes: asked,
      defaultSubscribeAuthModeTypes: asked,
    },
  });
  api.addChannelNamespace('group');
  api.addChannelNamespace('user');
  new CfnOutput(stack, 'EventsUrl', { value: `https://${api.httpDns}/event` });

  new IotAuthorizer(stack, 'Iot', { ...props, name: `roster-${stage}` });
  return app.synth();
}

if (import.meta.main) await authorizers();
