import { mkdirSync, writeFileSync } from 'node:fs';
import { type IncomingHttpHeaders, type RequestListener, request } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { ERRORS } from '../../client/operations.ts';
import { type Client, EventsGone } from '../../client/roster.ts';
import { checkBackground, checkEvents } from '../../infra/ops/doctor/story.ts';
import { Database } from '../../shared/data/database.ts';
import { putJob } from '../../shared/data/job-repo.ts';
import { newFolder, ops, opsHere } from '../ops/command-line.ts';
import { newTable } from '../support/database.ts';
import { appId, groupId } from '../support/ids.ts';
import { nowhere, serve as startServer } from '../support/server.ts';
import { laptopStack } from '../support/stack.ts';

const stack = await laptopStack();
const folder = newFolder();
mkdirSync(join(folder, '.local'));
writeFileSync(join(folder, '.local/stack.json'), JSON.stringify(stack));
const project = process.cwd();
beforeAll(() => process.chdir(folder));

const ends: (() => Promise<void>)[] = [];
afterAll(async () => {
  process.chdir(project);
  for (const end of ends) await end();
});

async function serve(answer: RequestListener): Promise<string> {
  const { origin, close } = await startServer(answer);
  ends.push(close);
  return origin;
}

interface ProxyChanges {
  /** The headers that are forwarded. */
  headers?: (headers: IncomingHttpHeaders) => IncomingHttpHeaders;
  /** Changes an answer before it is returned. */
  answered?: (answer: { headers: IncomingHttpHeaders; body: string; path: string }) => void;
}

/** A proxy in front of the laptop's API, or another server, that changes requests or answers. @returns its address */
const proxy = ({ headers = (sent) => sent, answered = () => {} }: ProxyChanges, server = stack.api_endpoint) =>
  serve((incoming, outgoing) => {
    const forwarded = request(
      server + incoming.url,
      { method: incoming.method!, headers: headers(incoming.headers) },
      async (response) => {
        const answer = { headers: { ...response.headers }, body: '', path: incoming.url! };
        for await (const chunk of response.setEncoding('utf8')) answer.body += chunk;
        answered(answer);
        const { 'content-length': _, ...rest } = answer.headers;
        outgoing.writeHead(response.statusCode!, rest).end(answer.body);
      },
    );
    incoming.pipe(forwarded);
  });

/** An environment in which a command takes this server for AWS. */
const onAws = (server: string) => ({
  AWS_REGION: 'eu-west-1',
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
  ...Object.fromEntries(
    ['DYNAMODB', 'LAMBDA', 'API_GATEWAY', 'IAM'].map((name) => [`AWS_ENDPOINT_URL_${name}`, server]),
  ),
});

interface Report {
  exitCode: number | null;
  ok: boolean;
  /** The checks that failed: what they say, and the remedy. */
  wrong: Record<string, string>;
  states: Record<string, string>;
}

async function doctor(...args: string[]): Promise<Report> {
  const { exitCode, stdout } = await opsHere(['doctor', '--json', ...args]);
  const { ok, checks } = JSON.parse(stdout);
  const entries: { check: string; state: string; says: string; remedy: string | null }[] = checks;
  return {
    exitCode,
    ok,
    wrong: Object.fromEntries(
      entries.filter(({ state }) => state === 'wrong').map(({ check, says, remedy }) => [check, `${says} ${remedy}`]),
    ),
    states: Object.fromEntries(entries.map(({ check, state }) => [check, state])),
  };
}

const apps = async () =>
  JSON.parse((await opsHere(['apps', 'list', '--json'])).stdout).apps.map((app: { name: string }) => app.name);
const upToCors = { address: 'right', clock: 'right', cors: 'right' };

