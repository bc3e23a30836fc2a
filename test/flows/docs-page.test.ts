import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { laptopStack } from '../support/stack.ts';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const executablePath = [process.env.CHROMIUM ?? '', ...PLACES].find((path) => path !== '' && existsSync(path));
if (!executablePath)
  console.warn('No Chromium here (CHROMIUM=… names one): the tests of the page /docs in a browser do not run.');

const stack = await laptopStack();

describe('/docs/demo.json', () => {
  const get = (headers: Record<string, string> = {}) => fetch(`${stack.api_endpoint}/docs/demo.json`, { headers });

  test('tells the laptop’s page the demo app, and no page of another origin', async () => {
    const response = await get({ origin: 'https://example.org' });
    expect(await response.json()).toEqual({ app_id: stack.app_id, admin_token: stack.admin_token });
    expect(response.headers.get('access-control-allow-origin')).toBeNull();
  });
});

describe.runIf(executablePath)('the page /docs in Chromium', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: executablePath!, args: ['--disable-gpu'] });
  });
  afterAll(() => browser?.close());

  const opened = async (options: { width: number; colorScheme: 'light' | 'dark' }) => {
    const { width, colorScheme } = options;
    const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
    const errors: string[] = [];
    const elsewhere: string[] = [];
    page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
    page.on('pageerror', (error) => errors.push(String(error)));
    page.on('request', (request) => {
      const url = request.url();
      if (!url.startsWith(stack.api_endpoint) && !url.startsWith('data:')) elsewhere.push(url);
    });
    await page.goto(`${stack.api_endpoint}/docs`);
    await page.waitForSelector('.opblock-tag');
    await page.waitForSelector('#demo:not([hidden])');
    return { page, errors, elsewhere };
  };

  test('loads without an error, and a call made from it succeeds', async () => {
    const { page, errors, elsewhere } = await opened({ width: 1440, colorScheme: 'light' });
    await page.click('.opblock-tag:has-text("Groups")');
    await page.click('#operations-Groups-groupPublicList .opblock-summary-control');
    await page.click('#operations-Groups-groupPublicList .execute');
    const answer = page.locator('#operations-Groups-groupPublicList .live-responses-table');
    await answer.waitFor();
    expect(await answer.locator('tbody .response-col_status').first().innerText()).toContain('200');
    expect((await answer.locator('.highlight-code').first().innerText()).replace(/\s/g, '')).toContain('"code":200');
    expect(errors).toEqual([]);
    expect(elsewhere).toEqual([]);
    await page.close();
  });

  test('is dark where the reader’s system is, and fits a phone', async () => {
    const { page, errors } = await opened({ width: 390, colorScheme: 'dark' });
    const { width, background } = await page.evaluate<{ width: number; background: string }>(
      '({ width: document.documentElement.scrollWidth, background: getComputedStyle(document.body).backgroundColor })',
    );
    expect(width).toBe(390);
    expect(background).toBe('rgb(28, 32, 34)');
    expect(errors).toEqual([]);
    await page.close();
  });
});
