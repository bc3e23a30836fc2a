/**
 * Quotas of the account that a deployment can reach. Each check is one request, signed by the signer that is installed
 * anyway: the four SDK clients would add about 10 MB.
 */
import { DescribeLimitsCommand } from '@aws-sdk/client-dynamodb';
import { SignatureV4 } from '@smithy/signature-v4';
import type { OperatorTable } from '../../../shared/data/operator-queries.ts';
import { backgroundFunctions, pages, routes } from '../../../shared/routes/index.ts';
import { PATIENCE, reasonOf } from './api.ts';
import { type Finding, right, unknown, wrong } from './finding.ts';

/** Functions of a stage, at most: those of areas are fewer. Each has a role. */
const ROLES = [...routes, ...backgroundFunctions, ...pages].length;

/** Below this number of concurrent calls a deployment is only a trial: 100 calls per second of 100 ms each need 10. */
const FEW_CALLS = 100;
/** An update may add roles before it removes others. */
const FEW_ROLES = 10;

const count = (number: number) => number.toLocaleString('en-US');

/** Checks `functions`, `requests`, `roles` and `table` of the account of these credentials. */
export async function checkQuotas(table: OperatorTable): Promise<Finding[]> {
  const region = await table.client.config.region();
  const suffix = region.startsWith('cn-') ? '.cn' : '';
  const get = (service: string, path: string, at = region) =>
    signedGet(table, service, at, endpointOf(service, at === region ? `${service}.${region}` : service, suffix), path);

  return Promise.all([
    looked('functions', 'aws lambda get-account-settings', async () => {
      const { AccountLimit } = JSON.parse(await get('lambda', '/2016-08-19/account-settings/'));
      const { ConcurrentExecutions: most, UnreservedConcurrentExecutions: unreserved } = AccountLimit;
      const says = `This account and region allow ${count(most)} concurrent function calls, ${count(unreserved)} of them unreserved.`;
      return unreserved >= FEW_CALLS
        ? right('functions', says)
        : wrong(
            'functions',
            says,
            'Request 1,000: Service Quotas, AWS Lambda, "Concurrent executions". Until then calls above the quota are answered 503.',
          );
    }),
    looked('requests', 'aws apigateway get-account', async () => {
      const { throttleSettings } = JSON.parse(await get('apigateway', '/account'));
      const { rateLimit, burstLimit } = throttleSettings;
      return right(
        'requests',
        `All APIs of this account and region together accept ${count(rateLimit)} requests per second, with bursts of ${count(burstLimit)}.`,
      );
    }),
    looked('roles', 'aws iam get-account-summary', async () => {
      const xml = await get('iam', '/?Action=GetAccountSummary&Version=2010-05-08', 'us-east-1');
      const [used, most] = ['Roles', 'RolesQuota'].map((key) => numberIn(xml, key)) as [number, number];
      const stages = Math.floor((most - used) / ROLES);
      const says = `${count(used)} of ${count(most)} roles are in use; a stage has up to ${ROLES}, so ${stages} more ${stages === 1 ? 'fits' : 'fit'}.`;
      return most - used >= FEW_ROLES
        ? right('roles', says)
        : wrong(
            'roles',
            says,
            'The next update may fail. Request more: Service Quotas, IAM, "Roles per account" (in us-east-1).',
          );
    }),
    looked('table', 'aws dynamodb describe-limits', async () => {
      const { TableMaxReadCapacityUnits: read = 0, TableMaxWriteCapacityUnits: write = 0 } = await table.client.send(
        new DescribeLimitsCommand({}),
      );
      return right('table', `A table accepts up to ${count(read)} read and ${count(write)} write units per second.`);
    }),
  ]);
}

/** If a quota cannot be read, names the command that reads it: these credentials may lack the permission. */
async function looked(check: string, command: string, look: () => Promise<Finding>): Promise<Finding> {
  try {
    return await look();
  } catch (error) {
    return unknown(check, `AWS did not answer: ${reasonOf(error)}.`, `Check with other credentials: ${command}`);
  }
}

function numberIn(xml: string, key: string): number {
  const [, number] = new RegExp(`<key>${key}</key>\\s*<value>(\\d+)</value>`).exec(xml) ?? [];
  if (number === undefined) throw new Error(`the answer has no ${key}`);
  return Number(number);
}

/** Endpoint of a service. The SDK uses the same environment variables. */
const VARIABLES: Record<string, string> = { lambda: 'LAMBDA', apigateway: 'API_GATEWAY', iam: 'IAM' };
const endpointOf = (service: string, host: string, suffix: string) =>
  process.env[`AWS_ENDPOINT_URL_${VARIABLES[service]}`] ?? `https://${host}.amazonaws.com${suffix}`;

/** @throws Error with the message of AWS */
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
  const response = await fetch(url, { headers, signal: AbortSignal.timeout(PATIENCE) });
  const text = await response.text();
  if (!response.ok)
    throw new Error(
      `HTTP ${response.status}, ${/"message":"([^"]*)"|<Message>([^<]*)/i.exec(text)?.slice(1).find(Boolean) ?? text.slice(0, 200)}`,
    );
  return text;
}
