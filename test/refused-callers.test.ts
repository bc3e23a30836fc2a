import { beforeAll, expect, test } from 'vitest';
import { forgetCachedApps } from '../shared/call/app-cache.ts';
import { tokenHash } from '../shared/call/token.ts';
import { updateApp } from '../shared/data/app-repo.ts';
import { documentClient } from '../shared/data/client.ts';
import * as schema from '../shared/data/schema.ts';
import { update } from '../shared/data/step.ts';
import { type Operation, routes } from '../shared/routes/index.ts';
import { SCOPES, type Scope } from '../shared/scopes.ts';
import type { Outcome, Request } from './support/api.ts';
import { fillDevice, fillUp, LARGEST } from './support/largest.ts';
import { requestOf, type Scene, setScene } from './support/recipes.ts';
import { Given, type Person } from './support/story.ts';
import { Recorder } from './support/table-recorder.ts';
import { worldInProcess } from './support/world.ts';

const SCOPE_NAMES = Object.keys(SCOPES) as Scope[];
/** The most read units that a call of a caller without rights may cost. */
const MOST = 20;

/** Operations of a group's members, and those of its admins and of its owner; by the ids of their rows. */
const MEMBERS = [
  ...['group/settings', 'group/announcement', 'group/announcement/last', 'group/announcement/list'],
  ...[
    'group/invite',
    'group/member-list',
    'group/changes',
    'group/leave',
    'group/admin-list',
    'group/banned-list',
    'group/display-name',
  ],
  ...[
    'group/members/display-name',
    'group/msg/mute-mode',
    'group/msg/not-disturb',
    'group/msg/push-mode',
    'group/qrcode/sign',
    'group/file',
  ],
  ...['group/file/delete', 'group/file/list', 'group/file/update-name', 'group/file/upload', 'file/upload/chat'],
  'file/download/chat',
];
const ADMINS = [
  ...['name', 'avatar', 'description', 'ext'].map((field) => `group/info/${field}`),
  ...[
    'allow-member-invitation',
    'allow-member-modify',
    'ban-all',
    'enable-read-ack',
    'hide-member-info',
    'history-visible',
  ].map((setting) => `group/settings/${setting}`),
  ...['group/settings/require-admin-approval', 'group/settings/unban-all', 'group/announcement/delete'],
  ...['group/announcement/edit', 'group/apply/handle', 'group/kick', 'group/ban', 'group/unban', 'group/block'],
  ...['group/unblock', 'group/blocked-list', 'file/upload/avatar/group'],
];
const OWNERS = ['group/destroy', 'group/transfer', 'group/admin/add', 'group/admin/remove'];
/** Operations on one group that need no membership. */
const ANYBODY = ['group/info', 'group/apply', 'group/invite/handle'];

let scene: Scene;
let recorder: Recorder;
/** An expired session of alice, and an admin token of another app. */
let expired: Person;
let foreign: string;

beforeAll(async () => {
  const world = await worldInProcess();
  const given = await Given.app(world);
  scene = await setScene(given);
  // So that calls with the Idempotency-Key have a stored answer.
  for (const id of ['group/create', 'group/announcement/edit', 'group/file/upload', 'user/register/batch']) {
    const route = routes.find((row) => row.id === id)!;
    expect((await call(route, {})).outcome, id).toBe('success');
  }
  await fillUp(scene);
  expired = await given.session({ user: scene.alice.id, username: scene.alice.username });
  await given.db.write([update(schema.device.key(given.app, expired.id, expired.device), { set: { expiresAt: 1 } })]);
  await fillDevice(given, expired);
  ({ adminToken: foreign } = await given.otherApp());
  recorder = new Recorder(documentClient(), world.table);
});

/** The row's call with its largest parameters, by another caller. */
function call(route: Operation, headers: Pick<Request, 'app' | 'token' | 'user' | 'group'>) {
  const { method, path, request } = requestOf(route, scene);
  const most = LARGEST[route.id] ?? {};
  return scene.given.api.call(method, path, {
    ...request,
    ...headers,
    ...(request.query && { query: { ...request.query, ...most } }),
    ...(request.body !== undefined && { body: { ...(request.body as object), ...most } }),
    headers: { 'idempotency-key': 'a key' },
  });
}

