/** All pages of the console in all languages, widths and colours; every action; memory; and the pictures of docs/console.md. */
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chromiumPath, launchChromium } from '../support/chromium.ts';
import { ConsolePage, newShop, type Shop } from '../support/console.ts';
import { type Served, serve } from '../support/server.ts';

const PICTURES = resolve(import.meta.dirname, '../../docs/console');

const LANGUAGES = ['en-GB', 'zh-CN'];
const SCREENS = [
  { name: 'wide, light', viewport: { width: 1280, height: 860 }, colorScheme: 'light' },
  { name: 'phone, dark', viewport: { width: 390, height: 844 }, colorScheme: 'dark' },
] as const;

if (!chromiumPath) throw new Error('These tests need a Chromium: CHROMIUM=… names one.');

let browser: Browser;
let shop: Shop;
let hook: Served;
/** What the endpoint got. */
const received: { headers: Record<string, string>; body: string }[] = [];
let failing = false;
beforeAll(async () => {
  hook = await serve((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      received.push({ headers: request.headers as Record<string, string>, body });
      response.writeHead(failing ? 500 : 200).end('thanks');
    });
  });
  [browser, shop] = await Promise.all([launchChromium(), newShop()]);
});
afterAll(async () => {
  await browser?.close();
  await hook?.close();
});

const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });

describe('all pages', () => {
  let endpoint: string;
  beforeAll(async () => {
    const made = await shop.client.event.endpointCreate({ url: `${hook.origin}/hook`, description: 'audit log' });
    endpoint = made.endpoint_id;
    await shop.client.event.endpointTest({ endpoint_id: endpoint });
  });

  const paths = () => {
    const { id, group, silenced } = shop;
    const parts = ['bulk', 'banned', 'blocked', 'applications', 'announcements', 'files', 'timeline', 'settings'];
    return [
      '',
      'users',
      'users?q=a',
      `users/${id('alice')}`,
      'users/1',
      'groups',
      'groups?q=tea',
      `groups/${group}`,
      ...parts.map((part) => `groups/${group}/${part}`),
      `groups/${silenced}`,
      'groups/1',
      'why',
      `why?user=carol&group=${group}`,
      `why?user=${id('dave')}&group=${shop.silenced}`,
      `why?user=frank&group=${group}`,
      'why?user=nobody',
      'events',
      'events/1',
      'events/999999',
      'webhooks',
      `webhooks/${endpoint}`,
      'webhooks/none',
      'nothing/here',
    ];
  };

  describe.each(LANGUAGES)('in %s', (locale) => {
    test.each(SCREENS)(
      '$name: each loads without an error, fits the screen, and axe finds nothing serious',
      async (screen) => {
        const { viewport, colorScheme } = screen;
        const at = await ConsolePage.open(browser, shop, { locale, viewport, colorScheme });
        const wrong: unknown[] = [];
        for (const path of paths()) {
          await at.go(path);
          await at.page.waitForLoadState('networkidle').catch(() => {});
          const width = await at.page.evaluate<number>('document.documentElement.scrollWidth');
          if (width > viewport.width) wrong.push([path, `is ${width} px wide`]);
          const title = await at.page.title();
          if (!/ · /.test(title)) wrong.push([path, `has the title ${title}`]);
          const english = (await at.page.content()).match(/lang="(\w+)"/)?.[1];
          if (english !== locale.slice(0, 2)) wrong.push([path, `is in ${english}`]);
          wrong.push(...(await at.serious()).map((said) => [path, said]));
        }
        await at.close();
        expect(wrong).toEqual([]);
        expect(at.errors).toEqual([]);
        expect(at.elsewhere).toEqual([]);
      },
    );

    test('the page that asks for a token has nothing serious either', async () => {
      const at = await ConsolePage.open(browser, { api: shop.api }, { locale });
      await at.page.waitForSelector('[name=token]');
      expect(await at.serious()).toEqual([]);
      await at.close();
    });
  });

  test('the keyboard is enough: skip link, focus on the heading of a new page, dialogs that close and give the focus back', async () => {
    const at = await ConsolePage.open(browser, shop);
    const { page } = at;
    const focused = () =>
      page.evaluate<string>("document.activeElement.textContent || document.activeElement.name || ''");
    await at.settled();
    await page.keyboard.press('Tab');
    expect(await focused()).toBe('Skip to content');
    await page.keyboard.press('Enter');
    expect(await page.evaluate('document.activeElement.id')).toBe('main');
    await page.keyboard.press('/');
    await page.keyboard.type('carol');
    await page.getByRole('option', { name: /carol/ }).waitFor();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'carol' }).waitFor();
    await at.settled();
    expect(await page.evaluate('document.activeElement.tagName')).toBe('H1');
    await button(page, 'Disable').focus();
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect(await focused()).toBe('Disable');
    await at.close();
  });

  test('the pictures of docs/console.md', async () => {
    await mkdir(PICTURES, { recursive: true });
    const { id, group } = shop;
    const at = await ConsolePage.open(browser, shop, { viewport: { width: 1200, height: 760 }, colorScheme: 'light' });
    const picture = async (of: ConsolePage, path: string, name: string) => {
      await of.go(path);
      await of.page.waitForTimeout(1500);
      await of.settled();
      // The latest moment is in no picture.
      await of.page.screenshot({ path: join(PICTURES, `${name}.png`), animations: 'disabled' });
    };
    await picture(at, '', 'overview');
    await picture(at, `users/${id('alice')}`, 'user');
    await picture(at, `groups/${group}`, 'group');
    await picture(at, `why?user=carol&group=${group}`, 'why');
    await at.close();
    const phone = await ConsolePage.open(browser, shop, {
      viewport: { width: 390, height: 760 },
      colorScheme: 'dark',
      locale: 'zh-CN',
    });
    await picture(phone, `groups/${group}/timeline`, 'phone');
    await phone.close();
  });
});

