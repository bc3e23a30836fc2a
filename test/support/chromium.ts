import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';
import { type Served, serve } from './server.ts';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Path of an installed Chromium. Without one, tests of pages are skipped, and reported as skipped. */
export const chromiumPath = [process.env.CHROMIUM ?? '', ...PLACES].find((path) => path !== '' && existsSync(path));
if (!chromiumPath) console.warn('No Chromium here (CHROMIUM=… names one): the tests of pages in a browser do not run.');

export const launchChromium = (): Promise<Browser> =>
  chromium.launch({ executablePath: chromiumPath!, args: ['--disable-gpu'] });

/** A page on an origin of its own: the answer to every request. */
export const servePage = (html: string | Buffer = '<!doctype html><title>page</title>'): Promise<Served> =>
  serve((_, response) => response.setHeader('content-type', 'text/html').end(html));
