import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import {
  ApiError,
  entries,
  type RosterEvent,
  rosterClient,
  TooManyCalls,
  TransportError,
} from '../../client/roster.ts';
import { eventSchema } from '../../shared/events/catalogue.ts';
import { serve } from '../support/server.ts';
import { laptopStack } from '../support/stack.ts';
import { Given } from '../support/story.ts';
import { world } from '../support/world.ts';

const root = resolve(import.meta.dirname, '../..');
const stack = await laptopStack();
const { api_endpoint: endpoint } = stack;

test('the example of docs/client.md runs against the laptop stack', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'roster-client-'));
  try {
    const file = join(folder, 'stack.json');
    await writeFile(file, JSON.stringify(stack));
    const { stdout } = await promisify(execFile)(process.execPath, ['client/example.ts', file], { cwd: root });
    expect(stdout).toMatch(
      /^bob joined: success\nmember \d+ since .*\nmember \d+ since .*\nownerCannotLeave \(20004\): /,
    );
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('the client reads a list page by page, acts for the app, and throws API errors by name', async () => {
  const given = await Given.app(await world('over HTTP'));
  const [alice, ...members] = await given.users(4);
  const group_id = await given.group(alice!, { members });
  const app = rosterClient({ endpoint, app: given.app, token: given.adminToken });
  const asAlice = app.with({ user: alice!.id });

  const seen: number[] = [];
  for await (const { user_id } of entries(asAlice.group.memberList, { group_id, limit: 2 })) seen.push(user_id);
  expect(seen).toEqual([alice!, ...members].map(({ id }) => id));
  const { data, total } = await app.group.memberList({ group_id });
  expect([data.length, total]).toEqual([4, 4]);

  await asAlice.user.private({ theme: 'dark' });
  expect((await asAlice.user.profileGet()).private_info).toBe('{"theme":"dark"}');
  const error = await asAlice.group.leave({ group_id }).catch((thrown) => thrown);
  expect(error).toBeInstanceOf(ApiError);
  expect([error.name, error.code]).toEqual(['ownerCannotLeave', 20004]);
  expect([error.is('ownerCannotLeave'), error.is('needsOwner')]).toEqual([true, false]);
});

test('the client repeats calls that are answered 503, and gives up after its retries', async () => {
  let calls = 0;
  const { origin, close } = await serve((_, response) => {
    calls++;
    response.writeHead(503, { 'retry-after': '0' }).end('{"code":20000,"message":"busy","data":null}');
  });
  const client = rosterClient({ endpoint: origin, app: 'demo', token: 't', retries: 2 });
  const failed = await client.group.userJoined().catch((error) => error);
  await close();
  expect(failed).toBeInstanceOf(TransportError);
  expect([failed.status, calls]).toEqual([503, 3]);
});

test('the client waits where a limit is used up only as long as it is told to', async () => {
  let calls = 0;
  const { origin, close } = await serve((_, response) => {
    const held = ++calls % 2 === 1;
    response
      .writeHead(200, held ? { 'retry-after': '1' } : {})
      .end(held ? '{"code":10429,"message":"too many","data":null}' : '{"code":200,"message":null,"data":[1]}');
  });
  const client = rosterClient({ endpoint: origin, app: 'demo', token: 't' });
  const error = await client.group.userJoined().catch((thrown) => thrown);
  expect(error).toBeInstanceOf(TooManyCalls);
  expect([error.name, error.retryAfter, calls]).toEqual(['tooManyCalls', 1, 1]);
  calls = 0;
  expect(await client.with({ patience: 1 }).group.userJoined()).toEqual([1]);
  await close();
  expect(calls).toBe(2);
});

test('the client tells who did what as it happens, and goes on after its cursor', async () => {
  const given = await Given.app(await world('over HTTP'));
  const app = rosterClient({ endpoint, app: given.app, token: given.adminToken });
  const [alice, bob] = await given.users(2);
  const group_id = await given.group(alice!, { members: [] });
  const asAlice = app.with({ user: alice!.id });
  let kept: string | undefined;
  const store = {
    load: () => kept,
    save: (cursor: string) => {
      kept = cursor;
    },
  };
  /** Reads until there are so many. */
  const read = async (count: number) => {
    const seen: RosterEvent<'group.member.added' | 'group.member.removed'>[] = [];
    const control = new AbortController();
    const given = { types: ['group.member.added', 'group.member.removed'], user_id: bob!.id, store } as const;
    for await (const event of app.events({ ...given, signal: control.signal })) {
      expect(eventSchema(event.type).safeParse(event).error).toBeUndefined();
      if (seen.push(event) === count) control.abort();
    }
    return seen;
  };
  const reading = read(2);
  await asAlice.group.invite({ group_id, user_list: [bob!.id] });
  await asAlice.group.kick({ group_id, user_list: [bob!.id] });
  const by = { authtype: 'app_as_user', authid: String(alice!.id), subject: `group/${group_id}/member/${bob!.id}` };
  expect(await reading).toMatchObject([
    { ...by, type: 'group.member.added', data: { via: 'invited', by: alice!.id, count: 2 } },
    { ...by, type: 'group.member.removed', data: { reason: 'kicked', count: 1 } },
  ]);
  await app.with({ user: bob!.id }).group.apply({ group_id, reason: 'again' });
  await asAlice.group.applyHandle({ group_id, user_id: bob!.id, approval: true });
  expect(await read(1)).toMatchObject([{ ...by, type: 'group.member.added', data: { via: 'application' } }]);
});
