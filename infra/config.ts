import { RetentionDays } from 'aws-cdk-lib/aws-logs';

/** What may differ between two deployments. Everything else is the same for everybody. */
export interface Config {
  /** Part of every name, so that several deployments fit into one account: `-c stage=prod`. Default `dev`. */
  stage: string;
  /**
   * Table and bucket outlive their stack, and the table refuses to be deleted. True unless `-c retain=false`, which is
   * for throw-away stages and refused for `prod`.
   */
  retainData: boolean;
  /** How long the logs of functions and of the gateway are kept: a year in `prod`, a month elsewhere. */
  logRetention: RetentionDays;
  /**
   * Requests a second and the burst above it that the gateway lets through before it answers 429, for each route:
   * `-c throttleRate=2000 -c throttleBurst=1000`.
   */
  throttle: { rate: number; burst: number };
}

/**
 * Reads the configuration from CDK context (`-c key=value`, or `context` in cdk.json).
 * Throws a sentence that names the key if a value is not what it should be.
 */
export function readConfig(context: (key: string) => unknown): Config {
  const stage = String(context('stage') ?? 'dev');
  // Function names are at most 64 characters long; the bucket of names is lower case.
  if (!/^[a-z][a-z0-9-]{0,15}$/.test(stage)) {
    throw new Error(
      `Context "stage" is "${stage}": use up to 16 lower-case letters, digits and hyphens, a letter first.`,
    );
  }
  const retainData = String(context('retain') ?? true) !== 'false';
  if (stage === 'prod' && !retainData) throw new Error('Context "retain=false" is not for stage "prod".');
  return {
    stage,
    retainData,
    logRetention: stage === 'prod' ? RetentionDays.ONE_YEAR : RetentionDays.ONE_MONTH,
    throttle: {
      rate: positiveInteger('throttleRate', context('throttleRate') ?? 2000),
      burst: positiveInteger('throttleBurst', context('throttleBurst') ?? 1000),
    },
  };
}

function positiveInteger(key: string, value: unknown): number {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 1)
    throw new Error(`Context "${key}" is "${value}": use a whole number above 0.`);
  return number;
}
