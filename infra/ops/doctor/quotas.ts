/**
 * Quotas of the account that a deployment runs into. Each is one request, signed by the signer that is here anyway: four
 * clients of the SDK would be some 10 MB for it.
 */
import { DescribeLimitsCommand } from '@aws-sdk/client-dynamodb';
import { SignatureV4 } from '@smithy/signature-v4';
import type { OperatorTable } from '../../../shared/data/operator-queries.ts';
import { backgroundFunctions, docsPage, routes } from '../../../shared/routes/index.ts';
import { reasonOf } from './api.ts';
import { type Finding, right, unknown, wrong } from './finding.ts';

/** Functions, and so roles, of a stage. */
const ROLES = [...routes, ...backgroundFunctions, docsPage].length;

/** Calls at one moment below which a deployment is for trying only: 100 a second of 100 ms each are 10. */
const FEW_CALLS = 100;
/** An update may add some roles before it removes others. */
const FEW_ROLES = 10;

const count = (number: number) => number.toLocaleString('en-US');

/** Checks `functions`, `requests`, `roles` and `table`: what AWS says of the account of these credentials. */
export async function checkQuotas(table: OperatorTable): Promise<Finding[]> {
  const region = await table.client.config.region();
  const suffix = region.startsWith('cn-') ? '.cn' : '';
  const get = (service: string, path: string, at = region) =>
    signedGet(table, service, at, endpointOf(service, at === region ? `${service}.${region}` : service, suffix), path);

  return Promise.all([
    looked('functions', 'aws lambda get-account-settings', async () => {
      const { AccountLimit } = JSON.parse(await get('lambda', '/2016-08-19/account-settings/'));
      const { ConcurrentExecutions: most, UnreservedConcurrentExecutions: unreserved } = AccountLimit;
      const says = `Functions of this account and region may run ${count(most)} calls at one moment, ${count(unreserved)} of them not reserved.`;
      return unreserved >= FEW_CALLS
        ? right('functions', says)
        : wrong(
            'functions',
            says,
            'Ask for 1,000: Service Quotas, AWS Lambda, "Concurrent executions". Until then calls above it are answered 503.',
          );
    }),
    looked('requests', 'aws apigateway get-account', async () => {
      const { throttleSettings } = JSON.parse(await get('apigateway', '/account'));
      const { rateLimit, burstLimit } = throttleSettings;
      return right(
        'requests',
        `All APIs of this account and region take ${count(rateLimit)} requests per second together, in bursts of ${count(burstLimit)}.`,
      );
    }),
    looked('roles', 'aws iam get-account-summary', async () => {
      const xml = await get('iam', '/?Action=GetAccountSummary&Version=2010-05-08', 'us-east-1');
      const [used, most] = ['Roles', 'RolesQuota'].map((key) => numberIn(xml, key)) as [number, number];
      const stages = Math.floor((most - used) / ROLES);
      const says = `${count(used)} of ${count(most)} roles are taken; a stage has ${ROLES}, so ${stages} more ${stages === 1 ? 'fits' : 'fit'}.`;
      return most - used >= FEW_ROLES
        ? right('roles', says)
        : wrong(
            'roles',
            says,
            'The next update may fail. Ask for more: Service Quotas, IAM, "Roles per account" (in us-east-1).',
          );
    }),
    looked('table', 'aws dynamodb describe-limits', async () => {
      const { TableMaxReadCapacityUnits: read = 0, TableMaxWriteCapacityUnits: write = 0 } = await table.client.send(
        new DescribeLimitsCommand({}),
      );
      return right('table', `A table takes up to ${count(read)} read and ${count(write)} write units per second.`);
    }),
  ]);
}

/** A quota that cannot be read is told with the command that reads it: these credentials need not be allowed to. */
async function looked(check: string, command: string, look: () => Promise<Finding>): Promise<Finding> {
  try {
    return await look();
  } catch (error) {
    return unknown(check, `AWS does not tell: ${reasonOf(error)}.`, `Look with other credentials: ${command}`);
  }
}

function numberIn(xml: string, key: string): number {
  const [, number] = new RegExp(`<key>${key}</key>\\s*<value>(\\d+)</value>`).exec(xml) ?? [];
  if (number === undefined) throw new Error(`the answer has no ${key}`);
  return Number(number);
}

/** Where a service answers; the variables are those of the SDK. */
const VARIABLES: Record<string, string> = { lambda: 'LAMBDA', apigateway: 'API_GATEWAY', iam: 'IAM' };
const endpointOf = (service: string, host: string, suffix: string) =>
  process.env[`AWS_ENDPOINT_URL_${VARIABLES[service]}`] ?? `https://${host}.amazonaws.com${suffix}`;

/** @throws Error with AWS's own words */
async function signedGet({ client }: OperatorTable, service: string, region: string, endpoint: string, path: string) {
  const { credentials, sha256 } = client.config;
  const url = new URL(endpoint + path);
  const signer = new SignatureV4({ service, region, credentials, sha256 });
  const { headers } = await signer.sign({
    method: 'GET',
    protocol: url.protocol,
    hostname: url.hostname,
    path: url.pathname,
    query: Object.fromEntries(url.searchParams),
    headers: { host: url.host, accept: 'application/json' },
  });
  const response = await fetch(url, { headers, signal: AbortSignal.timeout(20_000) });
  const text = await response.text();
  if (!response.ok)
    throw new Error(
      `HTTP ${response.status}, ${/"message":"([^"]*)"|<Message>([^<]*)/i.exec(text)?.slice(1).find(Boolean) ?? text.slice(0, 200)}`,
    );
  return text;
}
