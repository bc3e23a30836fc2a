import { App } from 'aws-cdk-lib';
import type { CloudAssembly } from 'aws-cdk-lib/cx-api';
import { backgroundFunctions, type Operation, routes } from '../shared/routes/index.ts';
import { type Config, readConfig, STREAM_ARN } from './config.ts';
import { ApiStack } from './stacks/api-stack.ts';
import { type DataNames, DataStack } from './stacks/data-stack.ts';

export interface SynthesizeOptions {
  /** Output folder of `bundle()`. */
  bundles: string;
  /** Output folder. Default: that of the CDK command line, otherwise a new temporary folder. */
  outdir?: string;
  /** Like `-c key=value` on the command line: see `config.ts`. */
  context?: Record<string, string>;
  /** Default: the route table. */
  routes?: readonly Operation[];
  /** Checks the templates against CloudFormation's rules and throws on errors; doubles the time. Default: false. */
  validate?: boolean;
}

/**
 * Writes the templates and assets of both stacks. Needs no account and no network.
 * @throws Error for invalid context
 */
export const synthesize = (options: SynthesizeOptions): CloudAssembly => application(options).synth();

/** The configuration of the CDK command line, which `synthesize` reads too. @throws Error that names an invalid key */
export const commandLineConfig = (): Config => readConfig(new App({ autoSynth: false }).node.getAllContext());

/** The CDK app with both stacks. */
export function application(options: SynthesizeOptions): App {
  const app = new App({
    analyticsReporting: false,
    builtinCloudFormationValidation: options.validate ?? false,
    ...(options.outdir && { outdir: options.outdir }),
    postCliContext: {
      // The laptop stack finds the bundle of a function by its asset path in the template.
      'aws:cdk:enable-asset-metadata': true,
      // Errors of the check end the synthesis. By default CDK only reports them.
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
    backgroundFunctions,
  });
  api.addStackDependency(data);
  return app;
}

/**
 * The restored table that the functions use instead of the table of the data stack. Only the API stack changes. The
 * data stack keeps its table and exports, because CloudFormation does not allow imported exports to change.
 */
function restoredTable({ tableStreamArn }: Config): Partial<DataNames> {
  const [streamArn, tableArn, tableName] = STREAM_ARN.exec(tableStreamArn ?? '') ?? [];
  return streamArn && tableArn && tableName ? { streamArn, tableArn, tableName } : {};
}
