import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chromiumPath, launchChromium } from '../support/chromium.ts';
import { laptopStack } from '../support/stack.ts';

const stack = await laptopStack();

describe('/docs/demo.json', () => {
  const get = (headers: Record<string, string> = {}) => fetch(`${stack.api_endpoint}/docs/demo.json`, { headers });

  test("the laptop's page reads the demo app, and a page of another origin cannot", async () => {
    const response = await get({ origin: 'https://example.org' });
    const { app_id, admin_token, users, group_id } = stack;
    expect(await response.json()).toEqual({ app_id, admin_token, users, group_id });
    expect(users.map(({ user_id, username }) => [user_id, username])).toEqual([
      [1001, 'ann'],
      [1002, 'ben'],
    ]);
    expect(response.headers.get('access-control-allow-origin')).toBeNull();
  });
});

describe.runIf(chromiumPath)('the page /docs in Chromium', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser?.close());

  /** The page on a wide screen. Both tests share it, since loading it takes most of the time. */
  let page: Page;
  const errors: string[] = [];
  const elsewhere: string[] = [];
  beforeAll(async () => {
    page = await browser.newPage({ viewport: { width: 1440, height: 900 }, colorScheme: 'light' });
    page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
    page.on('pageerror', (error) => errors.push(String(error)));
    page.on('request', (request) => {
      const url = request.url();
      if (!url.startsWith(stack.api_endpoint) && !url.startsWith('data:')) elsewhere.push(url);
    });
    await page.goto(`${stack.api_endpoint}/docs`);
    await page.waitForSelector('.opblock-tag');
    await page.waitForSelector('#demo:not([hidden])');
  });

  const call = async (tag: string, operation: string) => {
    const block = page.locator(`#operations-${tag}-${operation}`);
    if (!(await block.isVisible())) await page.click(`[data-tag="${tag}"]`);
    await block.locator('.opblock-summary-control').click();
    await block.locator('.execute').click();
    const answer = block.locator('.live-responses-table');
    await answer.waitFor();
    expect(await answer.locator('tbody .response-col_status').first().innerText()).toContain('200');
    const shown = await answer.locator('.highlight-code').first().innerText();
    return JSON.parse(shown.slice(shown.indexOf('{'), shown.lastIndexOf('}') + 1));
  };

  test('the page loads without an error, and the first call made from it succeeds as the chosen user', async () => {
    // Its example names ben as the first member.
    const { code, data } = await call('Groups', 'groupCreate');
    expect([code, data?.owner_id, data?.count]).toEqual([200, 1001, 2]);
    await page.selectOption('#actor', '1002');
    expect((await call('Groups', 'groupUserJoined')).data.length).toBeGreaterThan(1);
    expect(errors).toEqual([]);
    expect(elsewhere).toEqual([]);
  });

  test('the page is dark where the system is dark, and fits a phone', async () => {
    await page.emulateMedia({ colorScheme: 'dark' });
    await page.setViewportSize({ width: 390, height: 900 });
    const { width, background } = await page.evaluate<{ width: number; background: string }>(
      '({ width: document.documentElement.scrollWidth, background: getComputedStyle(document.body).backgroundColor })',
    );
    expect(width).toBe(390);
    expect(background).toBe('rgb(28, 32, 34)');
    expect(errors).toEqual([]);
  });
});