describe('the doctor', () => {
  test('the doctor finds nothing wrong with the laptop stack, and leaves no app behind', async () => {
    const { exitCode, stdout } = await ops(['doctor'], { folder });
    expect(exitCode, stdout).toBe(0);
    expect(stdout).toMatch(/^ok +address +http:\S+ is the API and answered in \d+ ms\.$/m);
    expect(stdout).toMatch(
      /^ok +upload +A file was sent to .+ appeared in the list after \d+ s, and was fetched and deleted\.$/m,
    );
    expect(stdout).toMatch(/\n\nNothing is wrong\.\n$/);
    expect(await doctor()).toEqual({
      exitCode: 0,
      ok: true,
      wrong: {},
      states: {
        ...upToCors,
        headers: 'right',
        upload: 'right',
        events: 'right',
        background: 'right',
        issuers: 'right',
        search: 'right',
      },
    });
    expect(await apps()).not.toContain('doctor');
  });

  test('the doctor reports an address that does not answer, and checks no further', async () => {
    const api = await nowhere();
    const { exitCode, wrong, states } = await doctor('--api', api);
    expect(exitCode).toBe(1);
    expect(wrong).toEqual({
      address: expect.stringMatching(/^Nothing answers at http:\S+: .*ECONNREFUSED.*ApiUrl/),
    });
    expect(states.upload).toBe('unknown');
    const text = await opsHere(['doctor', '--api', api]);
    expect(text.stdout).toMatch(/^WRONG +address .+\n +→ Compare .+\n\? +upload .+\n.+\n\n1 check failed\.\n$/);
  });

  test("the doctor recognises an address that is not the API's", async () => {
    const other = await serve((_, response) => response.writeHead(404).end('{"message":"Not Found"}'));
    expect((await doctor('--api', other)).wrong.address).toMatch(
      /answers, but is not the API: HTTP 404.*has no such route/,
    );
    const busy = await serve((_, response) => response.writeHead(503).end('{"message":"Service Unavailable"}'));
    expect((await doctor('--api', busy)).wrong.address).toContain('The gateway reached no function');
    const bad = await opsHere(['doctor', '--api', `${other}/prod`]);
    expect(bad.stderr).toContain('Give https:// and a host, without a path.');
    expect((await opsHere(['doctor', '--wait', '1h'])).stderr).toContain('At most 14m');
  });

  test('the doctor recognises a proxy that drops headers with underscores', async () => {
    const dropping = await proxy({
      headers: (sent) => Object.fromEntries(Object.entries(sent).filter(([name]) => !name.includes('_'))),
    });
    const { exitCode, wrong } = await doctor('--api', dropping);
    expect(exitCode).toBe(1);
    expect(wrong).toEqual({
      headers: expect.stringMatching(/^The header app_id does not arrive\..*underscores_in_headers on/),
    });
  });

  test.each(['access-token', 'user_id', 'group_id', 'idempotency-key'])(
    'the doctor recognises a proxy that drops the header %s',
    async (name) => {
      const dropping = await proxy({ headers: ({ [name]: _, ...rest }) => rest });
      const { exitCode, wrong } = await doctor('--api', dropping, '--wait', '1m');
      expect(exitCode).toBe(1);
      expect(wrong).toEqual({ headers: expect.stringContaining(`The header ${name} does not arrive.`) });
      expect(await apps()).not.toContain('doctor');
    },
  );

  test.each([
    [-3600, 'ahead of'],
    [120, 'behind'],
  ])('the doctor recognises a clock that differs by %i s', async (seconds, how) => {
    const shifted = await proxy({
      answered: ({ headers }) => {
        headers.date = new Date(Date.now() + seconds * 1000).toUTCString();
      },
    });
    const { exitCode, wrong } = await doctor('--api', shifted);
    expect(exitCode).toBe(1);
    expect(Object.keys(wrong)).toEqual(['clock']);
    expect(wrong.clock).toMatch(
      new RegExp(
        `clock of this machine is (${Math.abs(seconds)}|${Math.abs(seconds) - 1}|${Math.abs(seconds) + 1}) s ${how} that`,
      ),
    );
  });

  test('the doctor recognises an API that web pages may not call', async () => {
    const without = await proxy({
      answered: ({ headers }) => {
        for (const name of Object.keys(headers)) if (name.startsWith('access-control-')) delete headers[name];
      },
    });
    expect((await doctor('--api', without)).wrong).toEqual({
      cors: expect.stringMatching(
        /^A page of https:\/\/app\.example\.com may not call the API: .+ without access-control-allow-origin/,
      ),
    });
    const narrow = await proxy({
      answered: ({ headers }) => {
        if (headers['access-control-allow-headers'])
          headers['access-control-allow-headers'] = 'content-type,access-token';
      },
    });
    expect((await doctor('--api', narrow, '--origin', 'https://a.example')).wrong).toEqual({
      cors: expect.stringContaining('lacks app_id, user_id, group_id, idempotency-key'),
    });
  });

  test('the doctor recognises an upload that the bucket refuses', async () => {
    const tampering = await proxy({
      answered: (answer) => {
        if (answer.path === '/group/file/upload')
          answer.body = answer.body.replace(/X-Amz-Signature=\w{8}/, 'X-Amz-Signature=00000000');
      },
    });
    const { exitCode, wrong } = await doctor('--api', tampering);
    expect(exitCode).toBe(1);
    expect(wrong).toEqual({
      upload: expect.stringMatching(/refuses an upload: HTTP 403 SignatureDoesNotMatch\..*group\/file\/upload/),
    });
    expect(await apps()).not.toContain('doctor');
  });

  /** A proxy in front of the API whose uploads go to another address. */
  const leadingTo = (address: string) =>
    proxy({
      answered: (answer) => {
        if (answer.path === '/group/file/upload') answer.body = answer.body.replace(stack.s3_endpoint, address);
      },
    });

  test('the doctor recognises a bucket that web pages cannot upload to, and one that does not answer', async () => {
    const { host } = new URL(stack.s3_endpoint);
    const closed = await proxy(
      {
        headers: (sent) => ({ ...sent, host }),
        answered: ({ headers }) => {
          delete headers['access-control-allow-origin'];
        },
      },
      stack.s3_endpoint,
    );
    expect((await doctor('--api', await leadingTo(closed))).wrong).toEqual({
      upload: expect.stringMatching(/^A page of https:\/\/app\.example\.com may not upload: .+ corsOrigins/),
    });
    expect((await doctor('--api', await leadingTo(await nowhere()))).wrong).toEqual({
      upload: expect.stringMatching(/^The bucket's address, 127\.0\.0\.1:\d+, does not answer: .*ECONNREFUSED/),
    });
  });

  test('the doctor recognises a feed that tells nothing', async () => {
    const list = vi.fn(async () => ({ data: [], next: '0', head: '0' }));
    const app = { event: { list } } as unknown as Client;
    expect(await checkEvents(app, 7, 0)).toMatchObject({
      state: 'wrong',
      says: expect.stringMatching(/^The creation of a group is not in the feed of events after 0 s\.$/),
    });
    expect(list).toHaveBeenCalledWith({ group_id: 7, types: 'group.created', wait: 10 });
    list.mockRejectedValue(new EventsGone(ERRORS.eventsGone, ''));
    expect(await checkEvents(app, 7, 0)).toMatchObject({ state: 'right' });
  });

  test('the doctor recognises a background that does not work', async () => {
    // Nothing reads the stream of this table.
    const table = await newTable();
    await new Database(table.client, table.name).write([
      putJob({ kind: 'dissolved group', app: appId('shop'), group: groupId(7), createdAt: 1 }),
    ]);
    expect(await checkBackground(table, 'shop', 0)).toMatchObject({
      state: 'wrong',
      says: expect.stringMatching(/^Jobs of a dissolved group and a deleted user are not finished after \d s: 1\.$/),
    });
    expect(await checkBackground(table, 'another', 0)).toMatchObject({ state: 'right' });
  });

  test('the doctor reports credentials that may not create an app, after all checks that need none', async () => {
    const aws = await serve((_, response) =>
      response
        .writeHead(400)
        .end('{"__type":"a#AccessDeniedException","Message":"not authorized to perform: dynamodb:PutItem"}'),
    );
    const environment = onAws(aws);
    const args = ['doctor', '--json', '--stage', 'prod', '--region', 'eu-west-1', '--api', stack.api_endpoint];
    const { stdout, exitCode } = await ops(args, { folder, environment });
    expect(exitCode).toBe(1);
    const checks: { check: string; state: string; says: string }[] = JSON.parse(stdout).checks;
    expect(checks).toContainEqual(expect.objectContaining({ check: 'cors', state: 'right' }));
    expect(checks).toContainEqual(
      expect.objectContaining({
        state: 'wrong',
        says: expect.stringContaining(
          'The doctor could not create or delete its app: not authorized to perform: dynamodb:PutItem.',
        ),
      }),
    );
  });

  test('the doctor recognises an upload whose event does not arrive', async () => {
    const hiding = await proxy({
      answered: (answer) => {
        if (answer.path.startsWith('/group/file/list'))
          answer.body = '{"code":200,"data":[],"message":null,"version":0}';
      },
    });
    const { exitCode, wrong } = await doctor('--api', hiding, '--wait', '0m');
    expect(exitCode).toBe(1);
    expect(wrong.upload).toMatch(/in the bucket, but not in the list of files.*about five minutes/);
  });

  test('the doctor names the call that the deployment answers wrongly', async () => {
    const broken = await proxy({
      answered: (answer) => {
        if (answer.path === '/user/register/v2')
          answer.body = '{"code":40001,"message":"registration is closed","data":null}';
      },
    });
    expect((await doctor('--api', broken)).wrong).toEqual({
      calls: expect.stringContaining('POST /user/register/v2 was answered code 40001, registration is closed.'),
    });
    expect(await apps()).not.toContain('doctor');
  });
});

describe('quotas of the account', () => {
  const quotas = { calls: 1000, unreserved: 1000, roles: 205, rate: 10_000 };
  let aws: string;
  const asked: string[] = [];
  beforeAll(async () => {
    aws = await serve((incoming, outgoing) => {
      const { pathname, searchParams } = new URL(incoming.url!, 'http://aws');
      const scope = /Credential=test\/\d{8}\/([^,]+)\/aws4_request/.exec(incoming.headers.authorization ?? '')?.[1];
      asked.push(`${scope} ${pathname}`);
      const answers: Record<string, string> = {
        'eu-west-1/lambda /2016-08-19/account-settings/': JSON.stringify({
          AccountLimit: { ConcurrentExecutions: quotas.calls, UnreservedConcurrentExecutions: quotas.unreserved },
        }),
        'eu-west-1/apigateway /account': JSON.stringify({
          throttleSettings: { rateLimit: quotas.rate, burstLimit: quotas.rate / 2 },
        }),
        'us-east-1/iam /': `<GetAccountSummaryResponse><GetAccountSummaryResult><SummaryMap>
          <entry><key>RolesQuota</key><value>1000</value></entry><entry><key>Roles</key><value>${quotas.roles}</value></entry>
          </SummaryMap></GetAccountSummaryResult></GetAccountSummaryResponse>`,
        'eu-west-1/dynamodb /': JSON.stringify({
          TableMaxReadCapacityUnits: 40_000,
          TableMaxWriteCapacityUnits: 40_000,
        }),
      };
      const answer = answers[`${scope} ${pathname}`];
      if (scope === 'us-east-1/iam') expect(searchParams.get('Action')).toBe('GetAccountSummary');
      if (answer) outgoing.end(answer);
      else outgoing.writeHead(403).end('{"message":"no identity-based policy allows it"}');
    });
  });

  /** Runs the doctor for a stage on AWS. Nothing answers at the address of its API. */
  async function asOnAws() {
    const args = ['doctor', '--json', '--stage', 'prod', '--api', await nowhere()];
    const { stdout } = await ops(args, { folder, environment: onAws(aws) });
    const checks: { check: string; state: string; says: string; remedy: string | null }[] = JSON.parse(stdout).checks;
    return Object.fromEntries(
      checks.map(({ check, state, says, remedy }) => [check, `${state}: ${says} ${remedy ?? ''}`.trim()]),
    );
  }

  test('the doctor reads each quota from AWS by one signed request', async () => {
    expect(await asOnAws()).toMatchObject({
      functions: 'right: This account and region allow 1,000 concurrent function calls, 1,000 of them unreserved.',
      requests:
        'right: All APIs of this account and region together accept 10,000 requests per second, with bursts of 5,000.',
      roles: expect.stringMatching(/^right: 205 of 1,000 roles are in use; a stage has up to 166, so 4 more fit\.$/),
      table: 'right: A table accepts up to 40,000 read and 40,000 write units per second.',
    });
    expect(asked.sort()).toEqual([
      'eu-west-1/apigateway /account',
      'eu-west-1/dynamodb /',
      'eu-west-1/lambda /2016-08-19/account-settings/',
      'us-east-1/iam /',
    ]);
  });

  test('the doctor reports quotas that are too small, and where to raise them', async () => {
    Object.assign(quotas, { calls: 10, unreserved: 10, roles: 995 });
    const { functions, roles } = await asOnAws();
    expect(functions).toMatch(
      /^wrong: .+ allow 10 concurrent function calls.+Service Quotas, AWS Lambda, "Concurrent executions"/,
    );
    expect(roles).toMatch(
      /^wrong: 995 of 1,000 roles are in use; a stage has up to 166, so 0 more fit\..+Roles per account/,
    );
  });

  test('quotas that the credentials may not read are reported as unknown, with the command that reads them', async () => {
    aws = await serve((_, response) => response.writeHead(403).end('{"message":"no identity-based policy allows it"}'));
    const found = await asOnAws();
    expect(found.functions).toBe(
      'unknown: AWS did not answer: HTTP 403, no identity-based policy allows it. Check with other credentials: aws lambda get-account-settings',
    );
    expect(Object.values(found).filter((said) => said.startsWith('unknown: AWS did not answer'))).toHaveLength(4);
  });

  test('the doctor needs the address of the API on AWS', async () => {
    const { stderr, exitCode } = await ops(['doctor', '--stage', 'prod', '--region', 'eu-west-1'], { folder });
    expect(exitCode).toBe(1);
    expect(stderr).toContain('--api is required on AWS: it is the output ApiUrl of the stack Roster-<stage>-Api');
  });
});
