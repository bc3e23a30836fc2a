import * as z from 'zod/mini';
import { isEventPattern } from '../events/catalogue.ts';

/**
 * Building blocks of the operations' request schemas. Numbers and booleans are accepted as JSON values and as strings,
 * in query and body alike (docs/behaviour.md, Parameters). The error for a wrong one is `badParameter` with the
 * field's name. JSON Schema cannot see into a check, so `z.meta` describes it for the API's description.
 */

export const DECIMAL = /^[+-]?[0-9]{1,17}$/;
export const asNumber = (value: unknown) =>
  typeof value === 'string' && DECIMAL.test(value.trim()) ? Number(value) : value;
const BOOLEANS = new Map<unknown, boolean>([
  ['true', true],
  ['false', false],
  ['1', true],
  ['0', false],
  [1, true],
  [0, false],
]);
export const asBoolean = (value: unknown) =>
  BOOLEANS.get(typeof value === 'string' ? value.trim().toLowerCase() : value) ?? value;

/** A whole number from `least` to `most`. */
export const integer = (least: number, most: number) =>
  z.pipe(
    z.transform(asNumber),
    z
      .int(`must be a whole number from ${least} to ${most}`)
      .check(z.minimum(least, `must be at least ${least}`), z.maximum(most, `must be at most ${most}`)),
  );

/** An id: a positive whole number that JSON clients can hold. `Id` says what it is the id of. */
export const id = <Id extends number = number>() =>
  integer(1, Number.MAX_SAFE_INTEGER) as ReturnType<typeof integer> & { _zod: { output: Id } };

export const flag = () => z.pipe(z.transform(asBoolean), z.boolean('must be true or false'));

const points = (text: string) => {
  let count = text.length;
  for (let i = 0; i < text.length - 1; i++)
    if ((text.charCodeAt(i) & 0xfc00) === 0xd800 && (text.charCodeAt(i + 1) & 0xfc00) === 0xdc00) {
      count--;
      i++;
    }
  return count;
};

/** Text of at most `most` Unicode code points; may be empty. */
export const text = (most: number) =>
  z.string('must be text').check(
    z.refine((value) => points(value) <= most, `must have at most ${most} characters`),
    z.meta({ maxLength: most }),
  );

/** A name, trimmed; it may be blank, which clears it. */
export const name = (most: number) =>
  z.pipe(
    z.transform((value: unknown) => (typeof value === 'string' ? value.trim() : value)),
    text(most),
  );

/** A name, title or content that may not be blank. */
export const title = (most: number) =>
  z.pipe(
    name(most),
    z.string().check(
      z.refine((value) => value.length > 0, 'may not be blank'),
      z.meta({ pattern: '\\S' }),
    ),
  );

/**
 * A scheme other than `http` and `https`, as a browser reads it: a browser skips white space and control characters in
 * front, and tabs and line breaks in between.
 */
const OTHER_SCHEME = /^[\s\p{Cc}]*(?![Hh][Tt][Tt][Pp][Ss]?:)[A-Za-z][A-Za-z0-9+.\t\n\r-]*:/u;

/** An address that a page may show: with `http`, `https` or no scheme. Any text without a scheme is accepted. */
export const url = () =>
  text(LONGEST.url).check(
    z.refine((value) => !OTHER_SCHEME.test(value), 'must have no scheme but http or https'),
    z.meta({ not: { pattern: OTHER_SCHEME.source } }),
  );

/** Text of at most `most` bytes in UTF-8. */
export const bytes = (most: number) =>
  z.string('must be text').check(
    z.refine((value) => Buffer.byteLength(value) <= most, `must have at most ${most} bytes`),
    z.meta({ maxLength: most, description: `At most ${most} bytes in UTF-8.` }),
  );

/** A list of `least` to `most` entries; in a query it is comma-separated or JSON text. */
export const list = <T extends z.core.$ZodType>(entry: T, least: number, most: number) =>
  z.pipe(
    z.transform(asList),
    z
      .array(entry, 'must be a list')
      .check(
        z.minLength(least, `must have at least ${least} ${least === 1 ? 'entry' : 'entries'}`),
        z.maxLength(most, `must have at most ${most} entries`),
      ),
  );

