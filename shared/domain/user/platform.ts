import { randomBytes, randomInt } from 'node:crypto';
import { numberFor } from '../../call/token.ts';
import type { App } from '../../data/app-repo.ts';
import type { Device } from '../../data/device-repo.ts';
import type { UserId } from '../../ids.ts';

/** The most characters of a user agent that are stored. */
const AGENT = 512;

/** Serial number of a device: derived from its guid, so that parallel logins agree on it; random without a guid. */
export function deviceNumber(app: App, user: UserId, devices: Device[], guid: string | undefined): number {
  for (let attempt = 0; ; attempt++) {
    const number = guid === undefined ? randomInt(1, 2 ** 31) : numberFor(app, 'device', `${user}|${attempt}|${guid}`);
    const taken = devices.find(({ sn }) => sn === number);
    if (!taken || (guid !== undefined && taken.guid === guid)) return number;
  }
}

export const newPushToken = () => randomBytes(24).toString('base64url');

export const agentText = (userAgent: string) => userAgent.slice(0, AGENT);

/**
 * 1 iOS, 2 Android, 3 Windows, 4 macOS, 5 Linux; 6 a browser, or unknown (section 1.7, docs/decisions/0020-platform.md).
 * The first match counts: iPhones say "like Mac OS X" and Android says Linux. Apple's networking library names only the
 * processor.
 */
const SYSTEMS = [
  [1, /\b(iphone|ipad|ipod|ios|ipados)\b|cfnetwork\/\S+ darwin\/(?!.*\((x86_64|arm64)\))/i],
  [2, /\b(android|okhttp|dalvik)\b/i],
  [3, /windows|\bwin(32|64)\b/i],
  [4, /\bmac ?os|macintosh|\bdarwin\b/i],
  [5, /\b(linux|ubuntu|debian|x11)\b/i],
] as const;

/** The attributes of a device that its user agent gives. */
export function agentOf(userAgent: string) {
  const agent = agentText(userAgent);
  return { agent, platform: platformOf(agent) };
}

/** @returns the number of section 1.7 */
export function platformOf(userAgent: string): number {
  // Desktop clients on Electron look like browsers, but name Electron.
  if (/^(Mozilla|Opera)\//.test(userAgent) && !/\bElectron\//.test(userAgent)) return 6;
  return SYSTEMS.find(([, pattern]) => pattern.test(userAgent))?.[0] ?? 6;
}
