import { createHmac, randomBytes, randomInt } from 'node:crypto';
import type { App } from '../../data/app-repo.ts';
import type { Device } from '../../data/user-repo.ts';
import { keyFor } from '../token.ts';

/** Longest user agent kept, in characters. */
const AGENT = 512;

/** Serial number of the device: drawn from its guid, so that two logins at once find the same; random without one. */
export function deviceNumber(app: App, user: number, devices: Device[], guid: string | undefined): number {
  for (let attempt = 0; ; attempt++) {
    const number =
      guid === undefined ? randomInt(1, 2 ** 31) : 1 + (hash31(app, `${user}|${attempt}|${guid}`) % (2 ** 31 - 1));
    const taken = devices.find(({ sn }) => sn === number);
    if (!taken || (guid !== undefined && taken.guid === guid)) return number;
  }
}

const hash31 = (app: App, text: string) =>
  createHmac('sha256', keyFor(app, 'device')).update(text).digest().readUInt32BE(0) >>> 1;

export const newPushToken = () => randomBytes(24).toString('base64url');

export const agentText = (userAgent: string) => userAgent.slice(0, AGENT);

/** 1 iOS, 2 Android, 3 Windows, 4 macOS, 5 Linux; 6 a browser, or unknown (section 1.7). */
export function platformOf(userAgent: string): number {
  if (/^(Mozilla|Opera)\//.test(userAgent)) return 6;
  const systems = [
    [1, /iphone|ipad|ios|cfnetwork.*darwin.*mobile/i],
    [2, /android|okhttp|dalvik/i],
    [3, /windows|win32|win64/i],
    [4, /mac ?os|macintosh|darwin/i],
    [5, /linux|ubuntu|debian|x11/i],
  ] as const;
  return systems.find(([, pattern]) => pattern.test(userAgent))?.[0] ?? 6;
}