describe('every action asks first, and does what it says', () => {
  let at: ConsolePage;
  let page: Page;
  beforeAll(async () => {
    at = await ConsolePage.open(browser, shop);
    page = at.page;
  });
  afterAll(() => at?.close());

  /** Clicks, reads what the dialog says, cancels, and clicks again and confirms. */
  async function does(
    name: string,
    says: RegExp,
    changed: () => Promise<unknown>,
    answer: Record<string, string> = {},
    action = name,
  ) {
    const before = await changed();
    await button(page, name).first().click();
    const dialog = page.getByRole('dialog');
    await dialog.waitFor();
    expect(await dialog.innerText()).toMatch(says);
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await dialog.waitFor({ state: 'detached' });
    expect(await changed()).toEqual(before);
    await button(page, name).first().click();
    await at.answer(action, answer);
    await dialog.waitFor({ state: 'detached' });
    expect(await changed()).not.toEqual(before);
    await at.settled();
  }

  const info = async (name: string) => shop.client.admin.userInfo({ user_id: shop.id(name) });

  test('users: disable, enable, sign out, set a password, unlock', async () => {
    await at.go(`users/${shop.id('dave')}`);
    const status = async () => (await info('dave')).status;
    await does('Disable', /Disable dave\?\s+All sessions end/, status);
    await does('Enable', /The user can log in again/, status);
    const login = (password: string) =>
      shop.client.token.user({ name: 'dave', password, device_guid: 'desk' }).then(
        () => 'in',
        () => 'refused',
      );
    await does('Set a password', /is not shown again/, () => login('a better password'), {
      password: 'a better password',
    });
    const sessions = async () => (await info('dave')).devices.filter((one) => one.session_expires_at > 0).length;
    await at.go('users');
    await at.go(`users/${shop.id('dave')}`);
    await does('Sign out everywhere', /Sign dave out of all devices\?/, sessions);
    await Promise.all(Array.from({ length: 4 }, () => login('wrong')));
    await does('Unlock logins', /Failed logins are forgotten/, async () => {
      const { failed_logins, devices } = await info('dave');
      return failed_logins + devices.reduce((sum, device) => sum + device.failed_logins, 0);
    });
  });

  test('groups: silence, its end, owner, members, settings, applications, announcements, files, dissolve', async () => {
    const { group, client, id } = shop;
    const group_id = group;
    await at.go(`groups/${group}`);
    const of = () => client.group.info({ group_id });
    const silence = async () => (await of()).ban_expire_time !== 0;
    await does('Silence', /Only the owner and admins may speak/, silence, { minutes: '-1' });
    await does('End the silence', /All members may speak again/, silence);

    const choose = async (name: string) => {
      await page.getByRole('checkbox', { name: `Choose ${name}` }).check();
    };
    const banned = async () => (await client.group.bannedList({ group_id })).data.map(({ user_id }) => user_id);
    const admins = async () => (await client.group.adminList({ group_id })).map(({ user_id }) => user_id);
    const members = async () => (await client.group.memberList({ group_id })).data.map(({ user_id }) => user_id);
    await choose('dave');
    await does('Ban', /Ban: dave in Tea party\?/, banned, { minutes: '60' });
    await choose('dave');
    await does('Lift the ban', /They may speak again/, banned);
    await choose('dave');
    await does('Make admin', /They may change the group/, admins);
    await choose('dave');
    await does('Remove as admin', /plain members/, admins);
    await choose('dave');
    await does('Remove', /no longer members/, members);
    await choose('carol');
    await does('Block', /cannot come back/, members);

    await page.fill('.search input', 'bo');
    await page.getByText('1 member').waitFor();
    await page.fill('.search input', '');
    await at.settled();

    await at.go(`groups/${group}/blocked`);
    const blocked = async () => (await client.group.blockedList({ group_id })).data.length;
    await does('Unblock', /may join again/, blocked);
    await at.go(`groups/${group}/applications`);
    await does('Approve', /Approve: grace in Tea party\?/, members);
    await at.go(`groups/${group}/announcements`);
    const announcements = async () => (await client.group.announcementList({ group_id })).length;
    await does('Publish an announcement', /Tea party/, announcements, { title: 'News', content: 'None.' });
    await does('Delete the announcement', /disappears for all members/, announcements);
    await at.go(`groups/${group}/files`);
    const files = async () => (await client.group.fileList({ group_id })).data.length;
    await does('Delete the file', /cannot be undone/, files);

    await at.go(`groups/${group}/settings`);
    await page.fill('[name=description]', 'Only green tea.');
    await page.getByText('Changes are not saved yet.').waitFor();
    await page.getByRole('checkbox', { name: 'Only admins see the members' }).check();
    await button(page, 'Save').click();
    await at.says('Saved.');
    expect(await of()).toMatchObject({ description: 'Only green tea.', hide_member_info: true });

    await does('Change the owner', /becomes the owner/, async () => (await of()).owner_id, { owner: 'dave' });
    expect((await of()).owner_id).toBe(id('dave'));

    // A change of the whole list is shown before it is made, and refused where it removes too many.
    await at.go(`groups/${group}/bulk`);
    await page.fill('#bulk-list', 'alice\nbob');
    await page.selectOption('[name=action]', 'set');
    await button(page, 'Preview').click();
    await page
      .getByText(/are removed|max_remove_share/)
      .first()
      .waitFor();
    await page.fill('[name=share]', '100');
    await button(page, 'Preview').click();
    await page.getByText(/join, \d+ are removed/).waitFor();
    const all = await members();
    const start = page.getByRole('button', { name: /exactly this: Start/ });
    expect(await start.isDisabled()).toBe(true);
    await page.getByRole('checkbox', { name: 'I have read what will happen' }).check();
    await start.click();
    await page.locator('.results .done').first().waitFor();
    await at.settled();
    expect(all.length).toBeGreaterThan(3);
    expect((await members()).sort()).toEqual([id('alice'), id('bob'), id('dave')].sort());

    await at.go(`groups/${group}`);
    await does(
      'Dissolve',
      /cannot be undone/,
      async () => (await client.admin.groupSearch({ group_id })).data[0]?.status,
      {
        typed: 'Tea party',
      },
    );
    await page.getByText('There is no such group, or it was dissolved.').waitFor();
  });

  test('webhooks: create with the secret shown once, test, edit, rotate, send again, delete', async () => {
    const { client } = shop;
    const endpoints = () => client.event.endpointList();
    await at.go('webhooks');
    await button(page, 'New endpoint').click();
    await at.answer('New endpoint', { url: `${hook.origin}/new`, types: 'user.*', description: 'for users' });
    await page.getByText('shown only this once').waitFor();
    const secret = await page.locator('dialog code').innerText();
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click();
    expect(await page.content()).not.toContain(secret);
    await page.getByRole('link', { name: `${hook.origin}/new` }).click();
    await at.settled();
    received.length = 0;
    await button(page, 'Send a test event').click();
    await at.answer('Send a test event');
    await page.getByText('endpoint.test').waitFor();
    const [{ headers, body } = { headers: {}, body: '' }] = received;
    expect(() => new Webhook(secret).verify(body, headers)).not.toThrow();

    const url = async () => (await endpoints()).map((one) => one.description);
    await does('Edit', /Address/, url, { description: 'for all users' }, 'Save');
    await button(page, 'New secret').click();
    await at.answer('New secret', { keep: '3600' });
    await page.getByText('shown only this once').waitFor();
    expect(await page.locator('dialog code').innerText()).not.toBe(secret);
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click();

    await shop.as('alice').user.nickname({ nick_name: 'Alice' });
    await expect.poll(() => received.length, { timeout: 20_000 }).toBeGreaterThan(1);
    const sent = received.length;
    await at.go('webhooks');
    const made = (await endpoints()).find(({ url }) => url.endsWith('/new'));
    await at.go(`webhooks/${made?.endpoint_id}`);
    await button(page, 'Send again').first().click();
    await at.answer('Send again');
    await at.says('1 event put into the queue.');
    await expect.poll(() => received.length, { timeout: 20_000 }).toBeGreaterThan(sent);
    failing = true;
    await button(page, 'Send all failed again').click();
    await at.answer('Send all failed again');
    await at.says('0 events put into the queue.');
    failing = false;
    await does('Delete', /Nothing is sent to it any more/, async () => (await endpoints()).length);
    expect(await at.heading()).toBe('Webhooks');
  });

  test('events come as they happen, and stop while the feed is paused', async () => {
    await at.go(`events?types=user.*&user=${shop.id('bob')}`);
    await shop.as('bob').user.nickname({ nick_name: 'Bob' });
    await page.locator('.feed').getByText('bob: nick_name changed').first().waitFor({ timeout: 20_000 });
    await button(page, 'Pause').click();
    const shown = await page.locator('.feed .event').count();
    await shop.as('bob').user.nickname({ nick_name: 'Bobby' });
    await page.getByText('1 new event').waitFor({ timeout: 20_000 });
    expect(await page.locator('.feed .event').count()).toBe(shown);
    await button(page, 'Go on').click();
    await expect.poll(() => page.locator('.feed .event').count()).toBe(shown + 1);
  });

  test('nothing went wrong in the page meanwhile', () => {
    expect(at.errors).toEqual([]);
    expect(at.elsewhere).toEqual([]);
  });
});

