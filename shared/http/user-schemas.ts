import * as z from 'zod/mini';
import { USERNAME } from '../data/keys.ts';
import { LONGEST, text, title } from './parameters.ts';

/** Schemas that several operations on users share. */

/**
 * ASCII letters, digits, _ and Chinese characters; not all digits; not a reserved beginning (docs/behaviour.md,
 * Usernames and mobile numbers).
 * NFKC makes no other letters or digits of these. The alphabet has no pattern in the API's description: that of
 * scripts needs a flag of regular expressions which readers of JSON Schema leave out.
 */
export const username = () =>
  z.pipe(
    title(LONGEST.username),
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

/** A password to be compared: of any form, so that a wrong one is wrong and not malformed. */
export const password = () => text(1024);

/** Absent and empty are the same: a login without a device of its own. */
export const deviceGuid = () =>
  z.optional(
    z.pipe(
      text(256),
      z.transform((guid: string) => guid || undefined),
    ),
  );