function asList(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  if (!value.trim().startsWith('[')) return value.trim() === '' ? [] : value.split(',');
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

/** Ids without repetitions, in the order of the request. */
export const ids = <Id extends number = number>(least: number, most: number) =>
  z.pipe(
    list(id<Id>(), least, most),
    z.transform((list: Id[]) => [...new Set(list)]),
  );

/** A media type that a header can carry; an empty one means unknown bytes. */
export const fileType = () =>
  z.pipe(
    name(LONGEST.fileName),
    z.pipe(
      z.string().check(z.regex(/^([!-~]+( [!-~]+)*)?$/, 'must have ASCII characters only')),
      z.transform((type: string) => type || 'application/octet-stream'),
    ),
  );

/** Minutes: −1 is for ever; otherwise at least 1, and the end is before 2^31 seconds since 1970. */
export const duration = () =>
  z.pipe(
    integer(-1, 2 ** 31),
    z.int().check(
      z.refine((value) => value !== 0 && Date.now() / 1000 + value * 60 < 2 ** 31, 'must be -1, or end before 2038'),
      z.meta({ not: { const: 0 } }),
    ),
  );

/** Most entries of a list in a request, for writes and for reads. */
export const MOST_WRITTEN = 100;
export const MOST_READ = 1000;

/** Longest texts in Unicode code points, long infos in bytes (docs/behaviour.md, Lengths of texts). */
export const LONGEST = {
  username: 64,
  /** Of a guest's username, which the id completes. */
  guestPrefix: 54,
  name: 128,
  title: 256,
  description: 1024,
  content: 10_000,
  url: 2048,
  reason: 512,
  infoBytes: 16_384,
  tag: 64,
  fileName: 255,
} as const;

/** `limit`, `cursor` and `version` of a list; a `limit` over 1000 counts as 1000. */
export const paging = (usual: number) => ({
  limit: z._default(
    z.pipe(
      integer(1, Number.MAX_SAFE_INTEGER),
      z.transform((limit: number) => Math.min(limit, 1000)),
    ),
    usual,
  ),
  cursor: z.optional(text(1024)),
  version: z.optional(integer(0, Number.MAX_SAFE_INTEGER)),
});

/** `limit` and `cursor` of a list whose entries cost more: a `limit` over `most` counts as `most`. */
export const pageOf = (usual: number, most: number) => ({
  limit: z._default(
    z.pipe(
      integer(1, Number.MAX_SAFE_INTEGER),
      z.transform((limit: number) => Math.min(limit, most)),
    ),
    usual,
  ),
  cursor: z.optional(text(1024)),
});

/** A part of a whole: a number from 0 to 1. */
export const share = () =>
  z.pipe(
    z.transform((value: unknown) =>
      typeof value === 'string' && /^[01]?(\.\d+)?$/.test(value) ? Number(value) : value,
    ),
    z
      .number('must be a number from 0 to 1')
      .check(z.minimum(0, 'must be at least 0'), z.maximum(1, 'must be at most 1')),
  );

/** The number of an event, as text of at most 16 digits. */
export const sequenceNumber = () =>
  z.pipe(
    z.string('must be the number of an event').check(z.regex(/^\d{1,16}$/, 'must be the number of an event')),
    z.transform(Number),
  );

const eventPattern = () =>
  z
    .string('must be text')
    .check(z.refine(isEventPattern, 'is no type of events, such as group.member.added or group.*'));

/** Types of events, separated by commas: `group.member.added`, or all that begin alike, as `group.*`. */
export const eventTypes = () =>
  z.pipe(
    text(2000),
    z.pipe(
      z.transform((names: string) => names.split(',').map((name) => name.trim())),
      z.array(eventPattern()),
    ),
  );

/** The same as a list, which may be empty. */
export const eventPatterns = () => list(eventPattern(), 0, 30);

/** The id of a webhook endpoint. */
export const endpointId = () =>
  z.string('must be the id of an endpoint').check(z.regex(/^[0-9][0-9a-f]{15}$/, 'must be the id of an endpoint'));
