/** An app with something to look at, and the console in Chromium. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { type Client, rosterClient } from '../../client/roster.ts';
import { laptopStack } from './stack.ts';
import { Given, PASSWORD } from './story.ts';
import { world } from './world.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export interface Shop {
  given: Given;
  api: string;
  client: Client;
  as(name: string): Client;
  id(name: string): number;
  /** Alice owns it, Bob is an admin, Carol is banned; Erin was kicked and Frank is blocked, Grace applied. */
  group: number;
  /** Another group, which Bob owns, and which is silenced. */
  silenced: number;
}

const NAMES = ['alice', 'bob', 'carol', 'dave', 'erin', 'frank', 'grace'];

/** A new app with these users and groups. */
export async function newShop(): Promise<Shop> {
  const given = await Given.app(await world('over HTTP'));
  const { api_endpoint: api } = await laptopStack();
  const client = rosterClient({ endpoint: api, app: given.app, token: given.adminToken });
  const made = await client.user.registerBatch({
    list: NAMES.map((username) => ({ username, password: PASSWORD })),
  });
  const ids = new Map(made.map(({ username, user_id }) => [username, user_id]));
  const id = (name: string) => ids.get(name)!;
  const as = (name: string) => client.with({ user: id(name) });
  const [{ group_id: group }, { group_id: silenced }] = await Promise.all([
    as('alice').group.create({
      name: 'Tea party',
      description: 'Tea at any time of the day.',
      type: 1,
      user_list: ['bob', 'carol', 'dave', 'erin', 'frank'].map(id),
    }),
    as('bob').group.create({ name: 'Builders', user_list: [id('dave')] }),
    as('alice').user.nickname({ nick_name: 'Alice Liddell' }),
    as('alice').user.mobile({ mobile: '+4917612345678' }),
    client.token.user({ name: 'alice', password: PASSWORD, device_guid: 'phone' }),
  ]);
  await client.group.adminAdd({ group_id: group, user_list: [id('bob')] });
  await Promise.all([
    as('bob').group.ban({ group_id: group, user_list: [id('carol')], duration: 90 }),
    as('bob').group.kick({ group_id: group, user_list: [id('erin')] }),
    as('alice').group.block({ group_id: group, user_list: [id('frank')] }),
    client.group.settingsBanAll({ group_id: silenced, duration: 600 }),
    client.group.settingsRequireAdminApproval({ group_id: group, apply_approval: 1 }),
  ]);
  await Promise.all([
    as('grace').group.apply({ group_id: group, reason: 'I like tea' }),
    as('alice').group.announcementEdit({ group_id: group, title: 'Six o’clock', content: 'It is always six now.' }),
    as('alice').group.fileUpload({ group_id: group, name: 'menu.pdf', size: 12, url: 'https://example.com/menu.pdf' }),
  ]);
  return { given, api, client, as, id, group, silenced };
}

export class ConsolePage {
  readonly page: Page;
  /** What the page's own console said, and uncaught errors. */
  readonly errors: string[] = [];
  /** Requests to other places than the API and the page itself. */
  readonly elsewhere: string[] = [];

  private constructor(page: Page, api: string) {
    this.page = page;
    page.on('console', (message) => message.type() === 'error' && this.errors.push(message.text()));
    page.on('pageerror', (error) => this.errors.push(String(error)));
    page.on('request', (request) => {
      const url = request.url();
      if (!url.startsWith(api) && !url.startsWith('data:')) this.elsewhere.push(url);
    });
  }

  /** The console with the app signed in, as `npm start` prints its address; without a shop the page that asks. */
  static async open(
    browser: Browser,
    { api, given }: Pick<Shop, 'api'> & { given?: Given },
    options: BrowserContextOptions & { path?: string } = {},
  ): Promise<ConsolePage> {
    const { path = '', ...more } = options;
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: 'en-GB', ...more });
    const opened = new ConsolePage(await context.newPage(), api);
    const filled = new URLSearchParams(given && { app_id: given.app, token: given.adminToken });
    if (given) filled.set('then', `#/${path}`);
    await opened.page.goto(`${api}/console#${filled}`);
    if (given) await opened.page.waitForSelector('.shell');
    return opened;
  }

  /** Goes to a page, and waits until it shows what it is about. */
  async go(path: string): Promise<void> {
    await this.page.evaluate(`location.hash = ${JSON.stringify(`#/${path}`)}`);
    await this.settled();
  }

  /** Waits until nothing is loaded any more. */
  async settled(): Promise<void> {
    await this.page.waitForTimeout(50);
    const waits = this.page.locator('main .skeleton, main .unloaded, main [aria-busy=true]');
    await waits.first().waitFor({ state: 'detached' });
  }

  heading = (): Promise<string> => this.page.innerText('h1');

  main = (): Promise<string> => this.page.innerText('main');

  /** Answers the dialog. */
  async answer(button: string, fields: Record<string, string> = {}): Promise<void> {
    const dialog = this.page.getByRole('dialog');
    for (const [name, value] of Object.entries(fields)) {
      const field = dialog.locator(`[name="${name}"]`);
      if ((await field.evaluate((element) => element.nodeName)) === 'SELECT') await field.selectOption(value);
      else await field.fill(value);
    }
    await dialog.getByRole('button', { name: button, exact: true }).click();
  }

  /** Waits until the page says so after an action. */
  says = (sentence: string): Promise<void> => this.page.locator('.said').getByText(sentence, { exact: true }).waitFor();

  /** What axe finds that is serious: rules with the elements that break them. */
  async serious(): Promise<string[]> {
    await this.page.evaluate(AXE);
    return this.page.evaluate<string[]>(`axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) =>
      violations.filter(({ impact }) => impact === 'serious' || impact === 'critical').flatMap(({ id, nodes }) =>
        nodes.map(({ html, failureSummary }) => id + ': ' + html.slice(0, 200) + ' ' + failureSummary)))`);
  }

  close = (): Promise<void> => this.page.context().close();
}
