import * as z from 'zod/mini';
import type { ApiError } from '../errors.ts';
import { list, MOST_WRITTEN } from './parameters.ts';
import { parameterError, withoutNulls } from './request.ts';

/**
 * A list of objects that succeed or fail one by one. This schema checks only the fields that name an entry: an error there
 * is badParameter for the whole call. `entryOf` checks the rest, entry by entry.
 */
export const entries = <S extends z.core.$ZodLooseShape>(naming: S) => list(z.looseObject(naming), 1, MOST_WRITTEN);

/** Such a list in `list`. The API documents do not require it; without one the call does nothing. */
export const batch = <S extends z.core.$ZodLooseShape>(naming: S) =>
  z.object({ list: z._default(entries(naming), []) });

/** Most bytes of a body with a list of profiles or avatars: what the gateway passes to a function at most. */
export const MOST_BATCH_BODY = 6 * 1024 * 1024;

/** The entry as its schema parses it, or the error of this entry alone. */
export function entryOf<S extends z.ZodMiniType>(schema: S, entry: object): z.output<S> | ApiError {
  const given = withoutNulls(entry);
  const parsed = schema.safeParse(given);
  return parsed.success ? parsed.data : parameterError(parsed.error, given);
}

/** The first entry for each name, in the order of the request. */
export const uniqueBy = <T, K extends keyof T>(entries: T[], name: K): T[] =>
  entries.filter((entry, index) => entries.findIndex((other) => other[name] === entry[name]) === index);
