import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkIssuers } from '../../infra/ops/doctor/issuers.ts';
import { appOf } from '../../shared/data/app-repo.ts';
import { Database } from '../../shared/data/database.ts';
import { identityOf } from '../../shared/data/identity-repo.ts';
import * as issuers from '../../shared/data/issuer-repo.ts';
import { issuerOf } from '../../shared/data/issuer-repo.ts';
import { createApp, deleteApp } from '../../shared/domain/app/apps.ts';
import { addIssuer } from '../../shared/domain/app/issuers.ts';
import { keysOfFile, usableKeys } from '../../shared/domain/issuer/keys.ts';
import { refreshKeys } from '../../shared/domain/issuer/refresh.ts';
import { newTable } from '../support/database.ts';
import { appId } from '../support/ids.ts';
import { newKey, publicJwk, startProvider } from '../support/issuer.ts';
import { nowhere, serve } from '../support/server.ts';
import { opsHere, stackFolder } from './command-line.ts';

let table: Awaited<ReturnType<typeof newTable>>;
let provider: Awaited<ReturnType<typeof startProvider>>;
const project = process.cwd();
beforeAll(async () => {
  table = await newTable();
  process.chdir(stackFolder(table.endpoint, table.name));
  provider = await startProvider();
  for (const app of ['shop', 'lab', 'gone']) await createApp(db(), { app: appId(app) });
});
afterAll(async () => {
  process.chdir(project);
  await provider.close();
});
const db = () => new Database(table.client, table.name);

/** What a command answers with --json, or its error. */
// biome-ignore lint/suspicious/noExplicitAny: what the command line prints is looked at field by field
async function ops(...args: string[]): Promise<any> {
  const { exitCode, stdout } = await opsHere([...args, '--json']);
  return { exitCode, ...JSON.parse(stdout) };
}
const folder = mkdtempSync(join(tmpdir(), 'roster-keys-'));
const fileOf = (text: string) => {
  const file = join(folder, `${Math.random()}.txt`);
  writeFileSync(file, text);
  return file;
};
const adds = (app: string, issuer: string, ...more: string[]) =>
  ops('issuers', 'add', app, '--issuer', issuer, '--audience', 'chat', ...more);

