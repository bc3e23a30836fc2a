import type { Paid, Spent } from '../data/allowance-repo.ts';
import { ALLOWANCES, type AllowanceName, type Limits } from '../limits.ts';
import { chance } from './chance.ts';

/**
 * Limits per caller, by one number each: until when the caller has paid for what it did. Something that may be done n
 * times a minute costs a minute / n. The caller is held back while this time lies ahead. A caller that did nothing for a
 * while may do at once what it may do within the time of the limit, since the number counts from so far back at most.
 * What it does beyond that, with many parallel calls, it pays by waiting longer.
 *
 * Most calls write nothing: a call counts with a probability, and then for many calls. At the limit some thirty of them
 * have counted, so that an estimate is rarely wrong by a fifth and practically never by a factor of two. It does not
 * matter how many instances of how many functions share the calls. See docs/decisions/0073-limits-per-caller.md.
 */
const SAMPLES = 30;

/** Something that a call uses of an allowance. */
export interface Use {
  name: AllowanceName;
  amount: number;
  /** It counts only if the call is refused. */
  ofRefusals?: boolean;
}

/** The allowance that holds the caller back longest, and until when (ms); undefined where none does. */
export function heldBack(
  limits: Limits,
  paid: Paid | undefined,
  names: readonly AllowanceName[],
  now: number,
): { limit: AllowanceName; until: number } | undefined {
  return names
    .map((limit) => ({ limit, until: limits[limit] > 0 ? (paid?.[ALLOWANCES[limit][0]] ?? 0) : 0 }))
    .filter(({ until }) => until > now)
    .sort((one, other) => other.until - one.until)[0];
}

/** What is written for these uses: for most of them nothing. */
export function sampled(limits: Limits, paid: Paid | undefined, uses: readonly Use[], now: number): Spent[] {
  return uses.flatMap(({ name, amount }) => {
    const limit = limits[name];
    if (limit <= 0 || amount <= 0) return [];
    const probability = Math.min(1, (amount * SAMPLES) / limit);
    if (probability < 1 && chance.draw() >= probability) return [];
    const [attribute, per] = ALLOWANCES[name];
    const floor = now - per;
    const ms = Math.round(((amount / probability) * per) / limit);
    return [{ attribute, floor, ms, behind: (paid?.[attribute] ?? 0) < floor }];
  });
}

/**
 * Dollars per million, as docs/costs.md has them: of a call with its request to the function and its log line, of a read
 * unit, of an event that comes alone, of a write unit with its part of further events, of a megabyte of memory for a
 * millisecond, of a byte of the answer, and of half a megabyte of it, which the gateway counts as a call.
 */
const PRICES = {
  call: 2.1,
  read: 0.125,
  event: 4.5,
  write: 0.875,
  megabyte: 0.0133334 / 1024,
  byte: 90_000 / 2 ** 30,
  half: 1,
};
/** The price of a simple call, which counts as one. */
const SIMPLE = 3;

/** What a call has used: units of the database, time of the function (ms), and bytes of the answer. */
export interface Cost {
  readUnits: number;
  writeUnits: number;
  ms: number;
  bytes: number;
}

/** As how many simple calls a call counts. */
export function callsOf({ readUnits, writeUnits, ms, bytes }: Cost): number {
  const memory = Number(process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE ?? 512);
  const answer = bytes * PRICES.byte + Math.floor(bytes / 2 ** 19) * PRICES.half;
  const written = writeUnits > 0 ? PRICES.event + writeUnits * PRICES.write : 0;
  const database = readUnits * PRICES.read + written;
  return Math.max(1, (PRICES.call + database + ms * memory * PRICES.megabyte + answer) / SIMPLE);
}
