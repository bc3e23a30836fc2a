import * as z from 'zod/mini';
import type { ApiError } from '../errors.ts';
import { list, MOST_WRITTEN } from './parameters.ts';
import { parameterError, withoutNulls } from './request.ts';

/**
 * A `list` of objects, each to succeed or fail on its own: here only what names an entry is insisted on
 * (badParameter for the whole call), the rest is checked entry by entry with `entryOf`. The documents do not require
 * the list: without one there is nothing to do.
 */
export const batch = <S extends z.core.$ZodLooseShape>(naming: S) =>
  z.object({ list: z._default(list(z.looseObject(naming), 1, MOST_WRITTEN), []) });

/** Bytes of a body with a list of profiles or avatars: as much as the gateway passes to a function. */
export const MOST_BATCH_BODY = 6 * 1024 * 1024;

/** An entry as its schema has it, or the error that is its alone. */
export function entryOf<S extends z.ZodMiniType>(
  schema: S,
  entry: object,
): { value: z.output<S> | undefined; error: ApiError | undefined } {
  const given = withoutNulls(entry);
  const parsed = schema.safeParse(given);
  return parsed.success
    ? { value: parsed.data, error: undefined }
    : { value: undefined, error: parameterError(parsed.error, given) };
}

/** The first entry of each name, in the order of the request. */
export const uniqueBy = <T, K extends keyof T>(entries: T[], name: K): T[] =>
  entries.filter((entry, index) => entries.findIndex((other) => other[name] === entry[name]) === index);
