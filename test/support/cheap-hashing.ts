/**
 * Hashing a password takes a quarter of a second of processor time, on purpose. Where tests are about something else it
 * does the same at the least cost there is. Over HTTP, and in the tests of passwords, it costs what it costs.
 */
import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import { CHEAP } from './secrets.ts';

const { scrypt } = crypto;

crypto.scrypt = ((password, salt, length, options, callback) =>
  scrypt(password, salt, length, (options.N ?? 0) > CHEAP.N ? CHEAP : options, callback)) as typeof scrypt;
syncBuiltinESMExports();
