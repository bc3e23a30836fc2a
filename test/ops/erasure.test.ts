import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { countBound, putIdentity } from '../../shared/data/identity-repo.ts';
import { indexedName, type Key } from '../../shared/data/keys.ts';
import { type EventPage, entriesOf } from '../../shared/data/log-repo.ts';
import { type OperatorTable, viewOf } from '../../shared/data/operator-queries.ts';
import type { Item } from '../../shared/data/read.ts';
import { putDelivery } from '../../shared/data/webhook-repo.ts';
import { changeApp, deleteApp } from '../../shared/domain/app/apps.ts';
import { eraseApp } from '../../shared/domain/app/erase-app.ts';
import { eraseUser } from '../../shared/domain/app/erase-user.ts';
import type { Erased, EraseProgress } from '../../shared/domain/app/erasure.ts';
import { archivedEvents, eventHistory } from '../../shared/domain/app/event-history.ts';
import { archiveEvents } from '../../shared/domain/event/archive.ts';
import type { AppId } from '../../shared/ids.ts';
import { type OperatorBucket, objectsBelow, prefixesOf } from '../../shared/storage/operator-object-repo.ts';
import { newTable, putAll } from '../support/database.ts';
import { eventsAreTold, relayed } from '../support/events.ts';
import { arrivedAt, type Form, postForm, share } from '../support/files.ts';
import { itemsOf, problems } from '../support/invariants.ts';
import { Given, type Person } from '../support/story.ts';
import { watched } from '../support/watched-client.ts';
import { worldInProcess } from '../support/world.ts';
import { opsHere, stackFolder } from './command-line.ts';

const world = await worldInProcess();
const { table, bucket } = world;

const project = process.cwd();
let folder: string;
beforeAll(() => {
  const s3 = { endpoint: process.env.AWS_ENDPOINT_URL_S3!, name: bucket.name };
  folder = stackFolder(process.env.AWS_ENDPOINT_URL_DYNAMODB!, table.name, s3);
  process.chdir(folder);
});
afterAll(() => process.chdir(project));

