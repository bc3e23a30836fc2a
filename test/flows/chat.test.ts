import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import mqtt, { type MqttClient } from 'mqtt';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Chat, startChat } from '../../examples/chat/chat.ts';
import { banOrder } from '../../shared/data/keys.ts';
import * as schema from '../../shared/data/schema.ts';
import { update } from '../../shared/data/step.ts';
import { issueAdminToken } from '../../shared/domain/app/apps.ts';
import type { GroupId } from '../../shared/ids.ts';
import { chromiumPath, launchChromium } from '../support/chromium.ts';
import { laptopStack } from '../support/stack.ts';
import { Given, PASSWORD, type Person } from '../support/story.ts';
import { world } from '../support/world.ts';

/** Folder for pictures of the page, for people to look at. */
const PICTURES = process.env.PICTURES;

let given: Given;
let folder: string;
let chat: Chat;
let mqttUrl: string;
const lines: string[] = [];
beforeAll(async () => {
  given = await Given.app(await world('over HTTP'));
  const { api_endpoint: endpoint } = await laptopStack();
  folder = await mkdtemp(join(tmpdir(), 'roster-chat-'));
  const log = (line: string) => lines.push(line);
  const file = join(folder, 'mirror.json');
  // The scopes that docs/message-services.md names suffice.
  const narrow = await issueAdminToken(given.db, given.app, { scopes: ['read', 'decide'] });
  chat = await startChat({ endpoint, app: given.app, token: narrow, file, port: 0, log });
  mqttUrl = `${chat.url.replace('http', 'ws')}mqtt`;
});
afterAll(async () => {
  await chat?.close();
  if (folder) await rm(folder, { recursive: true });
});

/** A client that obeys no page. Collects what it gets by topic. */
async function connect(token: string) {
  const client: MqttClient = mqtt.connect(mqttUrl, { username: 'any', password: token, reconnectPeriod: 0 });
  const got: { topic: string; said: { text?: string; name?: string; type?: string; until?: number } }[] = [];
  client.on('message', (topic, payload) => got.push({ topic, said: JSON.parse(String(payload)) }));
  const connected = new Promise<void>((resolve, reject) => {
    client.once('connect', () => resolve());
    client.once('error', reject);
  });
  await connected;
  const texts = () => got.flatMap(({ said }) => said.text ?? []);
  const notices = () => got.flatMap(({ topic, said }) => (topic === 'notice' ? said : []));
  return { client, texts, notices };
}

describe('the broker of the chat', () => {
  test('lets nobody in, read or speak whom Roster does not let', async () => {
    const [alice, bob, eve] = (await given.users(3)) as [Person, Person, Person];
    const group_id = await given.group(alice, { members: [bob] });
    const topic = `group/${group_id}`;
    await expect(connect(`${alice.token}x`)).rejects.toThrow('Not authorized');
    const [ofAlice, ofBob, ofEve] = await Promise.all([alice, bob, eve].map(({ token }) => connect(token)));
    for (const one of [ofAlice, ofBob]) await one!.client.subscribeAsync(topic);
    for (const wrong of [topic, '#', 'group/+', 'notice', '$SYS/#', 'nowhere'])
      await expect(ofEve!.client.subscribeAsync(wrong), wrong).rejects.toThrow();
    // Who speaks is the broker's to say. A retained message would wait for those who join later.
    await ofAlice!.client.publishAsync(topic, 'one', { retain: true });
    await ofEve!.client.publishAsync(topic, 'two', { qos: 1 });
    await ofAlice!.client.publishAsync(topic, 'three', { qos: 1 });
    await expect.poll(() => ofBob!.texts()).toEqual(['one', 'three']);
    expect(ofEve!.notices()).toMatchObject([{ type: 'welcome' }, { type: 'refused', group_id }]);
    // In the order in which they were sent, although each is decided by itself.
    const many = Array.from({ length: 20 }, (_, index) => `message ${index}`);
    for (const text of many) ofAlice!.client.publish(topic, text);
    await expect.poll(() => ofBob!.texts().slice(2), { timeout: 10_000 }).toEqual(many);
    await given.admin().does('POST /group/invite', { group_id, user_list: [eve.id] });
    await ofEve!.client.subscribeAsync(topic);
    await ofAlice!.client.publishAsync(topic, 'four');
    await expect.poll(() => ofEve!.texts()).toEqual(['four']);

    // What ends while they are connected.
    const closed = (one: typeof ofBob) => () => !one!.client.connected;
    await bob.does('POST /user/kick');
    await given.admin().does('PUT /user/disable', { list: [eve.id] });
    await given.admin().does('POST /group/destroy', { group_id });
    await expect.poll(closed(ofBob), { timeout: 5000 }).toBe(true);
    await expect.poll(closed(ofEve), { timeout: 5000 }).toBe(true);
    await expect.poll(() => ofAlice!.notices().map(({ type }) => type), { timeout: 5000 }).toContain('group.dissolved');
    expect(ofBob!.notices().at(-1)).toMatchObject({ type: 'session.revoked' });
    expect(ofEve!.notices().at(-1)).toMatchObject({ type: expect.stringMatching(/user.disabled|session.revoked/) });
    await expect(connect(bob.token)).rejects.toThrow('Not authorized');
    expect(ofAlice!.client.connected).toBe(true);
    ofAlice!.client.end();
  });
});

