import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fileOf, registrationOf } from '../../shared/data/file-repo.ts';
import { sequenceOf } from '../../shared/data/sequence-repo.ts';
import { checkFiles } from '../../shared/domain/app/files.ts';
import { type GroupId, newRandom } from '../../shared/ids.ts';
import { TestBucket } from '../support/bucket.ts';
import { type Form, opaque, postForm, put, share } from '../support/files.ts';
import { problems } from '../support/invariants.ts';
import { type Actor, Given } from '../support/story.ts';
import { worldInProcess } from '../support/world.ts';
import { opsHere, stackFolder } from './command-line.ts';

const world = await worldInProcess();
const { table, bucket } = world;

const project = process.cwd();
beforeAll(() => {
  const s3 = { endpoint: process.env.AWS_ENDPOINT_URL_S3!, name: bucket.name };
  process.chdir(stackFolder(process.env.AWS_ENDPOINT_URL_DYNAMODB!, table.name, s3));
});
afterAll(() => process.chdir(project));

/** Runs the command for scripts. */
async function check(app: string, ...options: string[]) {
  const { exitCode, stdout, stderr } = await opsHere(['files', 'check', app, ...options, '--json']);
  expect({ exitCode, stdout, stderr }).toMatchObject({ exitCode: 0 });
  return JSON.parse(stdout);
}

async function refused(...args: string[]): Promise<string> {
  const { exitCode, stdout } = await opsHere(['files', 'check', ...args, '--json']);
  expect(exitCode).toBe(1);
  return JSON.parse(stdout).error;
}

/** Puts an object that no record names. @returns its key */
async function place(Key: string): Promise<string> {
  await bucket.client.send(new PutObjectCommand({ Bucket: bucket.name, Key, Body: 'content' }));
  return Key;
}

const lose = (Key: string) => bucket.client.send(new DeleteObjectCommand({ Bucket: bucket.name, Key }));

/** An object as a publication leaves it that failed before it wrote the record. */
const orphanIn = ({ app }: Given, group: number, random = newRandom()) =>
  place(`files/${app}/${group}/${random}.${'0'.repeat(32)}`);

async function aGroup() {
  const given = await Given.app(world);
  const alice = await given.user();
  const { group_id: group } = await alice.does('POST /group/create', { name: 'Files', type: 0 });
  const objectsOf = async (record: { file_id: number }) => {
    const file = await given.db.read(fileOf(given.app, group, record.file_id));
    return `files/${given.app}/${group}/${file?.object}`;
  };
  return { given, alice, group: group as GroupId, objectsOf };
}

const formFor = (person: Actor, to_id: number): Promise<Form> =>
  person.does('GET /file/upload/chat', { file_type: 103, to_id, to_type: 2 });

/** A file that came by a form. */
async function registered(given: Given, alice: Actor, group_id: number) {
  const form: Form = await formFor(alice, group_id);
  expect(await postForm(form, 'content')).toBe(200);
  const record = await alice.does('POST /group/file/upload', {
    ...{ group_id, name: 'form.txt', size: 7, type: 'text/plain' },
    url: form.download_url,
  });
  const random = opaque(form.download_url).file_sign?.split('.')[3] ?? '';
  expect(await given.db.read(registrationOf(random))).toBeDefined();
  return { record, random };
}