describe('issuers', () => {
  test('an issuer is added with its keys, listed, refreshed, replaced and removed', async () => {
    const added = await adds('shop', provider.issuer, '--audience', 'web,mobile', '--create');
    expect(added).toMatchObject({
      exitCode: 0,
      audiences: ['chat', 'web', 'mobile'],
      user_claim: 'sub',
      create: true,
      jwks: null,
      fixed_keys: false,
      keys: [{ kid: provider.key().kid, kty: 'RSA', alg: 'RS256' }],
      error: null,
    });
    provider.rotate();
    const { issuers: refreshed } = await ops('issuers', 'refresh', 'shop');
    expect(refreshed[0].keys).toEqual([expect.objectContaining({ kid: provider.key().kid })]);
    provider.down(true);
    const failed = await ops('issuers', 'refresh', 'shop', provider.issuer);
    provider.down(false);
    expect(failed).toMatchObject({ exitCode: 1, issuers: [{ error: expect.stringContaining('status 500') }] });
    expect(failed.issuers[0].keys).toEqual(refreshed[0].keys);
    const { stdout } = await opsHere(['issuers', 'list', 'shop']);
    expect(stdout).toMatch(/registers +by discovery +1 .*\n.*failing since .*status 500/);
    expect(await adds('shop', provider.issuer, '--user-claim', 'email')).toMatchObject({ create: false, error: null });
    expect((await ops('issuers', 'list', 'shop')).issuers).toMatchObject([
      { audiences: ['chat'], user_claim: 'email' },
    ]);
    expect(await ops('issuers', 'remove', 'shop', provider.issuer)).toMatchObject({ exitCode: 0, removed: true });
    expect((await ops('issuers', 'remove', 'shop', provider.issuer)).error).toBe(
      'issuer: no such issuer: see issuers list',
    );
    expect((await ops('issuers', 'list', 'shop')).issuers).toEqual([]);
    expect((await ops('issuers', 'list', 'nowhere')).error).toBe('there is no app "nowhere"');
  });

  test('what is wrong with an issuer is said in one sentence, and nothing is added', async () => {
    const { origin, close } = await serve((request, response) => {
      const answers: Record<string, unknown> = {
        '/other/.well-known/openid-configuration': {
          issuer: 'https://other.example',
          jwks_uri: 'https://other.example/k',
        },
        '/bare/.well-known/openid-configuration': { issuer: `${origin}/bare` },
        '/empty': { keys: [] },
        '/oct': { keys: [{ kty: 'oct', k: 'c2VjcmV0' }] },
        '/many': { keys: Array.from({ length: 17 }, () => publicJwk(newKey('EdDSA'))) },
        '/text': 'text',
      };
      const answer = answers[request.url!];
      if (request.url === '/moved') response.writeHead(302, { location: '/empty' }).end();
      else if (request.url === '/large') response.end('x'.repeat(300_000));
      else response.writeHead(answer ? 200 : 404).end(JSON.stringify(answer));
    });
    const down = await nowhere();
    const jwks = (path: string) => [`${origin}/x`, '--jwks', `${origin}/${path}`];
    const key = (text: string) => ['https://a.example', '--key', fileOf(text)];
    const pkcs8 = generateKeyPairSync('ed25519').privateKey;
    const wrong: [args: string[], sentence: string | RegExp][] = [
      [[down], `${down}/.well-known/openid-configuration cannot be reached: ECONNREFUSED`],
      [[`${origin}/other`], /is of another issuer: "https:\/\/other.example"$/],
      [[`${origin}/bare`], /names no jwks_uri$/],
      [[`${origin}/none`], /answers with status 404$/],
      [jwks('empty'), /has no usable key/],
      [jwks('oct'), /has no usable key/],
      [jwks('many'), /too large/],
      [jwks('text'), /does not answer with JSON$/],
      [jwks('moved'), /answers with status 302$/],
      [jwks('large'), /answers with more than 262144 bytes/],
      [[`${origin}/x`, '--jwks', 'https://169.254.169.254/keys'], 'jwks: must lead to a public address'],
      [['http://login.example.com'], 'issuer: must begin with https://'],
      [['login.example.com'], 'issuer: must be a URL of at most 256 ASCII characters'],
      [['https://login.example.com?a=b'], 'issuer: must have neither a query nor a fragment'],
      [key(pkcs8.export({ format: 'pem', type: 'pkcs8' }).toString()), /holds a private key/],
      [key(JSON.stringify(pkcs8.export({ format: 'jwk' }))), /holds a private or secret key/],
      [key('hello'), 'the file is neither PEM nor JSON'],
      [key('-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----'), 'the file holds no public key in PEM'],
      [[...jwks('empty'), '--key', fileOf('x')], '--jwks cannot be combined with --key'],
      [
        ['https://a.example', '--key', fileOf(JSON.stringify(publicJwk(newKey('EdDSA')))), '--audience', 'ü'],
        /^audience: must be/,
      ],
    ];
    for (const [args, sentence] of wrong) {
      const { exitCode, error } = await adds('lab', ...(args as [string]));
      expect([args.join(' '), exitCode]).toEqual([args.join(' '), 1]);
      expect(error).toEqual(typeof sentence === 'string' ? sentence : expect.stringMatching(sentence));
    }
    await close();
    expect((await ops('issuers', 'list', 'lab')).issuers).toEqual([]);
    // On AWS, servers on this machine are out of reach.
    const given = { issuer: provider.issuer, audiences: ['chat'], claim: 'sub', create: false };
    await expect(addIssuer(db(), appId('lab'), given, { loopback: false })).rejects.toThrow(
      'must lead to a public address',
    );
  });

  test('an app has five issuers at most, also when more are added at once; a deleted app leaves none', async () => {
    const key = fileOf(JSON.stringify(publicJwk(newKey('ES256'))));
    const added = await Promise.all(
      Array.from({ length: 7 }, (_, n) =>
        addIssuer(
          db(),
          appId('gone'),
          {
            issuer: `https://${n}.example`,
            audiences: ['a'],
            claim: 'sub',
            create: false,
            keys: readFileSync(key, 'utf8'),
          },
          { loopback: false },
        ).then(
          () => true,
          (error: Error) => error.message,
        ),
      ),
    );
    expect(added.filter((one) => one === true)).toHaveLength(5);
    expect(added.filter((one) => one !== true)).toEqual(
      Array(2).fill('issuer: an app has 5 issuers at most: remove one first'),
    );
    const { issuers: kept } = await ops('issuers', 'list', 'gone');
    expect(kept).toHaveLength(5);
    await ops('apps', 'disable', 'gone');
    await deleteApp({ client: table.client, name: table.name }, appId('gone'));
    for (const { issuer } of kept) expect(await db().read(issuerOf(appId('gone'), issuer))).toBeUndefined();
  });

  test('an issuer that fails for a day is counted once per day, and the doctor names it after an hour', async () => {
    const app = appId('lab');
    await adds('lab', provider.issuer);
    const operators = { client: table.client, name: table.name };
    const run = async () => {
      const view = db();
      await refreshKeys(view, app, () => false, { loopback: true });
      return view.events.issuers_failing ?? 0;
    };
    provider.down(true);
    expect(await run()).toBe(0);
    expect(await checkIssuers(operators)).toMatchObject({ state: 'right' });
    const failing = async (since: number) => {
      const was = (await db().read(issuerOf(app, provider.issuer)))!;
      await db().write([issuers.failed(app, { ...was, failingSince: Date.now() - since }, 'down', Date.now(), false)]);
    };
    await failing(3_700_000);
    expect(await checkIssuers(operators)).toMatchObject({
      state: 'wrong',
      says: expect.stringContaining(provider.issuer),
    });
    expect(await run()).toBe(0);
    await failing(86_500_000);
    expect([await run(), await run()]).toEqual([1, 0]);
    provider.down(false);
    expect(await run()).toBe(0);
    expect(await db().read(issuerOf(app, provider.issuer))).not.toHaveProperty('failingSince');
    // What was fetched before a replacement does not overwrite it.
    const was = (await db().read(issuerOf(app, provider.issuer)))!;
    await adds('lab', provider.issuer, '--create');
    expect(await db().write([issuers.refreshed(app, was, [], Date.now())])).toBe(false);
    expect((await db().read(appOf(app)))?.issuers).toEqual({
      [issuers.issuerHash(provider.issuer)]: expect.any(Number),
    });
  });

  test('only public keys that verify a login are kept, with nothing else', () => {
    const keys = (['RS256', 'ES256', 'EdDSA'] as const).map((alg) => publicJwk(newKey(alg)));
    const others = [
      { ...keys[0], use: 'enc' },
      { ...keys[0], alg: 'RS512' },
      { ...keys[1], key_ops: ['sign'] },
      { ...keys[2], x: 'AAAA' },
      { ...keys[0], n: 'AQAB' },
      null,
      'key',
    ];
    const kept = usableKeys({ keys: [...others, ...keys.map((key) => ({ ...key, x5c: ['…'], x5t: '…' }))] });
    expect(kept).toEqual(keys.map(({ use: _, ...key }) => key));
    expect(keysOfFile(JSON.stringify({ keys }))).toEqual(kept);
  });

  test('identities move with their users: export, import, show', async () => {
    const line = (user_id: number, more: object = {}) =>
      JSON.stringify({ kind: 'user', user_id, username: `user_${user_id}`, ...more });
    const identities = [
      { issuer: 'https://a.example', subject: 'ü|1', created_at: 1_700_000_000_000 },
      { issuer: 'https://b.example', subject: '1', created_at: 1_700_000_000_001 },
    ];
    await createApp(db(), { app: appId('old') });
    await createApp(db(), { app: appId('new') });
    const file = fileOf(`${line(1, { identities })}\n${line(2)}\n`);
    expect(await ops('import', 'old', file)).toMatchObject({ exitCode: 0, written: 2 });
    expect(await ops('import', 'old', file)).toMatchObject({ exitCode: 0, written: 0, there_already: 2 });
    const out = join(folder, 'out.ndjson');
    expect(await ops('export', 'old', out)).toMatchObject({ exitCode: 0, lines: 2 });
    expect(await ops('import', 'new', out)).toMatchObject({ exitCode: 0, written: 2 });
    expect(await db().read(identityOf(appId('new'), identities[0]!))).toMatchObject({ user: 1 });
    expect(await ops('users', 'find', 'new', '1')).toMatchObject({
      identities: identities.map(({ issuer, subject, created_at }) => ({
        issuer,
        subject,
        bound_at: new Date(created_at).toISOString(),
      })),
    });
    const taken = fileOf(`${line(3, { identities: [identities[0]] })}\n`);
    expect(await ops('import', 'new', taken)).toMatchObject({ exitCode: 1, refused: 1 });
    const fewer = fileOf(`${line(1, { identities: [identities[0]] })}\n`);
    expect(await ops('import', 'new', fewer)).toMatchObject({ exitCode: 1, refused: 1 });
    const twice = fileOf(`${line(4, { identities: [identities[0], identities[0]] })}\n`);
    expect(await ops('import', 'old', twice)).toMatchObject({ exitCode: 1, refused: 1 });
  });
});