describe.runIf(chromiumPath)('The chat, in Chromium', () => {
  let browser: Browser;
  let [alice, bob, eve]: Person[] = [];
  let [ofAlice, ofBob]: Page[] = [];
  let group_id: number;
  const errors: string[] = [];
  beforeAll(async () => {
    [alice, bob, eve] = await given.users(3);
    group_id = await given.group(alice!, { members: [bob!, eve!], name: 'Friends' });
    browser = await launchChromium();
    [ofAlice, ofBob] = await Promise.all([alice, bob].map((person) => logIn(person!)));
  });
  afterAll(() => browser?.close());

  async function logIn({ username }: Person): Promise<Page> {
    const page = await (await browser.newContext()).newPage();
    page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
    page.on('pageerror', (error) => errors.push(String(error)));
    await page.goto(chat.url);
    await page.getByLabel('Username', { exact: true }).fill(username);
    await page.getByLabel('Password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByRole('heading', { name: 'Friends' }).waitFor();
    return page;
  }
  const write = async (page: Page | undefined, text: string) => {
    await page!.getByLabel('Message', { exact: true }).fill(text);
    await page!.getByRole('button', { name: 'Send' }).click();
  };
  const reads = (page: Page | undefined, text: string) => page!.getByText(text).first().waitFor();
  const picture = async (page: Page | undefined, name: string) => {
    if (PICTURES) await page!.screenshot({ path: `${PICTURES}/chat-${name}.png` });
  };

  test('two talk', async () => {
    await write(ofAlice, 'Hello Bob');
    await reads(ofBob, 'Hello Bob');
    await write(ofBob, 'Hello Alice');
    await reads(ofAlice, 'Hello Alice');
    await picture(ofAlice, 'talk');
  });

  test('who is banned speaks again when the ban ends', async () => {
    await ofAlice!.getByRole('button', { name: `Ban 1 minute: ${bob!.username}` }).click();
    await reads(ofBob, 'You may not speak until');
    const field = ofBob!.getByLabel('Message', { exact: true });
    expect(await field.isDisabled()).toBe(true);
    await picture(ofBob, 'banned');
    const rude = await connect(bob!.token);
    await rude.client.publishAsync(`group/${group_id}`, 'I do not care', { qos: 1 });
    await expect.poll(() => rude.notices().map(({ type }) => type)).toContain('refused');
    // Nearly all of the minute passes at once.
    const until = Date.now() + 1500;
    const set = { banned: until - 60_000, bannedUntil: until, lsi2sk: banOrder(until - 60_000, until, bob!.id) };
    await given.db.write([update(schema.groupMembership.key(given.app, group_id as GroupId, bob!.id), { set })]);
    await expect.poll(() => field.isEnabled(), { timeout: 10_000 }).toBe(true);
    expect(Date.now()).toBeGreaterThanOrEqual(until);
    await write(ofBob, 'I am back');
    await reads(ofAlice, 'I am back');
    expect(await ofAlice!.getByText('I do not care').count()).toBe(0);
    rude.client.end();
  });

  test('who is kicked reads nothing a second later', async () => {
    const [talker, reader] = await Promise.all([eve, bob].map((person) => connect(person!.token)));
    const topic = `group/${group_id}`;
    await reader!.client.subscribeAsync(topic);
    await alice!.does('POST /group/kick', { group_id, user_list: [bob!.id] });
    const kicked = Date.now();
    for (let turn = 0; turn < 15; turn++) {
      talker!.client.publish(topic, String(Date.now() - kicked));
      await sleep(100);
    }
    await reads(ofBob, 'you are no longer a member');
    await picture(ofBob, 'kicked');
    expect(Math.max(...reader!.texts().map(Number))).toBeLessThan(1000);
    expect(await ofBob!.getByRole('heading', { name: 'Friends' }).count()).toBe(0);
    talker!.client.end();
    reader!.client.end();
  });

  test('a bridge that was stopped closes what had to be closed meanwhile', async () => {
    await given.admin().does('POST /group/invite', { group_id, user_list: [bob!.id] });
    await ofBob!.getByRole('heading', { name: 'Friends' }).waitFor();
    const ofEve = await connect(eve!.token);
    await chat.stopBridge();
    await alice!.does('POST /group/kick', { group_id, user_list: [bob!.id] });
    await eve!.does('POST /user/kick');
    await write(ofAlice, 'Still here?');
    await reads(ofBob, 'Still here?');
    await chat.startBridge();
    await reads(ofBob, 'you are no longer a member');
    await expect.poll(() => ofEve.client.connected).toBe(false);
    await write(ofAlice, 'Only us');
    await reads(ofAlice, 'Only us');
    expect(await ofBob!.getByText('Only us').count()).toBe(0);
    expect(errors).toEqual([]);
    expect(await given.problems()).toEqual([]);
  });
});