describe('what stays', () => {
  test('after signing out, neither the token nor a name of the app is in the memory of the page', async () => {
    const other = await newShop();
    await other.as('alice').user.nickname({ nick_name: 'Zaphod Beeblebrox' });
    const at = await ConsolePage.open(browser, other);
    await at.go(`users/${other.id('alice')}`);
    await at.page.getByText('Zaphod Beeblebrox').first().waitFor();
    expect(await inMemory(at.page, ['Zaphod Beeblebrox'])).toEqual(['Zaphod Beeblebrox']);
    await button(at.page, 'Sign out').click();
    await at.page.waitForSelector('[name=token]');
    expect(await inMemory(at.page, ['Zaphod Beeblebrox', other.given.adminToken])).toEqual([]);
    expect(await at.page.evaluate('JSON.stringify([{ ...sessionStorage }, { ...localStorage }])')).not.toContain('a1.');
    await at.close();
  });

  test('only a person who asks for it keeps the session in the tab, until signing out', async () => {
    const { given, api } = shop;
    const at = await ConsolePage.open(browser, { api });
    const signIn = async (keep: boolean) => {
      await at.page.fill('[name=app]', given.app);
      await at.page.fill('[name=token]', given.adminToken);
      if (keep) await at.page.check('[name=keep]');
      await button(at.page, 'Sign in').click();
      await at.page.waitForSelector('.shell');
    };
    await signIn(false);
    await at.page.reload();
    await at.page.waitForSelector('[name=token]');
    await signIn(true);
    await at.page.reload();
    await at.page.waitForSelector('.shell');
    await button(at.page, 'Sign out').click();
    await at.page.waitForSelector('[name=token]');
    await at.page.reload();
    await at.page.waitForSelector('[name=token]');
    await at.close();
  });

  test('the page of one service calls another that its address names, which it says', async () => {
    const { given, api } = shop;
    const page = (await (await browser.newContext({ locale: 'en-GB' })).newPage()) as Page;
    // The laptop stack under its other name is another origin.
    const here = api.replace('127.0.0.1', 'localhost');
    await page.goto(`${here}/console?api=${encodeURIComponent(api)}`);
    await page.getByText(/The token will be sent to 127\.0\.0\.1:\d+, not to localhost:\d+/).waitFor();
    await page.fill('[name=app]', given.app);
    await page.fill('[name=token]', given.adminToken);
    await button(page, 'Sign in').click();
    await page.waitForSelector('.shell');
    await page.context().close();
  });
});

/** Which of the texts a snapshot of the page's memory contains. */
async function inMemory(page: Page, texts: string[]): Promise<string[]> {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('HeapProfiler.enable');
  await cdp.send('HeapProfiler.collectGarbage');
  let snapshot = '';
  cdp.on('HeapProfiler.addHeapSnapshotChunk', ({ chunk }) => {
    snapshot += chunk;
  });
  await cdp.send('HeapProfiler.takeHeapSnapshot', { reportProgress: false });
  await cdp.detach();
  return texts.filter((text) => snapshot.includes(text));
}