/** Makes the calls of rows. @returns those that had another answer, cost more or wrote something */
async function refuse(
  rows: readonly Operation[],
  expected: Outcome | ((route: Operation) => Outcome),
  headers: Pick<Request, 'app' | 'token' | 'user' | 'group'>,
): Promise<string[]> {
  const wrong: string[] = [];
  for (const route of rows) {
    // A cached app record would cost one unit less.
    forgetCachedApps();
    const { answer, units } = await recorder.record(() => call(route, headers));
    const { read_units, write_units } = answer.log!;
    const outcome = typeof expected === 'string' ? expected : expected(route);
    const said = `${route.id}: ${answer.outcome} ${answer.body.message}, ${units.read} read, ${units.write} written`;
    const cheap = units.read <= MOST && read_units <= MOST && units.write + write_units === 0;
    if (answer.outcome !== outcome || !cheap) wrong.push(said);
    await recorder.restore();
  }
  return wrong;
}

const named = (ids: readonly string[]) => routes.filter(({ id }) => ids.includes(id));
const ofActors = routes.filter(({ access }) => access !== 'public');

test('every operation on one group is in one of the lists of this file', () => {
  const onGroups = routes.filter(
    // Of events, the group is only a filter.
    ({ request, access }) =>
      access !== 'admin' && 'group_id' in ((request()._zod.def as { shape?: object }).shape ?? {}),
  );
  expect(onGroups.length).toBeGreaterThan(40);
  const lists = [...MEMBERS, ...ADMINS, ...OWNERS, ...ANYBODY];
  expect(onGroups.filter(({ id }) => lists.filter((one) => one === id).length !== 1).map(({ id }) => id)).toEqual([]);
});

test('every operation that this file names exists', () => {
  const unknown = [...Object.keys(LARGEST), ...MEMBERS, ...ADMINS, ...OWNERS].filter((id) => !named([id]).length);
  expect(unknown).toEqual([]);
});

test('a caller with an expired session reads at most 20 units and writes none (loginAgain)', async () => {
  expect(await refuse(ofActors, 'loginAgain', { token: expired.token, user: undefined })).toEqual([]);
});

test('a caller with a revoked admin token reads at most 20 units and writes none (loginAgain)', async () => {
  const { given, alice, group } = scene;
  const { adminToken } = given;
  const key = schema.adminToken.key(given.app, tokenHash(adminToken));
  await given.db.write([update(key, { set: { revoked: 1 } })]);
  expect(await refuse(ofActors, 'loginAgain', { token: adminToken, user: alice.id })).toEqual([]);
  expect(await refuse(ofActors, 'loginAgain', { token: adminToken, user: undefined, group })).toEqual([]);
  await given.db.write([update(key, { set: { revoked: undefined } })]);
});

test('decisions read all at once for a genuine admin token alone, even if it was revoked', async () => {
  const { given, carol } = scene;
  const key = schema.adminToken.key(given.app, tokenHash(given.adminToken));
  const [route] = named(['access/check']) as [Operation];
  const costs = async (token: string) => {
    // So that this instance knows the app.
    expect((await call(route, {})).outcome).toBe('success');
    const { answer, units } = await recorder.record(() => call(route, { token, user: undefined }));
    await recorder.restore();
    return [answer.outcome, units.read > MOST, answer.log!.trips];
  };
  expect(await costs(given.adminToken)).toEqual(['success', true, 1]);
  expect(await costs(carol.token)).toEqual(['noPermission', false, 1]);
  expect(await costs(foreign)).toEqual(['badToken', false, 0]);
  await given.db.write([update(key, { set: { revoked: 1 } })]);
  const { answer, units } = await recorder.record(() => call(route, { token: given.adminToken, user: undefined }));
  await given.db.write([update(key, { set: { revoked: undefined } })]);
  expect(answer.outcome).toBe('loginAgain');
  // A token, and at most four items for each of a hundred users.
  expect(units.read).toBeLessThanOrEqual(401);
});

