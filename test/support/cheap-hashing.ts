/**
 * Hashing a password takes a quarter of a second of processor time, on purpose. Where tests are about something else it
 * does the same at the least cost there is. Over HTTP, and in the tests of passwords, it costs what it costs.
 */
import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import { CHEAP } from './secrets.ts';

type Scrypt = (...given: Parameters<typeof crypto.scrypt>) => void;

/** At its full cost. */
export const { scrypt } = crypto;

/** How passwords are hashed now: tests may replace it. */
export const hashing: { scrypt: Scrypt } = {
  scrypt: (password, salt, length, options, callback) =>
    scrypt(password, salt, length, (options.N ?? 0) > CHEAP.N ? CHEAP : options, callback),
};

crypto.scrypt = ((...given: Parameters<Scrypt>) => hashing.scrypt(...given)) as typeof scrypt;
syncBuiltinESMExports();