// biome-ignore lint/suspicious/noExplicitAny: what the command line prints is looked at field by field
async function ops(...args: string[]): Promise<any> {
  const { exitCode, stdout, stderr } = await opsHere([...args, '--json']);
  expect({ exitCode, stdout, stderr }).toMatchObject({ exitCode: 0 });
  return JSON.parse(stdout);
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

/** An app in which one user has left a trace of every kind. */
async function aWorld() {
  const given = await Given.app(world);
  await eventsAreTold(given);
  const [gone, alice, bob, carol] = (await given.users(4)) as [Person, Person, Person, Person];
  const eve = await given.user('eve', { confirm: true });
  // What is stored about the user.
  await gone.does('PUT /user/profile', { nick_name: 'Gone Girl', description: 'me' });
  await gone.does('PUT /user/settings', { user_id: gone.id, vibratory: true });
  await gone.does('PUT /user/mobile', { mobile: `+49${gone.id}` });
  await gone.does('POST /user/push/tag', { tags: ['morning'] });
  await gone.does('PUT /user/token/bind', {
    device_sn: gone.device,
    device_token: `push-${gone.username}`,
    notifier_name: 'apns',
  });
  await given.nobody.asks('POST /token/user', { name: gone.username, password: 'wrong password' });
  const identity = { issuer: 'https://login.example.org', subject: `subject-${gone.username}` };
  await given.db.write([...putIdentity(given.app, gone.id, identity, Date.now()), countBound(given.app, gone.id)]);
  const form: Form = await gone.does('GET /file/upload/avatar/user');
  expect(await postForm(form, 'picture')).toBe(200);
  await arrivedAt(given, form.oss_body_param.key!);
  await gone.does('POST /user/avatar', { avatar: form.download_url });
  // Friends, requests, and blocks both ways.
  await gone.does('POST /roster/apply', { user_id: alice.id, alias: 'Al' });
  await alice.does('POST /roster/ext', { user_id: gone.id, ext: 'a note of alice' });
  await eve.does('PUT /user/authmode', { value: 1 });
  await gone.does('POST /roster/apply', { user_id: eve.id, reason: 'please' });
  await gone.does('POST /roster/block', { user_id: bob.id });
  await carol.does('POST /roster/block', { user_id: gone.id });
  // Groups.
  const owned = await given.group(gone, { members: [alice], admins: [bob] });
  const alone = await given.group(gone);
  const joined = await given.group(alice, { admins: [gone], members: [bob], approval: 1 });
  const left = await given.group(alice, { members: [gone] });
  const blocked = await given.group(alice, { members: [gone], name: groupNamed(gone.username) });
  const applied = await given.group(alice, { approval: 1 });
  await gone.does('POST /group/info/name', { group_id: joined, value: 'Named by another' });
  await gone.does('POST /group/announcement/edit', { group_id: joined, title: 'First', content: 'deleted later' });
  await gone.does('POST /group/announcement/edit', { group_id: joined, title: 'Second', content: 'stays' });
  await alice.does('POST /group/announcement/delete', { group_id: joined, announcement_id: 1 });
  await share(given, gone, joined, { name: 'plan.txt' });
  await gone.does('POST /group/file/upload', { group_id: joined, name: 'reserved', size: 3, type: 'text/plain' });
  await carol.does('POST /group/apply', { group_id: joined, reason: 'me too' });
  await gone.does('POST /group/apply/handle', { group_id: joined, user_id: carol.id, approval: true });
  await gone.does('POST /group/invite', { group_id: joined, user_list: [eve.id], reason: 'come' });
  await alice.does('POST /group/ban', { group_id: left, duration: 60, user_list: [gone.id] });
  await gone.does('POST /group/leave', { group_id: left });
  await alice.does('POST /group/block', { group_id: blocked, user_list: [gone.id] });
  await gone.does('POST /group/apply', { group_id: applied, reason: 'let me in' });
  await gone.does('POST /group/settings/allow_member_modify', { group_id: owned, value: true });
  const headers = { 'idempotency-key': 'once' };
  const body = { group_id: joined, title: 'Third', content: 'by a repeated call' };
  await gone.api.call('POST', '/group/announcement/edit', { ...gone.headers, body, headers });
  const hook = await given.admin().does('POST /event/endpoint/create', { url: 'https://example.org/hook' });
  await relayed(given);
  const [event] = await all(eventHistory(table, () => bucket, given.app));
  const failed = {
    attempts: 3,
    failed: JSON.stringify({ ...event, data: { user_id: gone.id, username: gone.username } }),
  };
  await given.db.write([putDelivery(given.app, hook.endpoint_id, 1, failed, Date.now() + 86_400_000)]);
  await archiveEvents(viewOf(table), Date.now() + 2 * 3_600_000, () => false);
  return { given, gone, alice, bob, carol, eve, owned, alone, joined, left, blocked, applied };
}

/** Another app with the same users and groups, ids and all. It has no feed, so that the relay adds nothing. */
async function twin(given: Given): Promise<string> {
  const app = `x${given.app}`;
  const items = (await itemsOf(table, given.app)).map((item) => {
    const text = JSON.stringify(item).replaceAll(given.app, app);
    const copy = JSON.parse(text);
    return copy.secret === undefined ? copy : { ...copy, limits: { event_days: 0 } };
  });
  await putAll(table, items);
  return app;
}

/** Whatever the items of an app say, events and all, but for what a receipt lists as remaining. */
async function everything(of: OperatorTable, app: string): Promise<string[]> {
  return (await itemsOf(of, app))
    .map((item) =>
      typeof item.events === 'string' ? { ...item, events: entriesOf(item as unknown as EventPage) } : item,
    )
    .map((item) => JSON.stringify(item));
}

/**
 * What still names the user, but for what a receipt lists as remaining, found by a look at every digit: ids are random,
 * so none is another number by chance. The name of a group is a text of somebody else.
 */
async function left(of: OperatorTable, app: AppId, { id, username }: Person): Promise<string[]> {
  const named = new RegExp(`(?<![0-9])${id}(?![0-9])|${username}|push-`);
  const inIndex = indexedName(groupNamed(username));
  const found: string[] = [];
  for (const item of await itemsOf(of, app)) {
    if ((item.pk === `U#${app}#${id}` && item.sk === '#') || item.pk === `H#U#${app}#${id}`) continue;
    const events = typeof item.events === 'string' && entriesOf(item as unknown as EventPage);
    found.push(JSON.stringify({ ...item, ...(events && { events }) }));
  }
  for await (const event of archivedEvents(bucket, app)) found.push(JSON.stringify(event));
  return found.filter((text) => named.test(text.replaceAll(groupNamed(username), '').replaceAll(inIndex, '')));
}
const groupNamed = (username: string) => `a group of ${username} here`;

type Scene = Awaited<ReturnType<typeof aWorld>>;
let scene: Scene;
let other: string;
/** The table and the bucket as they were before anything was erased. */
let before: { at: number; items: (Item & Key)[]; objects: { Key: string; Body: Uint8Array; ContentType?: string }[] };
beforeAll(async () => {
  scene = await aWorld();
  other = await twin(scene.given);
  const objects: typeof before.objects = [];
  for (const prefix of prefixesOf(scene.given.app))
    for await (const { key: Key } of objectsBelow(bucket, prefix)) {
      const { Body, ContentType } = await bucket.client.send(new GetObjectCommand({ Bucket: bucket.name, Key }));
      objects.push({ Key, Body: await Body!.transformToByteArray(), ...(ContentType && { ContentType }) });
    }
  before = {
    at: Date.now(),
    items: [...(await itemsOf(table, scene.given.app)), ...(await itemsOf(table, other))],
    objects,
  };
});

/** A table of its own with everything, and the bucket as it was. No relay works on it, so it has no feed. */
async function aCopy(): Promise<OperatorTable> {
  const copy = await newTable();
  const { app } = scene.given;
  await putAll(
    copy,
    before.items.map((item) =>
      item.pk === `A#${app}` && item.sk === '#' ? { ...item, limits: { event_days: 0 } } : item,
    ),
  );
  await restoreBucket();
  return copy;
}
async function restoreBucket(): Promise<void> {
  for (const object of before.objects)
    await bucket.client.send(new PutObjectCommand({ Bucket: bucket.name, ...object }));
}

class Killed extends Error {}
/** A client that dies with the whole command after so many requests. */
const mortal = <C extends { send: object }>(client: C, life: { left: number }): C =>
  watched(client, async (_, send) => {
    if (life.left-- <= 0) throw new Killed('killed');
    return send();
  });

type Work = (table: OperatorTable, bucket: OperatorBucket) => AsyncGenerator<EraseProgress, Erased>;
async function toEnd(steps: AsyncGenerator<EraseProgress, Erased>): Promise<Erased> {
  for (;;) {
    const { done, value } = await steps.next();
    if (!done) continue;
    await value.close();
    return value;
  }
}

/** Runs it until it ends. It is killed after `stride` requests, then after twice as many, and so on. */
async function againAndAgain(
  of: OperatorTable,
  work: Work,
  stride: number,
): Promise<{ erased: Erased; kills: number }> {
  for (let kills = 0; ; kills++) {
    const life = { left: stride * (kills + 1) };
    const mortalBucket = { name: bucket.name, client: mortal(bucket.client, life) };
    try {
      const erased = await toEnd(work({ name: of.name, client: mortal(of.client, life) }, mortalBucket));
      return { erased, kills };
    } catch (error) {
      if (!(error instanceof Killed)) throw error;
    }
  }
}

/** What a table holds, without stamps, and without the times of the erasure itself. */
const timeless = async (of: OperatorTable, app: string) =>
  (await itemsOf(of, app))
    .map(({ stamp, ttl, revision, ...item }) => JSON.stringify(Object.entries(item).sort()))
    .map((text) => text.replaceAll(/\d{13}/g, (time) => (Number(time) > before.at ? 'later' : time)))
    .sort();

const FAST = { rate: 1e6, settle: 0 };

describe('an erasure that is killed and run again', () => {
  afterAll(restoreBucket);

  it('of a user ends as one that is not, and leaves others as they were', async () => {
    const { given, gone } = scene;
    const { app } = given;
    const work: Work = (of, at) => eraseUser(of, at, app, gone.id, FAST);
    const calm = await aCopy();
    await toEnd(work(calm, bucket));
    expect(await left(calm, app, gone)).toEqual([]);
    const wanted = await timeless(calm, app);
    for (const stride of [7, 19]) {
      const copy = await aCopy();
      const { kills } = await againAndAgain(copy, work, stride);
      expect(kills).toBeGreaterThan(1);
      expect(await left(copy, app, gone)).toEqual([]);
      expect(await timeless(copy, app)).toEqual(wanted);
      expect(await timeless(copy, other)).toEqual(await timeless(calm, other));
    }
  });

  it('of an app leaves its tombstone alone, and other apps as they were', async () => {
    const { app } = scene.given;
    const work: Work = (of, at) => eraseApp(of, at, app, FAST);
    for (const stride of [9, 25]) {
      const copy = await aCopy();
      const ofOthers = await everything(copy, other);
      await expect(toEnd(work(copy, bucket))).rejects.toThrow('is not deleted');
      await changeApp(viewOf(copy), app, () => ({ status: 'disabled' }));
      await deleteApp(copy, app);
      const { erased, kills } = await againAndAgain(copy, work, stride);
      expect(kills).toBeGreaterThan(1);
      const items = await itemsOf(copy, app);
      expect(items).toEqual([expect.objectContaining({ pk: `A#${app}`, sk: '#', status: 'deleted' })]);
      for (const prefix of prefixesOf(app)) expect(await all(objectsBelow(bucket, prefix))).toEqual([]);
      expect(await everything(copy, other)).toEqual(ofOthers);
      expect(erased.signed.receipt).toMatchObject({ what: 'app erased', found: 0 });
      // A run that was killed may not have noted its last hundred changes.
      expect(Object.values(erased.signed.receipt.removed).reduce((sum, count) => sum + count, 0)).toBeGreaterThan(10);
    }
  });
});

describe('users export', () => {
  it('writes what is stored about the user, and no secret', async () => {
    const { given, gone, alice, bob, carol, joined } = scene;
    const at = join(folder, 'person');
    const manifest = await ops('users', 'export', given.app, String(gone.id), '--output', at, '--yes');
    expect(manifest).toMatchObject({ format: 'roster-person/1', user_id: gone.id, events: expect.any(Number) });
    const lines = (file: string) =>
      readFileSync(join(at, file), 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
    expect(lines('records/profile.ndjson')).toEqual([expect.objectContaining({ nick_name: 'Gone Girl' })]);
    expect(lines('records/tags.ndjson')).toEqual([{ kind: 'tags', user: gone.id, tags: ['morning'] }]);
    expect(lines('records/user-identity.ndjson')).toEqual([
      expect.objectContaining({ issuer: 'https://login.example.org', subject: `subject-${gone.username}` }),
    ]);
    expect(lines('records/group-membership.ndjson')).toContainEqual(
      expect.objectContaining({ group: joined, role: 1, joined: expect.any(Number) }),
    );
    const contacts = lines('records/contact.ndjson');
    expect(contacts).toContainEqual(expect.objectContaining({ user: gone.id, other: alice.id, alias: 'Al' }));
    expect(contacts).toContainEqual(
      expect.objectContaining({ user: gone.id, other: bob.id, blockedAt: expect.any(Number) }),
    );
    expect(contacts).toContainEqual(
      expect.objectContaining({ user: carol.id, other: gone.id, blockedAt: expect.any(Number) }),
    );
    expect(lines('records/announcement.ndjson')).toContainEqual(expect.objectContaining({ title: 'Second' }));
    expect(lines('records/invitation.ndjson')).toContainEqual(
      expect.objectContaining({ inviter: gone.id, reason: 'come' }),
    );
    expect(readFileSync(join(at, 'objects/avatar'), 'utf8')).toBe('picture');
    expect(manifest.objects).toHaveLength(2);
    expect(lines('events.ndjson')).toHaveLength(manifest.events);
    const texts = readdirSync(at, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('json'))
      .map(({ parentPath, name }) => readFileSync(join(parentPath, name), 'utf8'))
      .join('');
    const { hash } = before.items.find((item) => item.pk === `U#${given.app}#${gone.id}` && item.sk === '#')!
      .password as { hash: string };
    expect(texts).not.toContain(hash);
    expect(texts).not.toMatch(/"(password|token|pk|stamp|lsi1sk)"/);
    expect(texts).not.toContain('a note of alice');
    const again = await opsHere(['users', 'export', given.app, String(gone.id), '--output', at, '--yes']);
    expect(again).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('is not overwritten') });
  });
});

