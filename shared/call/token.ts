import { createHmac, createSecretKey, hash, type KeyObject, randomBytes, timingSafeEqual } from 'node:crypto';
import type { App } from '../data/app-repo.ts';
import type { UserId } from '../ids.ts';

/**
 * Tokens are `u1.<user>.<device>.<random>.<mac>` for a user's session and `a1.<random>.<mac>` for an admin
 * (docs/behaviour.md, Tokens). The 256 random bits are the secret; the table keeps only their hash. User and device are
 * locators: by them the session and the user are read together, and nothing trusts them until the hash agrees. The MAC
 * distinguishes a forged token (badToken) from a revoked one (loginAgain) without a read.
 */
export interface UserToken {
  kind: 'user';
  text: string;
  user: UserId;
  device: number;
}

export interface AdminTokenText {
  kind: 'admin';
  text: string;
}

export type Token = UserToken | AdminTokenText;

const USER_TOKEN = /^u1\.([0-9a-z]{1,11})\.([0-9a-z]{1,11})\.[\w-]{43}\.[\w-]{22}$/;
const ADMIN_TOKEN = /^a1\.[\w-]{43}\.[\w-]{22}$/;

/** The token's parts; undefined where the text has not the form of a token. */
export function parseToken(text: string): Token | undefined {
  if (ADMIN_TOKEN.test(text)) return { kind: 'admin', text };
  const [, user, device] = USER_TOKEN.exec(text) ?? [];
  if (!user || !device) return undefined;
  const numbers = [Number.parseInt(user, 36) as UserId, Number.parseInt(device, 36)] as const;
  return numbers.every(Number.isSafeInteger) ? { kind: 'user', text, user: numbers[0], device: numbers[1] } : undefined;
}

type Purpose = 'token' | 'cursor' | 'qrcode' | 'file' | 'device' | 'user';

/** Each purpose has its own key, so that a signature for one purpose is not valid for another. */
export const keyFor = (app: App, purpose: Purpose): KeyObject =>
  // Node computes an HMAC several times as fast with a key object as with a buffer.
  createSecretKey(createHmac('sha256', createSecretKey(app.secret, 'base64url')).update(purpose).digest());

/** 128 bits, base64url: 22 characters. */
export const mac = (key: KeyObject, text: string) =>
  createHmac('sha256', key).update(text).digest().subarray(0, 16).toString('base64url');

/** A positive number within int32 that follows from the text, but only for those who have the app's secret. */
export const numberFor = (app: App, purpose: Purpose, text: string): number =>
  1 + ((createHmac('sha256', keyFor(app, purpose)).update(text).digest().readUInt32BE(0) >>> 1) % (2 ** 31 - 1));

/** Compares in constant time. Texts may hold any character, so their bytes are compared. */
export function sameText(one: string, other: string): boolean {
  const [first, second] = [Buffer.from(one), Buffer.from(other)];
  return first.length === second.length && timingSafeEqual(first, second);
}

function sign(app: App, body: string) {
  return `${body}.${mac(keyFor(app, 'token'), `${app.app}|${body}`)}`;
}

/** Whether this app has issued the token. */
export function isGenuine(app: App, { text }: Token) {
  return sameText(sign(app, text.slice(0, text.lastIndexOf('.'))), text);
}

const secret = () => randomBytes(32).toString('base64url');

export const newUserToken = (app: App, user: UserId, device: number) =>
  sign(app, `u1.${user.toString(36)}.${device.toString(36)}.${secret()}`);
export const newAdminToken = (app: App) => sign(app, `a1.${secret()}`);

/** The form in which the table keeps a token. */
export const tokenHash = (text: string) => hash('sha256', text, 'base64url');
