import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import type { PasswordHash } from '../../data/user-repo.ts';
import { stillRunning } from '../../deadline.ts';

/** OWASP's scrypt setting with the least memory: 16 MiB per password, five passes. */
const PARAMETERS = { N: 2 ** 14, r: 8, p: 5 };
const LENGTH = 32;

const scryptAsync = promisify<string, Buffer, number, { N: number; r: number; p: number }, Buffer>(scrypt);

/** A hash cannot be stopped once it runs. @throws Unavailable after the call's end */
async function derive(...given: Parameters<typeof scryptAsync>): Promise<Buffer> {
  stillRunning();
  return scryptAsync(...given);
}

/** A hash with a new salt. */
export async function hashPassword(password: string): Promise<PasswordHash> {
  const salt = randomBytes(16);
  const hash = await derive(normal(password), salt, LENGTH, PARAMETERS);
  return { salt: salt.toString('base64url'), hash: hash.toString('base64url'), ...PARAMETERS };
}

const NOBODY: PasswordHash = {
  salt: randomBytes(16).toString('base64url'),
  hash: randomBytes(LENGTH).toString('base64url'),
  ...PARAMETERS,
};

/** Whether the password matches the hash. Without a hash the answer is no, at the same cost. */
export async function isPassword(password: string, stored: PasswordHash | undefined): Promise<boolean> {
  const { salt, hash, N, r, p } = stored ?? NOBODY;
  const expected = Buffer.from(hash, 'base64url');
  const found = await derive(normal(password), Buffer.from(salt, 'base64url'), expected.length, { N, r, p });
  return timingSafeEqual(found, expected) && stored !== undefined;
}

/** Different keyboards may compose the same password differently. */
const normal = (password: string) => password.normalize('NFKC');
