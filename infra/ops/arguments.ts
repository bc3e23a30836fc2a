import { InvalidArgumentError } from 'commander';
import { APP_ID } from '../../shared/data/app-repo.ts';
import { type LimitChanges, parseLimit } from '../../shared/domain/app/limits.ts';
import { type EventPattern, isEventPattern } from '../../shared/events/catalogue.ts';
import type { AppId } from '../../shared/ids.ts';
import { isScope, SCOPES, type Scope } from '../../shared/scopes.ts';

/** Parses the id of an app. */
export function appId(text: string): AppId {
  if (!APP_ID.test(text)) throw new InvalidArgumentError('An app id has 1 to 64 letters, digits, _ or -.');
  return text as AppId;
}

/** Parses a display name. */
export function displayName(text: string): string {
  const name = text.trim();
  if (name === '' || [...name].length > 128 || /\p{Cc}/u.test(name))
    throw new InvalidArgumentError('A name has 1 to 128 characters.');
  return name;
}

/** Parses `name=value` of a limit and adds it to the previous ones. */
export function limitChange(text: string, before: LimitChanges = {}): LimitChanges {
  try {
    return { ...before, ...parseLimit(text) };
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
}

const DAY = 86_400_000;
const SPAN = { d: DAY, h: DAY / 24, m: DAY / 1440 };

/** Milliseconds of `30d`, `12h` or `90m`; undefined where the text is no span. */
function spanOf(text: string): number | undefined {
  const [, count, unit] = /^(\d{1,6})([dhm])$/.exec(text) ?? [];
  return count === undefined ? undefined : Number(count) * SPAN[unit as keyof typeof SPAN];
}

/** Parses `30d`, `12h` or `90m` into milliseconds. */
export function timeSpan(text: string): number {
  const span = spanOf(text);
  if (span === undefined) throw new InvalidArgumentError('Give a span such as 30d, 12h or 90m.');
  return span;
}

/**
 * Parses `30d`, `12h` or `90m` from now, a date (UTC) or an ISO 8601 time. Returns milliseconds since 1970, in the
 * future.
 */
export function futureTime(text: string, now = Date.now()): number {
  const span = spanOf(text);
  const time = span !== undefined ? now + span : isoTimeOf(text);
  if (Number.isNaN(time))
    throw new InvalidArgumentError('Give a span such as 30d, 12h or 90m, or a time such as 2030-01-31T12:00Z.');
  if (time <= now) throw new InvalidArgumentError('The time must be in the future.');
  return time;
}

/** Milliseconds since 1970 of a date (UTC) or an ISO 8601 time; NaN where the text is neither. */
const isoTimeOf = (text: string): number =>
  /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d))?$/.test(text) ? Date.parse(text) : Number.NaN;

/** Parses `7d`, `12h` or `90m` before now, a date (UTC) or an ISO 8601 time. Returns milliseconds since 1970. */
export function pastTime(text: string): number {
  const span = spanOf(text);
  const time = span !== undefined ? Date.now() - span : isoTimeOf(text);
  if (Number.isNaN(time))
    throw new InvalidArgumentError('Give a span such as 7d, 12h or 90m, or a time such as 2026-11-29T08:00Z.');
  return time;
}

/** Parses a whole number above 0: the id of a user or a group, the number of an event. */
export function wholeNumber<Id extends number>(text: string): Id {
  if (!WHOLE.test(text) || Number(text) === 0) throw new InvalidArgumentError('That is no whole number above 0.');
  return Number(text) as Id;
}

/** Parses a whole number. */
export function numberOrZero(text: string): number {
  if (!WHOLE.test(text)) throw new InvalidArgumentError('That is no whole number.');
  return Number(text);
}

const WHOLE = /^\d{1,16}$/;

/** Parses types of events separated by commas, and adds them to the previous ones. */
export const eventTypes = (text: string, before: EventPattern[] = []): EventPattern[] => [
  ...before,
  ...eventPatterns(text.split(',').map((type) => type.trim())),
];

export const SCOPE_NAMES = Object.keys(SCOPES).join(', ');

/** Parses scopes of admin tokens separated by commas, and adds them to the previous ones. */
export function tokenScopes(text: string, before: Scope[] = []): Scope[] {
  const given = text.split(',').map((name) => name.trim());
  const wrong = given.find((name) => !isScope(name));
  if (wrong !== undefined) throw new InvalidArgumentError(`"${wrong}" is no scope. The scopes are ${SCOPE_NAMES}.`);
  return [...new Set([...before, ...(given as Scope[])])];
}

/** Checks types of events. */
export function eventPatterns(types: string[]): EventPattern[] {
  const wrong = types.find((type) => !isEventPattern(type));
  if (wrong !== undefined)
    throw new InvalidArgumentError(`"${wrong}" is no type of events, such as group.member.added or group.*.`);
  return types as EventPattern[];
}
