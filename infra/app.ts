/** The CDK app, run by `cdk synth`, `cdk diff` and `cdk deploy` (cdk.json): bundles all functions, then synthesizes. */
import { BUNDLES, bundle } from './bundle.ts';
import { commandLineConfig, synthesize } from './synthesize.ts';

try {
  await bundle({ form: commandLineConfig().functions });
  synthesize({ bundles: BUNDLES, validate: true });
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
