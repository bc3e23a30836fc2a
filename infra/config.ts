import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { FORMS, type FunctionForm } from './functions.ts';

/**
 * Everything that may differ between two deployments. Each field is the key of the same name in the CDK context:
 * `-c stage=prod`, or `"context": {"stage": "prod"}` in cdk.json. `npm run docs` writes these comments to
 * docs/configuration.md.
 */
export interface Config {
  /**
   * Name of the deployment. It is part of every resource name, so several deployments fit into one account.
   * @default `dev`
   */
  stage: string;
  /**
   * `false` for temporary stages: table and bucket are deleted with their stack. Refused for `prod`.
   * @default `true`
   */
  retain: boolean;
  /**
   * `operation`: each operation has a function and a role of its own. `area`: the operations of an area share one, so that
   * fewer calls wait for a function to start. Suits deployments with few users: docs/deploy.md#functions-of-areas.
   * @default `operation`
   */
  functions: FunctionForm;
  /**
   * Retention of the logs of functions and gateway in days, a value that CloudWatch supports (1, 7, 30, 90, 365, …).
   * @default `365` for `prod`, else `30`
   */
  logRetentionDays: RetentionDays;
  /**
   * Requests per second and route above which the gateway answers 429. Only the quota of the account limits all routes
   * together.
   * @default `2000`
   */
  throttleRate: number;
  /**
   * Concurrent requests that a route accepts in addition to the rate.
   * @default `1000`
   */
  throttleBurst: number;
  /**
   * The rate of each route that requires no token: logins and registrations. They are public and the most expensive
   * calls.
   * @default `100`
   */
  signInThrottleRate: number;
  /**
   * The burst of the routes that require no token.
   * @default `200`
   */
  signInThrottleBurst: number;
  /**
   * Read units per second above which the table throttles. This limits the costs of a surge (docs/costs.md).
   * @default none
   */
  maxReadUnits: number | undefined;
  /**
   * Write units per second above which the table throttles.
   * @default none
   */
  maxWriteUnits: number | undefined;
  /**
   * Reserved concurrency of each background function: its maximum of concurrent calls, subtracted from what the other
   * functions of the account share. `0` reserves nothing. A deployment fails if less than 100 would remain unreserved,
   * as in new accounts.
   * @default `0`
   */
  backgroundConcurrency: number;
  /**
   * Origins whose pages may call the API and upload to the bucket, separated by commas, such as
   * `https://app.example.com`; `*` means any. Pages of any origin may read from presigned addresses.
   * @default `*`
   */
  corsOrigins: readonly string[];
  /**
   * Custom domain of the API; requires `certificateArn`. Outputs describe the DNS record that it needs.
   * @default none
   */
  domainName: string | undefined;
  /**
   * Certificate of `domainName` in AWS Certificate Manager, in the region of the deployment.
   * @default none
   */
  certificateArn: string | undefined;
  /**
   * `false` closes the address that AWS assigns, so that only `domainName` remains.
   * @default `true`
   */
  defaultEndpoint: boolean;
  /**
   * `false` removes the public description of the API: `/openapi.json`, `/asyncapi.json` and the page `/docs`.
   * @default `true`
   */
  docs: boolean;
  /**
   * `false` removes the page `/console` (docs/console.md).
   * @default `true`
   */
  console: boolean;
  /**
   * `false` leaves out the feed of events, webhooks and the event bus: no app has events.
   * @default `true`
   */
  events: boolean;
  /**
   * One call in so many is counted for `/admin/overview`, with one write unit; `0` counts none.
   * @default `10`
   */
  statistics: number;
  /**
   * ARN of the stream of a restored table, which the functions use instead of the table of the data stack:
   * docs/runbook.md.
   * @default none
   */
  tableStreamArn: string | undefined;
  /**
   * Days after which the bucket deletes archived events. By default it keeps them.
   * @default none
   */
  archiveDays: number | undefined;
  /**
   * `false` removes the alarms and their topic.
   * @default `true`
   */
  alarms: boolean;
  /**
   * Mail address that alarms notify. AWS first asks this address for confirmation.
   * @default none
   */
  alarmEmail: string | undefined;
}

/**
 * Reads the configuration from the CDK context.
 * @throws Error that names the key if the key is unknown or its value is invalid
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

  // Function names have at most 64 characters.
  const stage = read(
    'stage',
    'dev',
    like(/^[a-z][a-z0-9-]{0,15}$/),
    'use up to 16 lower-case letters, digits and hyphens, a letter first',
  );
  const config: Config = {
    stage,
    retain: bool('retain'),
    functions: read<FunctionForm>(
      'functions',
      'operation',
      (text) => FORMS.find((form) => form === text),
      `use ${FORMS.join(' or ')}`,
    ),
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
    console: bool('console'),
    events: bool('events'),
    statistics: count('statistics', 10, 0),
    tableStreamArn: optional(
      'tableStreamArn',
      STREAM_ARN,
      'use the ARN of a stream, arn:aws:dynamodb:…:table/…/stream/…',
    ),
    archiveDays: count('archiveDays', undefined),
    alarms: bool('alarms'),
    alarmEmail: optional('alarmEmail', /^[^\s@,]+@[^\s@,]+\.[^\s@,]+$/, 'use one mail address'),
  };

  // An unknown key is a typing error. The keys of CDK itself contain a colon, a slash or hyphens.
  const unknown = Object.keys(context).find((key) => !(key in config) && /^\w+$/.test(key));
  if (unknown) throw new Error(`Context "${unknown}" is unknown: use ${Object.keys(config).join(', ')}.`);
  if (stage === 'prod' && !config.retain) throw new Error('Context "retain=false" is not allowed for stage "prod".');
  for (const [one, other] of [
    ['domainName', 'certificateArn'],
    ['certificateArn', 'domainName'],
  ] as const)
    if (config[one] && !config[other]) throw new Error(`Context "${one}" requires "${other}".`);
  if (!config.defaultEndpoint && !config.domainName)
    throw new Error('Context "defaultEndpoint=false" requires "domainName": the API would have no address.');
  if (!config.alarms && config.alarmEmail)
    throw new Error('Context "alarmEmail" cannot be combined with "alarms=false".');
  return config;
}

const RETENTIONS = Object.values(RetentionDays).filter(
  (days): days is RetentionDays => typeof days === 'number' && days !== RetentionDays.INFINITE,
);

/** The ARN of a stream; the groups are the ARN and the name of its table. */
export const STREAM_ARN = /^(arn:aws[a-z-]*:dynamodb:[a-z0-9-]+:\d{12}:table\/([\w.-]{3,255}))\/stream\/[\d:.T-]+$/;

function originsOf(text: string): string[] | undefined {
  const origins = text.split(',').map((origin) => origin.trim());
  if (origins.length === 1 && origins[0] === '*') return origins;
  return origins.every((origin) => /^https?:\/\/[^\s/*?#@]+$/.test(origin)) ? origins : undefined;
}
