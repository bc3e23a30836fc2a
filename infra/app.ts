/**
 * The CDK app, run by `cdk synth`, `cdk diff` and `cdk deploy` (cdk.json): bundles all functions, then synthesizes. It
 * ends with an error for findings of cdk-nag that are not acknowledged with a reason. The laptop stack does not check:
 * loading and running the checks takes over a third of the processor time of a synthesis.
 */
import { Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { BUNDLES, bundle } from './bundle.ts';
import { application, commandLineConfig } from './synthesize.ts';

try {
  await bundle({ form: commandLineConfig().functions });
  const app = application({ bundles: BUNDLES, validate: true });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  app.synth();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
