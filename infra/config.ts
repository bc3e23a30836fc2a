import { RetentionDays } from 'aws-cdk-lib/aws-logs';

/**
 * What may differ between two deployments; everything else is the same for everybody. Each field is the key of the
 * same name in the CDK context: `-c stage=prod`, or `"context": {"stage": "prod"}` in cdk.json. docs/configuration.md
 * lists them from these comments (`npm run docs`).
 */
export interface Config {
  /**
   * Part of every name, so that several deployments fit into one account.
   * @default `dev`
   */
  stage: string;
  /**
   * `false` for throw-away stages: table and bucket go with their stack; refused for `prod`.
   * @default `true`
   */
  retain: boolean;
  /**
   * Days that the logs of functions and gateway are kept, one of those that CloudWatch knows (1, 7, 30, 90, 365, …).
   * @default `365` for `prod`, else `30`
   */
  logRetentionDays: RetentionDays;
  /**
   * Requests a second for each route, above which the gateway answers 429; all routes together are bounded by the
   * account's quota alone.
   * @default `2000`
   */
  throttleRate: number;
  /**
   * Requests that a route takes at one moment, beyond the rate.
   * @default `1000`
   */
  throttleBurst: number;
  /**
   * The same rate for each route that needs no token: logins and registrations, which cost most and which strangers
   * may call.
   * @default `100`
   */
  signInThrottleRate: number;
  /**
   * The burst of these routes.
   * @default `200`
   */
  signInThrottleBurst: number;
  /**
   * Read units per second above which the table throttles: a bound on what surges can cost (docs/costs.md).
   * @default none
   */
  maxReadUnits: number | undefined;
  /**
   * The same for write units.
   * @default none
   */
  maxWriteUnits: number | undefined;
  /**
   * Calls that each background function may have at one moment, reserved for it: no more, and taken from what all
   * other functions of the account share. `0` reserves nothing: a deployment fails where less than 100 would be left
   * unreserved, as in new accounts.
   * @default `0`
   */
  backgroundConcurrency: number;
  /**
   * Origins whose pages may call the API and upload to the bucket, separated by commas: `https://app.example.com`; `*`
   * for any. Pages of any origin may read what a presigned address opens.
   * @default `*`
   */
  corsOrigins: readonly string[];
  /**
   * A domain of your own for the API; goes with `certificateArn`. Outputs say what DNS record it needs.
   * @default none
   */
  domainName: string | undefined;
  /**
   * Certificate of `domainName` in AWS Certificate Manager, in the region of the deployment.
   * @default none
   */
  certificateArn: string | undefined;
  /**
   * `false` closes the address that AWS gives the API, so that only `domainName` is left.
   * @default `true`
   */
  defaultEndpoint: boolean;
  /**
   * `false` leaves out the description of the API, `/openapi.json` and the page `/docs`, which anybody may read.
   * @default `true`
   */
  docs: boolean;
  /**
   * Stream of a restored table, which the functions then use in place of the stack's own: see docs/runbook.md.
   * @default none
   */
  tableStreamArn: string | undefined;
  /**
   * `false` leaves out the alarms and the topic that they tell.
   * @default `true`
   */
  alarms: boolean;
  /**
   * Whom the alarms tell by mail; AWS asks that address for its consent first.
   * @default none
   */
  alarmEmail: string | undefined;
}

/**
 * Reads the configuration from the CDK context.
 * Throws a sentence that names the key if a value is not what it should be, or if there is no such key.
 */
