import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Browser, chromium } from 'playwright-core';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Path of an installed Chromium. Without one, tests of pages are skipped, and reported as skipped. */
export const chromiumPath = [process.env.CHROMIUM ?? '', ...PLACES].find((path) => path !== '' && existsSync(path));
if (!chromiumPath) console.warn('No Chromium here (CHROMIUM=… names one): the tests of pages in a browser do not run.');

export const launchChromium = (): Promise<Browser> =>
  chromium.launch({ executablePath: chromiumPath!, args: ['--disable-gpu'] });

/** A page on an origin of its own. */
export interface ServedPage {
  origin: string;
  close(): Promise<void>;
}

/** Answers every request with the page, on a free port. */
export async function servePage(html: string | Buffer = '<!doctype html><title>page</title>'): Promise<ServedPage> {
  const server = createServer((_, response) => response.setHeader('content-type', 'text/html').end(html));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
