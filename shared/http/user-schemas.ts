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

/** The settings record (section 1.35). */
export const settingsReply = z.object({
  auth_answer: z.string(),
  auth_mode: z.int(),
  auth_question: z.string(),
  auto_download: z.boolean(),
  group_confirm: z.boolean(),
  id: z.int(),
  no_push: z.boolean(),
  no_push_detail: z.boolean(),
  no_push_end_hour: z.int(),
  no_push_start_hour: z.int(),
  no_sounds: z.boolean(),
  push_nick_name: z.string(),
  push_token: z.string(),
  silence_end_time: z.int(),
  silence_start_time: z.int(),
  user_id: z.int(),
  vibratory: z.boolean(),
});

/** What a login hands out (token document). */
export const sessionReply = z.object({
  token: z.string(),
  user_id: z.int(),
  expire: z.int(),
  push_token: z.string(),
  encrypt_type: z.int(),
  public_key: z.string(),
  access_key_secret: z.null(),
  store_token: z.null(),
});
