import * as z from 'zod/mini';
import { USERNAME } from '../data/keys.ts';
import { LONGEST_ISSUER, LONGEST_SUBJECT } from '../limits.ts';
import { LONGEST, text, title } from './parameters.ts';

/** Parameters that several operations on users share. */

/**
 * ASCII letters, digits, _ and Chinese characters; not all digits; not a reserved beginning (docs/behaviour.md,
 * Usernames and mobile numbers). NFKC leaves these characters as they are. The API's description has no pattern for the
 * alphabet: a pattern with scripts needs the flag `v` or `u`, which readers of JSON Schema do not set.
 */
export const username = (most: number = LONGEST.username) =>
  z.pipe(
    title(most),
    z.string().check(
      z.refine((name) => USERNAME.test(name), 'must have ASCII letters, digits, _ and Chinese characters only'),
      z.regex(/[^0-9]/, 'must not be all digits'),
      z.regex(/^(?!maxim|mta)/i, 'must not begin with maxim or mta'),
    ),
  );

export const newPassword = () =>
  z.pipe(
    text(128),
    z.string().check(
      z.refine((value) => [...value].length >= 8, 'must have at least 8 characters'),
      z.meta({ minLength: 8 }),
    ),
  );

/** A password to compare. Any form is accepted, so that the answer to a wrong one is always the same error. */
export const password = () => text(1024);

/** An absent and an empty one are the same: a login without its own device. */
export const deviceGuid = () =>
  z.optional(
    z.pipe(
      text(256),
      z.transform((guid: string) => guid || undefined),
    ),
  );

export const mobileNumber = () =>
  z.string('must be text').check(z.regex(/^\+?[0-9]{5,15}$/, 'must be 5 to 15 digits, perhaps after a +'));

/** How an issuer names a person. */
export const identity = () =>
  z.object({
    issuer: title(LONGEST_ISSUER),
    subject: text(LONGEST_SUBJECT).check(z.minLength(1, 'may not be empty')),
  });
