import { existsSync } from 'node:fs';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Path of an installed Chromium. Without one, tests of pages are skipped, and reported as skipped. */
export const chromiumPath = [process.env.CHROMIUM ?? '', ...PLACES].find((path) => path !== '' && existsSync(path));
if (!chromiumPath) console.warn('No Chromium here (CHROMIUM=… names one): the tests of pages in a browser do not run.');
