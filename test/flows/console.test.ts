import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { tokenHash } from '../../shared/call/token.ts';
import * as schema from '../../shared/data/schema.ts';
import { update } from '../../shared/data/step.ts';
import { SCOPES } from '../../shared/scopes.ts';
import { chromiumPath, launchChromium } from '../support/chromium.ts';
import { ConsolePage, newShop, type Shop } from '../support/console.ts';

describe.runIf(chromiumPath)('the console in Chromium', () => {
  let browser: Browser;
  let shop: Shop;
  /** One window for most tests: loading the page takes longer than anything in it. */
  let at: ConsolePage;
  beforeAll(async () => {
    [browser, shop] = await Promise.all([launchChromium(), newShop()]);
    at = await ConsolePage.open(browser, shop);
    await at.settled();
  });
  afterAll(() => browser?.close());

  test('every page loads without an error, shows what it is about, and axe finds nothing serious in the fullest', async () => {
    const { id, group } = shop;
    // The token has left the address.
    expect(at.page.url()).toBe(`${shop.api}/console#/`);
    const pages: [path: string, heading: string, shows: string][] = [
      ['', 'Overview', 'Refusals by code'],
      ['users', 'Users', 'grace'],
      [`users/${id('alice')}`, 'alice Alice Liddell', '+4917612345678'],
      ['groups', 'Groups', 'Builders'],
      [`groups/${group}`, 'Tea party', 'dave'],
      ['events?types=group.member.*', 'Events', 'carol was banned in Tea party'],
      ['webhooks', 'Webhooks', 'No endpoints.'],
    ];
    for (const [path, heading, shows] of pages) {
      await at.go(path);
      await at.page.getByText(shows).first().waitFor();
      expect(await at.heading()).toBe(heading);
      // `npm run test:console` has axe look at all of them.
      if (path.includes('/')) expect([path, await at.serious()]).toEqual([path, []]);
    }
    expect(at.errors).toEqual([]);
    expect(at.elsewhere).toEqual([]);
  });

  test('“Why can’t she?” tells the reason, since when, by whom and until when, and mends it', async () => {
    const { id, group, client } = shop;
    await at.go('why');
    await at.page.fill('[name=user]', 'carol');
    await at.page.fill('[name=group]', 'tea');
    await at.page.click('.question button');
    const verdict = at.page.getByRole('region', { name: 'Send messages' });
    await verdict.getByText('group.member.banned').waitFor();
    const text = await verdict.innerText();
    expect(text).toMatch(/may not\s+The user is banned from speaking in the group\. \(20026\)/);
    expect(text).toMatch(/By\s+admin token as bob/);
    expect(text).toMatch(/Until\s+1 h 2\d min left/);
    await verdict.getByRole('button', { name: 'Lift the ban' }).click();
    await at.answer('Lift the ban');
    await verdict.getByText('The user is a member, not banned').waitFor();
    expect((await client.group.bannedList({ group_id: group })).data).toEqual([]);
    const [decision] = await client.access.check({
      items: [{ action: 'publish', user_id: id('carol'), group_id: group }],
    });
    expect(decision?.allow).toBe(true);
  });

  test('“Why can’t she?” names what removed a user, not what came later, also for a token that may only read', async () => {
    const { id, group, client, given, as } = shop;
    await as('erin').group.apply({ group_id: group, reason: 'Let me in again' });
    const applied = { types: 'group.application.created', user_id: id('erin') };
    await expect.poll(async () => (await client.event.list(applied)).data).toHaveLength(1);
    const narrow = (scopes: string[]) =>
      given.db.write([update(schema.adminToken.key(given.app, tokenHash(given.adminToken)), { set: { scopes } })]);
    await narrow(['read']);
    await at.go(`why?user=erin&group=${group}`);
    const verdict = at.page.getByRole('region', { name: 'Read messages' });
    await verdict.getByText('group.member.removed').waitFor();
    expect(await verdict.innerText()).toMatch(/By\s+admin token as bob/);
    await narrow(Object.keys(SCOPES));
  });

  test('an action asks before it destroys, and does what it says only after that', async () => {
    const { id, client } = shop;
    await at.go(`users/${id('erin')}`);
    await at.page.getByRole('button', { name: 'Delete', exact: true }).click();
    const dialog = at.page.getByRole('dialog');
    expect(await dialog.innerText()).toContain('Delete erin?');
    expect(await dialog.innerText()).toContain('This cannot be undone.');
    const confirm = dialog.getByRole('button', { name: 'Delete' });
    await dialog.locator('[name=typed]').fill('eri');
    expect(await confirm.isDisabled()).toBe(true);
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    expect((await client.user.list()).data.map(({ username }) => username)).toContain('erin');
    await at.page.getByRole('button', { name: 'Delete', exact: true }).click();
    await at.answer('Delete', { typed: 'erin' });
    await at.says('Delete: erin.');
    expect((await client.user.list()).data.map(({ username }) => username)).not.toContain('erin');
    await at.page.getByText('There is no user with this id').waitFor();
  });

  test('a list of ids and names is worked off, entry by entry, and what failed can be tried again', async () => {
    const { id, group, client } = shop;
    await at.go(`groups/${group}/bulk`);
    await at.page.fill('#bulk-list', `username\ngrace, ${id('dave')}\nnobody_knows\ngrace`);
    await at.page.getByText('3 entries in the list · 1 repetition left out').waitFor();
    await at.page.getByRole('button', { name: 'Add people: Start with 3 entries' }).click();
    await at.page.getByText('2 failed', { exact: true }).waitFor();
    const results = await at.page.locator('.results').innerText();
    expect(results).toMatch(/grace\s+done/);
    expect(results).toMatch(/\d+\s+the user is already a group member\s+nobody_knows\s+no such user/);
    const members = await client.group.memberList({ group_id: group });
    expect(members.data.map(({ user_id }) => user_id)).toContain(id('grace'));
    await client.user.registerV2({ username: 'nobody_knows', password: 'correct-horse' });
    await at.page.getByRole('button', { name: 'Try the 2 failed entries again' }).click();
    await at.page.getByText('2 done', { exact: true }).waitFor();
  });

  test('10,000 members scroll smoothly, of which only those in sight are drawn', async () => {
    const { group, client } = shop;
    const info = await client.group.info({ group_id: group });
    const all = Array.from({ length: 10_000 }, (_, index) => ({
      user_id: 1_000_000 + index,
      display_name: `Member ${index}`,
      join_time: 1_700_000_000 + index,
    }));
    const reply = (data: unknown, more: object = {}) => ({
      json: { code: 200, data, message: null, ...more },
      headers: { 'access-control-allow-origin': '*' },
    });
    await at.page.route('**/group/info?**', (route) => route.fulfill(reply({ ...info, count: all.length })));
    await at.page.route('**/group/member_list?**', (route) => {
      const from = Number(new URL(route.request().url()).searchParams.get('cursor') ?? 0);
      const next = from + 1000 < all.length ? { cursor: String(from + 1000) } : {};
      return route.fulfill(reply(all.slice(from, from + 1000), { total: all.length, ...next }));
    });
    await at.page.route('**/roster/list', (route) => route.fulfill(reply([])));
    await at.go(`groups/${group}/timeline`);
    await at.go(`groups/${group}`);
    await at.page.getByText('Member 0', { exact: true }).waitFor();
    const cdp = await at.page.context().newCDPSession(at.page);
    // Time of the processor, which other work on the machine does not lengthen.
    await cdp.send('Performance.enable', { timeDomain: 'threadTicks' });
    const worked = async () => {
      const { metrics } = await cdp.send('Performance.getMetrics');
      return metrics.find(({ name }) => name === 'TaskDuration')!.value * 1000;
    };
    const before = await worked();
    const frames = await at.page.evaluate<number[]>(`new Promise((resolve) => {
      const list = document.querySelector('.virtual');
      const times = [];
      let last = performance.now();
      const step = (now) => {
        times.push(now - last);
        last = now;
        list.scrollTop += 400;
        if (times.length < 60) requestAnimationFrame(step);
        else resolve(times.slice(1).sort((one, other) => one - other));
      };
      requestAnimationFrame(step);
    })`);
    const each = (await worked()) - before;
    console.info(
      `a frame of scrolling by 11 members: ${(each / 60).toFixed(1)} ms of work, ${frames[30]?.toFixed(1)} ms (median)`,
    );
    // 60 frames per second leave 16.7 ms for each.
    expect(each / 60).toBeLessThan(16);
    await at.page.evaluate("document.querySelector('.virtual').scrollTop = 1e9");
    await at.page.getByText('Member 9999', { exact: true }).waitFor();
    expect(await at.page.locator('.virtual tbody tr').count()).toBeLessThan(70);
    await at.page.unrouteAll();
  });

  test('a pending application is found behind pages of handled ones', async () => {
    const { group, id } = shop;
    const application = (status: number, applicant: number) => ({
      ...{ group_id: group, applicant_id: applicant, reason: '', status, expired_time: -1, updated_at: 1_700_000_000 },
    });
    await at.page.route('**/group/application_list', (route) => {
      const first = route.request().postDataJSON().cursor === undefined;
      return route.fulfill({
        json: {
          ...{ code: 200, message: null, total: 2 },
          ...(first ? { data: [application(1, id('bob'))], cursor: 'next' } : { data: [application(0, id('grace'))] }),
        },
        headers: { 'access-control-allow-origin': '*' },
      });
    });
    await at.go(`groups/${group}/applications`);
    const part = at.page.getByRole('region', { name: 'Applications' }).first();
    expect(await part.innerText()).not.toContain('bob');
    await part.getByRole('button', { name: 'Show more' }).click();
    await part.getByRole('link', { name: 'grace' }).waitFor();
    await at.page.unrouteAll();
  });

  test('a slow service is shown, a failing one says so, and nothing of what was typed is lost', async () => {
    const { id } = shop;
    let fails = true;
    await at.page.route('**/admin/user/info?**', async (route) => {
      if (!fails) return route.continue();
      await new Promise((resolve) => setTimeout(resolve, 600));
      await route.fulfill({ status: 500, body: '{}', headers: { 'access-control-allow-origin': '*' } });
    });
    await at.page.evaluate(`location.hash = '#/users/${id('bob')}'`);
    await at.page.getByText('Waiting for the service…').waitFor({ state: 'attached' });
    await at.page.getByText('The service failed (HTTP 500).').first().waitFor();
    fails = false;
    await at.page.getByRole('button', { name: 'Try again' }).first().click();
    await at.page.getByRole('button', { name: 'Set a password' }).click();
    await at.page.route('**/user/change_password_admin', (route) => route.abort());
    await at.answer('Set a password', { password: 'a new password' });
    await at.page.getByText('The service cannot be reached.').waitFor();
    expect(await at.page.inputValue('[name=password]')).toBe('a new password');
    await at.page.unrouteAll();
    await at.answer('Try again');
    await at.says('Set a password: bob.');
    at.errors.length = 0;
  });

  test('a token that is revoked, and a wrong one, lead to the page that asks for another, with nothing of the app left', async () => {
    const { given, id } = shop;
    await at.go(`users/${id('alice')}`);
    await at.page.route('**/admin/user/info?**', (route) =>
      route.fulfill({
        json: { code: 402, data: null, message: 'the access-token is expired, replaced or revoked: log in again' },
        headers: { 'access-control-allow-origin': '*' },
      }),
    );
    await at.page.evaluate(`location.hash = '#/users/${id('bob')}'`);
    await at.page.getByText('The admin token has expired or was revoked.').waitFor();
    await at.page.unrouteAll();
    const left = await at.page.content();
    for (const text of ['alice', 'Tea party', given.adminToken]) expect(left).not.toContain(text);
    expect(await at.page.evaluate('sessionStorage.length')).toBe(0);
    // The page behind is loaded again, and has only the id of the app.
    expect(await at.page.evaluate('performance.getEntriesByType("navigation")[0].type')).toBe('reload');
    expect(await at.page.inputValue('[name=app]')).toBe(given.app);

    const other = await given.otherApp();
    await at.page.fill('[name=token]', other.adminToken);
    await at.page.getByRole('button', { name: 'Sign in' }).click();
    await at.page.getByText('The service does not accept this app id and admin token.').waitFor();
    await at.page.fill('[name=app]', other.app);
    await at.page.getByRole('button', { name: 'Sign in' }).click();
    await at.page.waitForSelector('.shell');
    await at.go('users');
    await at.page.getByText('No user found.').waitFor();
  });
});