export function readConfig(context: Record<string, unknown>): Config {
  const read = <T>(key: keyof Config, usual: T, parse: (text: string) => T | undefined, wanted: string): T => {
    const value = context[key];
    if (value === undefined) return usual;
    const text = Array.isArray(value) ? value.join(',') : String(value).trim();
    const parsed = parse(text);
    if (parsed === undefined) throw new Error(`Context "${key}" is "${text}": ${wanted}.`);
    return parsed;
  };
  const like = (form: RegExp) => (text: string) => (form.test(text) ? text : undefined);
  const bool = (key: keyof Config) =>
    read(key, true, (text) => ({ true: true, false: false })[text], 'use true or false');
  const count = <T extends number | undefined>(key: keyof Config, usual: T, least = 1) =>
    read<T | number>(
      key,
      usual,
      (text) => (/^\d{1,9}$/.test(text) && Number(text) >= least ? Number(text) : undefined),
      `use a whole number, at least ${least}`,
    );
  const optional = (key: keyof Config, form: RegExp, wanted: string) =>
    read<string | undefined>(key, undefined, like(form), wanted);

  // Function names are at most 64 characters long; the bucket of names is lower case.
  const stage = read(
    'stage',
    'dev',
    like(/^[a-z][a-z0-9-]{0,15}$/),
    'use up to 16 lower-case letters, digits and hyphens, a letter first',
  );
  const config: Config = {
    stage,
    retain: bool('retain'),
    logRetentionDays: read(
      'logRetentionDays',
      stage === 'prod' ? RetentionDays.ONE_YEAR : RetentionDays.ONE_MONTH,
      (text) => RETENTIONS.find((days) => String(days) === text),
      `use one of ${RETENTIONS.join(', ')}`,
    ),
    throttleRate: count('throttleRate', 2000),
    throttleBurst: count('throttleBurst', 1000),
    signInThrottleRate: count('signInThrottleRate', 100),
    signInThrottleBurst: count('signInThrottleBurst', 200),
    maxReadUnits: count('maxReadUnits', undefined),
    maxWriteUnits: count('maxWriteUnits', undefined),
    backgroundConcurrency: count('backgroundConcurrency', 0, 0),
    corsOrigins: read('corsOrigins', ['*'], originsOf, 'use * or origins such as https://app.example.com'),
    domainName: optional(
      'domainName',
      /^(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/,
      'use a host name in lower case such as api.example.com',
    ),
    certificateArn: optional(
      'certificateArn',
      /^arn:aws[a-z-]*:acm:[a-z0-9-]+:\d{12}:certificate\/[\w-]+$/,
      'use the ARN of a certificate, arn:aws:acm:…:certificate/…',
    ),
    defaultEndpoint: bool('defaultEndpoint'),
    docs: bool('docs'),
    tableStreamArn: optional(
      'tableStreamArn',
      STREAM_ARN,
      'use the ARN of a stream, arn:aws:dynamodb:…:table/…/stream/…',
    ),
    alarms: bool('alarms'),
    alarmEmail: optional('alarmEmail', /^[^\s@,]+@[^\s@,]+\.[^\s@,]+$/, 'use one mail address'),
  };

  // A key that nobody reads is a slip that would pass unseen. CDK's own hold a colon, a slash or hyphens.
  const unknown = Object.keys(context).find((key) => !(key in config) && /^\w+$/.test(key));
  if (unknown) throw new Error(`Context "${unknown}" is not known: use ${Object.keys(config).join(', ')}.`);
  if (stage === 'prod' && !config.retain) throw new Error('Context "retain=false" is not for stage "prod".');
  for (const [one, other] of [
    ['domainName', 'certificateArn'],
    ['certificateArn', 'domainName'],
  ] as const)
    if (config[one] && !config[other]) throw new Error(`Context "${one}" is given without "${other}".`);
  if (!config.defaultEndpoint && !config.domainName)
    throw new Error('Context "defaultEndpoint=false" would leave no address: give "domainName" too.');
  if (!config.alarms && config.alarmEmail)
    throw new Error('Context "alarmEmail" is given with "alarms=false": nobody would be told.');
  return config;
}

const RETENTIONS = Object.values(RetentionDays).filter(
  (days): days is RetentionDays => typeof days === 'number' && days !== RetentionDays.INFINITE,
);

/** ARN of a table, its name, and the label of its stream. */
export const STREAM_ARN = /^(arn:aws[a-z-]*:dynamodb:[a-z0-9-]+:\d{12}:table\/([\w.-]{3,255}))\/stream\/[\d:.T-]+$/;

function originsOf(text: string): string[] | undefined {
  const origins = text.split(',').map((origin) => origin.trim());
  if (origins.length === 1 && origins[0] === '*') return origins;
  return origins.every((origin) => /^https?:\/\/[^\s/*?#@]+$/.test(origin)) ? origins : undefined;
}
