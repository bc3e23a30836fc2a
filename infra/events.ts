/**
 * `npm run events [-- --app ID] [--token TOKEN]`: writes to `.local/events` a sample event of every operation for
 * `sam local invoke`. If cdk.out contains the templates, it also writes `commands.txt` with one command per operation.
 */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import type { Examples } from '../shared/openapi/document.ts';
import { type Operation, routes } from '../shared/routes/index.ts';
import { slugOf } from './names.ts';

const ROOT = resolve(import.meta.dirname, '..');
const FOLDER = join(ROOT, '.local/events');

export interface Caller {
  app: string;
  token: string;
}

/** The event of payload format 2.0 that a call of the operation makes, with the parameters of its example. */
export function sampleEvent(row: Operation, examples: Examples, { app, token }: Caller): APIGatewayProxyEventV2 {
  const [method] = row.methods;
  const routeKey = `${method} ${row.path}`;
  const parameters = examples[row.id]?.[200]?.request ?? {};
  const inQuery = method === 'GET' || row.parameters === 'query' || row.multipart;
  const text = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value));
  const query = inQuery ? Object.entries(parameters).map(([name, value]): [string, string] => [name, text(value)]) : [];
  const body = inQuery ? undefined : 'body' in parameters ? text(parameters.body) : JSON.stringify(parameters);
  const domainName = 'api.example';
  return {
    version: '2.0',
    routeKey,
    rawPath: row.path,
    rawQueryString: String(new URLSearchParams(query)),
    headers: {
      app_id: app,
      ...(row.access !== 'public' && { 'access-token': token }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      host: domainName,
      'user-agent': 'curl/8.5.0',
      'x-forwarded-for': '192.0.2.1',
      'x-forwarded-port': '443',
      'x-forwarded-proto': 'https',
    },
    ...(query.length > 0 && { queryStringParameters: Object.fromEntries(query) }),
    requestContext: {
      accountId: '000000000000',
      apiId: 'sample',
      domainName,
      domainPrefix: 'api',
      http: { method: method!, path: row.path, protocol: 'HTTP/1.1', sourceIp: '192.0.2.1', userAgent: 'curl/8.5.0' },
      requestId: 'sample',
      routeKey,
      stage: '$default',
      time: '01/Jan/2026:00:00:00 +0000',
      timeEpoch: 1_767_225_600_000,
    },
    ...(body !== undefined && { body }),
    isBase64Encoded: false,
  };
}

export interface SamFunction {
  /** File name of the nested template. */
  template: string;
  logicalId: string;
  /** Folder of the code, relative to the template. */
  code: string;
}

interface Resource {
  Type: string;
  Properties: { Environment: { Variables: { OPERATION: string } } };
  Metadata: { 'aws:asset:path': string };
}

/** Where `sam local invoke` finds each function in an output folder of `cdk synth`, by row id. */
export function samFunctions(assembly: string): Map<string, SamFunction> {
  const found = new Map<string, SamFunction>();
  for (const file of globSync('*.nested.template.json', { cwd: assembly }).sort()) {
    const { Resources } = JSON.parse(readFileSync(join(assembly, file), 'utf8'));
    for (const [logicalId, { Type, Properties, Metadata }] of Object.entries<Resource>(Resources)) {
      if (Type !== 'AWS::Lambda::Function') continue;
      const { OPERATION } = Properties.Environment.Variables;
      found.set(OPERATION, { template: basename(file), logicalId, code: Metadata['aws:asset:path'] });
    }
  }
  return found;
}

/** The command that runs one operation; its variables are those of `env.json` (docs/deploy.md). */
export const samCommand = (row: Operation, { template, logicalId }: SamFunction): string =>
  `sam local invoke -t cdk.out/${template} -e .local/events/${slugOf(row.id)}.json --env-vars .local/events/env.json ${logicalId}`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      app: { type: 'string', default: 'shop' },
      token: { type: 'string', default: 'TOKEN' },
      table: { type: 'string', default: 'roster-dev' },
      bucket: { type: 'string', default: 'BUCKET' },
    },
  });
  const examples: Examples = JSON.parse(readFileSync(join(ROOT, 'docs/examples.json'), 'utf8'));
  await rm(FOLDER, { recursive: true, force: true });
  await mkdir(FOLDER, { recursive: true });
  const write = (name: string, content: unknown) =>
    writeFile(join(FOLDER, name), typeof content === 'string' ? content : `${JSON.stringify(content, null, 2)}\n`);
  for (const row of routes) await write(`${slugOf(row.id)}.json`, sampleEvent(row, examples, values));
  await write('env.json', { Parameters: { TABLE_NAME: values.table, BUCKET_NAME: values.bucket } });
  console.log(`${routes.length} events in ${FOLDER}`);
  const assembly = join(ROOT, 'cdk.out');
  const functions = existsSync(assembly) ? samFunctions(assembly) : new Map<string, SamFunction>();
  if (functions.size === 0) return console.log('No commands.txt: cdk.out has no templates (npm run synth writes them)');
  const commands = routes.flatMap((row) => {
    const where = functions.get(row.id) ?? functions.get(`area/${row.area}`);
    return where ? [samCommand(row, where)] : [];
  });
  await write('commands.txt', `${commands.join('\n')}\n`);
  console.log(`Commands: ${join(FOLDER, 'commands.txt')}`);
}

if (import.meta.main) await main();
