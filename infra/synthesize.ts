import { App, Validations } from 'aws-cdk-lib';
import type { CloudAssembly } from 'aws-cdk-lib/cx-api';
import { AwsSolutionsChecks } from 'cdk-nag';
import { type BackgroundFunction, backgroundFunctions, type Operation, routes } from '../shared/routes/index.ts';
import { type Config, readConfig, STREAM_ARN } from './config.ts';
import { ApiStack } from './stacks/api-stack.ts';
import { type DataNames, DataStack } from './stacks/data-stack.ts';

export interface SynthesizeOptions {
  /** Folder that `bundle()` wrote. */
  bundles: string;
  /** Where the templates and assets go. Default: where the CDK command line wants them, else a new temporary folder. */
  outdir?: string;
  /** As `-c key=value` on the command line: see `config.ts`. */
  context?: Record<string, string>;
  /** Default: the route table. */
  routes?: readonly Operation[];
  backgroundFunctions?: readonly BackgroundFunction[];
  /** Checks the templates against CloudFormation's rules, and throws; takes as long as all the rest. Default: no. */
  validate?: boolean;
}

/** Writes the templates and assets of both stacks. Needs no account and no network. Throws on wrong context, and if
 * cdk-nag finds what nobody has acknowledged with a reason. */
export const synthesize = (options: SynthesizeOptions): CloudAssembly => application(options).synth();

/** Both stacks, not yet written. */
export function application(options: SynthesizeOptions): App {
  const app = new App({
    analyticsReporting: false,
    builtinCloudFormationValidation: options.validate ?? false,
    ...(options.outdir && { outdir: options.outdir }),
    postCliContext: {
      // Asset paths in the templates lead the laptop stack from a function to its bundle.
      'aws:cdk:enable-asset-metadata': true,
      // What the check finds wrong ends the synthesis. By default CDK would only say so.
      '@aws-cdk/core:validateAgainstDefaultRules': true,
      ...options.context,
    },
  });
  const config = readConfig(app.node.getAllContext());
  const data = new DataStack(app, `Roster-${config.stage}-Data`, config);
  const api = new ApiStack(app, `Roster-${config.stage}-Api`, {
    config,
    data: { ...data.names, ...restoredTable(config) },
    bundles: options.bundles,
    routes: options.routes ?? routes,
    backgroundFunctions: options.backgroundFunctions ?? backgroundFunctions,
  });
  api.addStackDependency(data);
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  return app;
}

/**
 * The table that the functions use in place of the data stack's own. Only the API stack changes: the data stack keeps
 * its table and its exports, which CloudFormation would not let change while they are imported.
 */
function restoredTable({ tableStreamArn }: Config): Partial<DataNames> {
  const [streamArn, tableArn, tableName] = STREAM_ARN.exec(tableStreamArn ?? '') ?? [];
  return streamArn && tableArn && tableName ? { streamArn, tableArn, tableName } : {};
}