describe('users erase', () => {
  it('leaves nothing that names the user while others go on, and what they see stays whole', async () => {
    const { given, gone, alice, carol, bob, eve, joined, blocked, ...groups } = scene;
    const { app } = given;
    const ofOthers = await everything(table, other);
    const receiptFile = join(folder, 'receipt.json');
    let ended = false;
    const relaying = (async () => {
      while (!ended) await relayed(given);
    })();
    const meddling = (async () => {
      for (let nth = 0; !ended && nth < 20; nth++)
        await Promise.all([
          alice.asks('POST /group/invite', { group_id: joined, user_list: [gone.id], reason: 'back?' }),
          eve.asks('POST /roster/apply', { user_id: gone.id, reason: 'hello?' }),
          bob.asks('POST /roster/block', { user_id: gone.id }),
          alice.asks('POST /group/block', { group_id: groups.applied, user_list: [gone.id] }),
          gone.asks('POST /group/announcement/edit', { group_id: joined, title: 'Last', content: 'words' }),
          given.nobody.asks('POST /token/user', { name: gone.username, password: 'wrong password' }),
        ]);
    })();
    const erased = await opsHere([
      'users',
      'erase',
      app,
      String(gone.id),
      '--yes',
      '--settle',
      '1s',
      '--receipt',
      receiptFile,
      '--json',
    ]).finally(() => {
      ended = true;
    });
    await Promise.all([relaying, meddling]);
    await relayed(given);
    expect(erased).toMatchObject({ exitCode: 0 });
    expect(await left(table, app, gone)).toEqual([]);
    expect(await problems(table, app)).toEqual([]);
    expect(await everything(table, other)).toEqual(ofOthers);
    expect((await bucket.keysOf(app)).filter((key) => key.includes('avatars'))).toEqual([]);

    // What stays names nobody.
    const announcements = await alice.does('GET /group/announcement/list', { group_id: joined });
    expect(announcements).toContainEqual(expect.objectContaining({ title: 'Second', author: 0 }));
    const [file] = await alice.does('GET /group/file/list', { group_id: joined });
    expect(file).toMatchObject({ name: 'plan.txt', uploader: 0 });
    const download = await alice.does('GET /group/file', { group_id: joined, file_id: file.file_id });
    expect(await (await fetch(download.url)).text()).toBe('content');
    expect(await alice.does('GET /group/info', { group_id: groups.alone })).toMatchObject({ status: 1, owner_id: 0 });
    expect(await alice.does('GET /group/info', { group_id: groups.owned })).toMatchObject({ owner_id: bob.id });
    expect(await carol.does('GET /roster/blocked_list')).toEqual([]);
    expect(await alice.lists('GET /group/blocked_list', { group_id: blocked })).toEqual([]);
    const { differences } = await ops('events', 'check', app);
    expect(differences).toEqual([]);

    const signed = JSON.parse(readFileSync(receiptFile, 'utf8'));
    expect(signed.receipt).toMatchObject({ what: 'user erased', app_id: app, found: 0, objects_removed: 1 });
    expect(signed.receipt.removed).toMatchObject({ username: 1, identity: 1, 'user identity': 1 });
    expect(JSON.stringify(signed)).not.toContain(String(gone.id));
    expect(signed.receipt.mentions).toMatchObject({ 'archived event': 1, 'group info': 1 });
    const verify = (...more: string[]) => opsHere(['receipts', 'verify', receiptFile, ...more]);
    const { public_key } = await ops('receipts', 'key');
    expect(await verify('--user', String(gone.id), '--key', public_key)).toMatchObject({ exitCode: 0 });
    expect(await verify('--user', String(alice.id))).toMatchObject({ exitCode: 1 });
    writeFileSync(receiptFile, JSON.stringify({ ...signed, receipt: { ...signed.receipt, removed: {} } }));
    expect(await verify()).toMatchObject({ exitCode: 1, stdout: expect.stringContaining('NOT genuine') });
  });
});
