import { existsSync } from 'node:fs';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Where a Chromium is installed; without one, tests of pages are skipped, and counted so. */
export const chromiumPath = [process.env.CHROMIUM ?? '', ...PLACES].find((path) => path !== '' && existsSync(path));
if (!chromiumPath) console.warn('No Chromium here (CHROMIUM=… names one): the tests of pages in a browser do not run.');
