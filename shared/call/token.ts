import { createHmac, createSecretKey, hash, type KeyObject, randomBytes, timingSafeEqual } from 'node:crypto';
import type { App } from '../data/app-repo.ts';

/**
 * Tokens: `u1.<user>.<device>.<random>.<mac>` of a user's session, `a1.<random>.<mac>` of an admin
 * (docs/behaviour.md, Tokens). The 256 random bits are the secret and lie in the table only as a hash. User and device
 * are locators: they let the actor's records be read together with the session, and are believed only once the hash agrees.
 * The MAC tells a forged token (badToken) from one whose record is gone (loginAgain) without a read.
 */
interface UserToken {
  kind: 'user';
  text: string;
  user: number;
  device: number;
}

interface AdminTokenText {
  kind: 'admin';
  text: string;
}

export type Token = UserToken | AdminTokenText;

const USER_TOKEN = /^u1\.([0-9a-z]{1,11})\.([0-9a-z]{1,11})\.[\w-]{43}\.[\w-]{22}$/;
const ADMIN_TOKEN = /^a1\.[\w-]{43}\.[\w-]{22}$/;

/** The token's parts, or undefined where it has not the form of one. */
export function parseToken(text: string): Token | undefined {
  if (ADMIN_TOKEN.test(text)) return { kind: 'admin', text };
  const [, user, device] = USER_TOKEN.exec(text) ?? [];
  if (!user || !device) return undefined;
  const numbers = [Number.parseInt(user, 36), Number.parseInt(device, 36)] as const;
  return numbers.every(Number.isSafeInteger) ? { kind: 'user', text, user: numbers[0], device: numbers[1] } : undefined;
}

/** A key of its own for each purpose, so that nothing signed for one is good for another. */
export const keyFor = (app: App, purpose: 'token' | 'cursor' | 'qrcode' | 'file' | 'device'): KeyObject =>
  // Key objects: an HMAC by a buffer takes Node several times as long.
  createSecretKey(createHmac('sha256', createSecretKey(app.secret, 'base64url')).update(purpose).digest());

/** 128 bits, base64url: 22 characters. */
export const mac = (key: KeyObject, text: string) =>
  createHmac('sha256', key).update(text).digest().subarray(0, 16).toString('base64url');

/** Compares in constant time; texts of callers may hold anything, so it is their bytes that must be as many. */
export function sameText(one: string, other: string): boolean {
  const [first, second] = [Buffer.from(one), Buffer.from(other)];
  return first.length === second.length && timingSafeEqual(first, second);
}

function sign(app: App, body: string) {
  return `${body}.${mac(keyFor(app, 'token'), `${app.app}|${body}`)}`;
}

/** The token was issued by this app. */
export function isGenuine(app: App, { text }: Token) {
  return sameText(sign(app, text.slice(0, text.lastIndexOf('.'))), text);
}

const secret = () => randomBytes(32).toString('base64url');

export const newUserToken = (app: App, user: number, device: number) =>
  sign(app, `u1.${user.toString(36)}.${device.toString(36)}.${secret()}`);
export const newAdminToken = (app: App) => sign(app, `a1.${secret()}`);

/** What the table holds of a token. */
export const tokenHash = (text: string) => hash('sha256', text, 'base64url');