test('an admin token with every scope but the needed one reads at most 20 units and writes none (scopeMissing)', async () => {
  const { given, alice } = scene;
  const { adminToken: token } = given;
  const key = schema.adminToken.key(given.app, tokenHash(token));
  const have = (scopes: Scope[] | undefined) => given.db.write([update(key, { set: { scopes } })]);
  const byAdmin = ({ access }: Operation) => ({
    token,
    user: access === 'person' || access === 'admin as person' ? alice.id : undefined,
  });
  const wrong: string[] = [];
  for (const scope of SCOPE_NAMES) {
    const rows = ofActors.filter((row) => row.scope === scope);
    expect(rows.length, scope).toBeGreaterThan(0);
    await have(SCOPE_NAMES.filter((name) => name !== scope));
    for (const row of rows) wrong.push(...(await refuse([row], 'scopeMissing', byAdmin(row))));
    expect((await call(rows[0]!, byAdmin(rows[0]!))).body.message).toContain(`lacks the scope "${scope}"`);
    // With this scope alone it gets further.
    await have([scope]);
    for (const row of [...rows, ...named(['token/self'])]) {
      const { method, path, request } = requestOf(row, scene);
      const { answer } = await recorder.record(() => given.api.call(method, path, { ...request, ...byAdmin(row) }));
      if (answer.outcome === 'scopeMissing' || answer.status >= 500) wrong.push(`${row.id}: ${answer.body.message}`);
      await recorder.restore();
    }
  }
  await have(undefined);
  expect(wrong).toEqual([]);
});

test('a caller with a token of another app reads at most 20 units and writes none (badToken)', async () => {
  expect(await refuse(ofActors, 'badToken', { token: foreign, user: scene.alice.id })).toEqual([]);
});

test('a user who calls an operation for admins reads at most 20 units and writes none (noPermission)', async () => {
  const { alice } = scene;
  const rows = routes.filter(({ access }) => access === 'admin' || access === 'admin as person');
  expect(rows.length).toBeGreaterThan(5);
  expect(await refuse(rows, 'noPermission', { token: alice.token, user: undefined })).toEqual([]);
  // A user token may not name another user either.
  expect(await refuse(ofActors, 'noPermission', { token: alice.token, user: scene.bob.id })).toEqual([]);
});

test('an admin token with an unknown user_id reads at most 20 units and writes none (userMissing)', async () => {
  const headers = { token: scene.given.adminToken, user: 2_100_000_000 };
  expect(await refuse(ofActors, 'userMissing', headers)).toEqual([]);
});

test('a caller of a disabled app reads at most 20 units and writes none (appDisabled)', async () => {
  const { given } = scene;
  await given.db.write([updateApp(given.app, { status: 'disabled' })]);
  expect(await refuse(routes, 'appDisabled', {})).toEqual([]);
  await given.db.write([updateApp(given.app, { status: 'active' })]);
});

test('a user who is not a member of the group reads at most 20 units and writes none (needsMember)', async () => {
  const { token } = scene.dave;
  expect(await refuse(named([...MEMBERS, ...ADMINS, ...OWNERS]), 'needsMember', { token, user: undefined })).toEqual(
    [],
  );
});

test('a member without the right reads at most 20 units and writes none (needsAdmin, needsOwner)', async () => {
  const { token } = scene.carol;
  expect(await refuse(named(ADMINS), 'needsAdmin', { token, user: undefined })).toEqual([]);
  expect(await refuse(named(OWNERS), 'needsOwner', { token, user: undefined })).toEqual([]);
});

test('a caller with the right gets a whole long list, mostly in two round trips', async () => {
  const { alice, carol } = scene;
  const lists: [id: string, who: Person, entries: number, trips: number][] = [
    // Ten members of the scene, and the banned one.
    ['group/member-list', carol, 310, 2],
    ['group/changes', carol, 1000, 2],
    ['group/banned-list', carol, 301, 2],
    ['group/blocked-list', alice, 601, 2],
    ['group/admin-list', carol, 301, 2],
    ['group/members/display-name', carol, 300, 2],
    ['group/announcement/list', carol, 100, 3],
    // Of 600 groups, 25 at a time.
    ['group/application-list', alice, 0, 26],
    ['group/user-joined', alice, 602, 2],
    ['group/info/batch', alice, 600, 2],
    ['group/public-list', carol, 1000, 2],
    ['group/file/list', carol, 62, 2],
    ['user/device/list', alice, 21, 2],
    ['roster/list/ids', alice, 40, 1],
    ['roster/blocked-list', alice, 600, 2],
    ['roster/apply/list', alice, 40, 2],
    // The third one brings what alice keeps about these friends.
    ['roster/list/details', alice, 40, 3],
  ];
  const found: typeof lists = [];
  for (const [id, who] of lists) {
    const { body, log } = await call(named([id])[0]!, { token: who.token, user: undefined });
    found.push([id, who, body.data?.length, log!.trips]);
  }
  expect(found.map(([id, , entries, trips]) => [id, entries, trips])).toEqual(
    lists.map(([id, , entries, trips]) => [id, entries, trips]),
  );
});
