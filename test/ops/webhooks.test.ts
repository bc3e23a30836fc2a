import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { viewOf } from '../../shared/data/operator-queries.ts';
import { endpointsOf } from '../../shared/data/webhook-repo.ts';
import { relay } from '../../shared/domain/event/relay.ts';
import { factOf, recordOf } from '../support/feed.ts';
import { type ReceivedWebhook, startReceiver } from '../support/messaging.ts';
import { Given } from '../support/story.ts';
import { testMessaging, worldInProcess } from '../support/world.ts';
import { opsHere, stackFolder } from './command-line.ts';

const world = await worldInProcess();

const project = process.cwd();
beforeAll(() => {
  const { AWS_ENDPOINT_URL_DYNAMODB: database, AWS_ENDPOINT_URL_SQS: sqs } = process.env;
  process.chdir(stackFolder(database!, world.table.name, undefined, sqs));
});
afterAll(() => process.chdir(project));

// biome-ignore lint/suspicious/noExplicitAny: what the command line prints is looked at field by field
async function webhooks(...args: string[]): Promise<any> {
  const { exitCode, stdout, stderr } = await opsHere(['webhooks', ...args, '--json']);
  expect({ exitCode, stdout, stderr }).toMatchObject({ exitCode: 0 });
  return JSON.parse(stdout);
}
async function refused(...args: string[]): Promise<string> {
  const { exitCode, stdout } = await opsHere(['webhooks', ...args, '--json']);
  expect(exitCode).toBe(1);
  return JSON.parse(stdout).error;
}
const text = async (...args: string[]) => (await opsHere(['webhooks', ...args])).stdout;

/** Appends events of a group to the log of the app. */
async function happened({ app, db }: Given, count: number): Promise<void> {
  const records = Array.from({ length: count }, (_, until) =>
    recordOf(`G#${app}#77`, factOf(app, 'group.silenced', { group_id: 77, until })),
  );
  await relay(db.beside(), app, records);
}

describe('ops webhooks', () => {
  it('makes, lists, changes, rotates and deletes endpoints as the API does', async () => {
    const given = await Given.app(world);
    const { app } = given;
    const url = 'https://1.1.1.1/hooks';
    const made = await webhooks('create', app, url, '--types', 'group.*,user.created', '--description', 'search');
    expect(made).toMatchObject({ url, types: ['group.*', 'user.created'], description: 'search', enabled: true });
    expect(made.secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    const { secret, ...endpoint } = made;
    expect(await webhooks('list', app)).toEqual({ app_id: app, endpoints: [endpoint] });
    expect(await given.admin().does('GET /event/endpoint/list')).toEqual([endpoint]);
    const id = made.endpoint_id;
    expect(await webhooks('update', app, id, '--types', '', '--group', '77', '--disable')).toMatchObject({
      types: [],
      group_id: 77,
      description: 'search',
      enabled: false,
    });
    expect(await text('list', app)).toMatch(new RegExp(`${id} +disabled +all types +group 77 +- +${url} +search`));
    expect((await webhooks('update', app, id, '--enable')).enabled).toBe(true);
    const rotated = await webhooks('rotate', app, id, '--keep', '2h');
    expect(rotated.secret).not.toBe(secret);
    expect(rotated.previous_expires_at - Date.now() / 1000).toBeLessThanOrEqual(7200);
    expect(await webhooks('delete', app, id)).toEqual({ endpoint_id: id, deleted: true });
    expect(await text('list', app)).toBe(`App ${app} has no endpoints.\n`);
  });

  it('sends tests and events again, and lists the attempts', async () => {
    const given = await Given.app(world);
    const { app } = given;
    await happened(given, 150);
    const failing = (request: ReceivedWebhook) =>
      request.body.includes('"until":7}') && received.length < 160 ? { status: 410 } : undefined;
    const { url, received, close } = await startReceiver(failing);
    const { endpoint_id: id } = await webhooks('create', app, url);
    const deliverAll = async () => {
      while ((await testMessaging().deliver()) > 0);
    };
    const { event_id } = await webhooks('test', app, id);
    await deliverAll();
    expect(received.map(({ headers }) => headers['webhook-id'])).toEqual([event_id]);
    // More than one call of the API sends.
    expect(await webhooks('redeliver', app, id, '--from', '9', '--to', '140')).toEqual({ endpoint_id: id, sent: 132 });
    await deliverAll();
    expect(received.slice(1).map(({ body }) => Number(JSON.parse(body).sequence))).toEqual(
      Array.from({ length: 132 }, (_, index) => index + 9),
    );
    expect(await webhooks('redeliver', app, id, '--sequence', '8')).toEqual({ endpoint_id: id, sent: 1 });
    await deliverAll();
    expect(await text('list', app)).toContain('disabled: gone');
    const { attempts } = await webhooks('deliveries', app, id, '--limit', '2');
    expect(attempts).toMatchObject([
      { sequence: '0000000000000008', status: 410 },
      { sequence: '0000000000000140', status: 204 },
    ]);
    expect(await text('deliveries', app, id)).toMatch(/0000000000000008 +group.silenced +1 +failed +410/);
    expect(await refused('redeliver', app, id, '--failed')).toContain('enable it first');
    await webhooks('update', app, id, '--enable');
    const replayed = await opsHere(['events', 'replay', app, '--endpoint', id, '--from', '139', '--to', '140']);
    expect(replayed).toMatchObject({
      exitCode: 0,
      stderr: expect.stringContaining(`2 events are on their way to ${id}`),
    });
    await deliverAll();
    expect(received.slice(-2).map(({ body }) => Number(JSON.parse(body).sequence))).toEqual([139, 140]);
    received.push(...Array.from({ length: 40 }, () => received[0]!));
    expect(await webhooks('redeliver', app, id, '--failed')).toEqual({ endpoint_id: id, sent: 1 });
    await deliverAll();
    expect(JSON.parse(received.at(-1)!.body).sequence).toBe('0000000000000008');
    await close();
  });

  it('says what is wrong in one sentence', async () => {
    const { app } = await Given.app(world);
    const id = '0123456789abcdef';
    expect(await refused('list', 'nowhere')).toBe('there is no app "nowhere"');
    expect(await refused('create', app, 'https://10.0.0.1/')).toBe('url: must lead to a public address');
    expect(await refused('create', app, 'https://1.1.1.1/', '--types', 'group.closed')).toContain(
      'is no type of events',
    );
    expect(await refused('update', app, 'abc', '--enable')).toContain('16 hexadecimal digits');
    expect(await refused('update', app, id, '--enable', '--disable')).toContain('cannot be combined');
    expect(await refused('delete', app, id)).toBe('endpoint_id: no such endpoint');
    expect(await refused('redeliver', app, id)).toBe('give --sequence, --from or --failed');
    expect(await refused('rotate', app, id, '--keep', '8d')).toContain('7 days');
  });

  it('a deleted app leaves no endpoint behind', async () => {
    const given = await Given.app(world);
    await webhooks('create', given.app, 'https://1.1.1.1/');
    expect((await opsHere(['apps', 'disable', given.app])).exitCode).toBe(0);
    expect((await opsHere(['apps', 'delete', given.app, '--yes'])).exitCode).toBe(0);
    expect(await viewOf(world.table).read(endpointsOf(given.app))).toEqual([]);
  });
});