describe('files check', () => {
  it('files check finds nothing where files, links, reservations, uploads and avatars agree', async () => {
    const { given, alice, group } = await aGroup();
    expect(await check(given.app, '--fix')).toMatchObject({ groups: 0, objects: 0, records: 0 });
    await share(given, alice, group);
    await registered(given, alice, group);
    const file = { group_id: group, name: 'n', size: 7, type: 'text/plain' };
    await alice.does('POST /group/file/upload', { ...file, url: 'https://example.com/n' });
    const reserved = await alice.does('POST /group/file/upload', file);
    expect((await put(reserved, 'content')).status).toBe(200);
    expect(await postForm(await formFor(alice, group), 'content')).toBe(200);
    const avatar: Form = await alice.does('GET /file/upload/avatar/user');
    expect(await postForm(avatar, 'image')).toBe(200);
    // Publishes it.
    expect((await alice.asks('GET /file/download/avatar', opaque(avatar.download_url))).status).toBe(302);
    const before = await bucket.keysOf(given.app);
    expect(before).toHaveLength(6);
    expect(await check(given.app, '--fix', '--older-than', '0m')).toEqual({
      app_id: given.app,
      bucket: bucket.name,
      groups: 1,
      objects: 2,
      records: 2,
      objects_without_record: [],
      records_without_object: [],
    });
    expect((await opsHere(['files', 'check', given.app])).stdout).toBe(
      `Checked 2 records and 2 objects of 1 groups in ${bucket.name}: no differences.\n`,
    );
    expect(await bucket.keysOf(given.app)).toEqual(before);
    expect(await alice.does('GET /group/file/list', { group_id: group })).toHaveLength(3);
  });

  it('files check deletes objects without a record, of existing, dissolved and unknown groups, but no recent ones', async () => {
    const { given, alice, group, objectsOf } = await aGroup();
    const kept = await objectsOf(await share(given, alice, group));
    const { group_id: gone } = await alice.does('POST /group/create', { name: 'Gone', type: 0 });
    await alice.does('POST /group/destroy', { group_id: gone });
    const orphans = await Promise.all([group, gone, 1].map((id) => orphanIn(given, id)));
    const foreign = await orphanIn(await Given.app(world), group);

    const recent = await check(given.app, '--fix');
    expect(recent.objects_without_record).toHaveLength(3);
    for (const one of recent.objects_without_record) expect(one).toMatchObject({ kept: 'new', deleted: false });
    const listed = await check(given.app, '--older-than', '0m');
    expect(listed.objects_without_record.map(({ key }: { key: string }) => key).sort()).toEqual([...orphans].sort());
    for (const one of listed.objects_without_record)
      expect(one).toMatchObject({ size: 7, written_at: expect.any(String), kept: null, deleted: false });
    expect(await bucket.keysOf(given.app)).toHaveLength(4);

    const { exitCode, stdout } = await opsHere(['files', 'check', given.app, '--fix', '--older-than', '0m']);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^WHAT +GROUP +OF +WRITTEN +BYTES +DONE\nobject +1 +files\/.+ deleted\n/);
    expect(stdout).toContain('3 objects without a record, 0 records without an object.');
    expect(await bucket.keysOf(given.app)).toEqual([kept]);
    expect(await bucket.textOf(foreign)).toBe('content');
    expect((await check(given.app)).objects_without_record).toEqual([]);
  });

  it('files check keeps an object whose upload may still be published', async () => {
    const { given, group } = await aGroup();
    const [reserved, form, alone] = [newRandom(), newRandom(), newRandom()];
    const keys = await Promise.all([reserved, form, alone].map((random) => orphanIn(given, group, random)));
    await place(`incoming/${given.app}/${group}/7.${reserved}`);
    await place(`incoming/${given.app}/${group}/${form}`);
    const { objects_without_record: found } = await check(given.app, '--fix', '--older-than', '0m');
    expect(
      Object.fromEntries(found.map(({ key, kept, deleted }: Record<string, string>) => [key, [kept, deleted]])),
    ).toEqual({
      [keys[0]!]: ['upload waits', false],
      [keys[1]!]: ['upload waits', false],
      [keys[2]!]: [null, true],
    });
    expect((await bucket.keysOf(given.app)).sort()).toEqual(
      [
        keys[0],
        keys[1],
        `incoming/${given.app}/${group}/7.${reserved}`,
        `incoming/${given.app}/${group}/${form}`,
      ].sort(),
    );
  });

  it('files check removes published records without an object, with their count', async () => {
    const { given, alice, group, objectsOf } = await aGroup();
    const [kept, lost] = [await share(given, alice, group), await share(given, alice, group, { name: 'lost.txt' })];
    const { record, random } = await registered(given, alice, group);
    for (const one of [lost, record]) await lose(await objectsOf(one));

    const listed = await check(given.app);
    expect(listed.records_without_object).toMatchObject([
      { group_id: group, file_id: lost.file_id, name: 'lost.txt', uploader: alice.id, size: 7, removed: false },
      { file_id: record.file_id, name: 'form.txt', removed: false },
    ]);
    expect((await given.db.read(sequenceOf(given.app, group)))?.files).toBe(3);

    const { stdout } = await opsHere(['files', 'check', given.app, '--fix']);
    expect(stdout).toMatch(new RegExp(`\\nrecord +${group} +file ${lost.file_id} of user ${alice.id} .+ removed\\n`));
    expect((await given.db.read(sequenceOf(given.app, group)))?.files).toBe(1);
    expect(await given.db.read(registrationOf(random))).toMatchObject({ ttl: expect.any(Number) });
    const list = await alice.does('GET /group/file/list', { group_id: group });
    expect(list.map(({ file_id }: { file_id: number }) => file_id)).toEqual([kept.file_id]);
    expect(await problems(table, given.app)).toEqual([]);
    expect((await check(given.app)).records_without_object).toEqual([]);
  });

  it('files check leaves the files of a dissolved group to its clean-up', async () => {
    const { given, alice, group, objectsOf } = await aGroup();
    await lose(await objectsOf(await share(given, alice, group)));
    await alice.does('POST /group/destroy', { group_id: group });
    expect(await check(given.app, '--fix')).toMatchObject({ records: 1, records_without_object: [] });
    expect(await given.db.read(fileOf(given.app, group, 1))).toBeDefined();
  });

  it('files check reads all pages of objects', async () => {
    const { given, alice, group, objectsOf } = await aGroup();
    const orphans = [await orphanIn(given, 1), await orphanIn(given, group), await orphanIn(given, group)];
    for (const name of ['a', 'b', 'c']) await objectsOf(await share(given, alice, group, { name }));
    await orphanIn(given, 9);
    const { client, name } = new TestBucket(process.env.AWS_ENDPOINT_URL_S3!, bucket.name);
    client.middlewareStack.add((next) => (args) => next({ ...args, input: { ...args.input, MaxKeys: 2 } }), {
      step: 'initialize',
    });
    const report = await checkFiles(table, { client, name }, given.app, { fix: false, olderThan: 0 });
    expect(report).toMatchObject({ groups: 3, objects: 7, records: 3, broken: [] });
    expect(report.orphans.map(({ key }) => key)).toEqual(expect.arrayContaining(orphans));
    expect(report.orphans).toHaveLength(4);
  });

  it('files check harms no file that is shared or deleted while it runs', async () => {
    const { given, alice, group } = await aGroup();
    let sharing = true;
    const checks = (async () => {
      let runs = 0;
      // As if every object were old.
      for (; sharing; runs++) await checkFiles(table, bucket, given.app, { fix: true, olderThan: -60_000 });
      return runs;
    })();
    const shared = await Promise.all(
      Array.from({ length: 12 }, async (_, nth) => {
        const { record } =
          nth % 2 === 0 ? { record: await share(given, alice, group) } : await registered(given, alice, group);
        if (nth % 3 === 0)
          await alice.does('POST /group/file/delete', { group_id: group, file_list: [record.file_id] });
        return record;
      }),
    );
    sharing = false;
    expect(await checks).toBeGreaterThan(0);
    expect(shared).toHaveLength(12);
    expect(await alice.does('GET /group/file/list', { group_id: group })).toHaveLength(8);
    expect(await check(given.app, '--older-than', '0m')).toMatchObject({
      ...{ objects: 8, records: 8, objects_without_record: [], records_without_object: [] },
    });
    expect(await problems(table, given.app)).toEqual([]);
  });

  it('files check refuses wrong arguments with a message', async () => {
    const { given } = await aGroup();
    expect(await refused('nobody')).toBe('there is no app "nobody"');
    expect(await refused(given.app, '--older-than', 'soon')).toContain('Give a span such as 30d, 12h or 90m.');
    expect(await refused(given.app, '--bucket', 'b')).toContain('--bucket names a bucket on AWS');
    expect(await refused(given.app, '--stage', 'prod', '--region', 'eu-west-1')).toContain(
      '--bucket is required on AWS',
    );
  });
});
