/**
 * Hashing a password takes a quarter of a second of processor time, on purpose. Tests of other things use parameters
 * that cost next to nothing. Over HTTP, and in the tests of passwords, the real parameters stay.
 */
import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import { CHEAP } from './secrets.ts';

const { scrypt } = crypto;

crypto.scrypt = ((password, salt, length, options, callback) =>
  scrypt(password, salt, length, (options.N ?? 0) > CHEAP.N ? CHEAP : options, callback)) as typeof scrypt;
syncBuiltinESMExports();
