/**
 * Hashing a password takes a quarter of a second of processor time, on purpose. Tests of other things use parameters
 * that cost next to nothing. Over HTTP, and in the tests of passwords, the real parameters stay.
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
