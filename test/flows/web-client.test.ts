import { readFileSync } from 'node:fs';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chromiumPath, launchChromium, servePage } from '../support/chromium.ts';
import type { Served } from '../support/server.ts';
import { laptopStack } from '../support/stack.ts';
import { Given } from '../support/story.ts';
import { world } from '../support/world.ts';

const PAGE = readFileSync(new URL('web-client.html', import.meta.url));
/** Folder for a picture of the page, for people to look at. */
const PICTURES = process.env.PICTURES;

describe.runIf(chromiumPath)('A web client of the hosted service, in Chromium', () => {
  let served: Served;
  let browser: Browser;
  beforeAll(async () => {
    served = await servePage(PAGE);
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    await served?.close();
  });

  test('all calls of a session succeed in their order: login, friends, groups, files, settings, logout', async () => {
    const given = await Given.app(await world('over HTTP'), { guests: 1 });
    const { api_endpoint: api } = await laptopStack();
    const page = await browser.newPage();
    const errors: string[] = [];
    page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
    page.on('pageerror', (error) => errors.push(String(error)));
    await page.goto(`${served.origin}#${new URLSearchParams({ api, app_id: given.app })}`);
    await page.waitForFunction("document.querySelector('#end').textContent", undefined, { timeout: 100_000 });
    if (PICTURES) await page.screenshot({ path: `${PICTURES}/web-client.png`, fullPage: true });
    expect(await page.locator('.failed').allInnerTexts()).toEqual([]);
    expect(errors).toEqual([]);
    expect(await page.locator('#end').innerText()).toBe('All steps succeeded.');
    expect(await page.locator('li').count()).toBe(26);
    expect(await given.problems()).toEqual([]);
    await page.close();
  });
});
