import { afterEach, expect, test } from 'vitest';
import { PRICES } from '../../bench/prices.ts';
import { prefixOf } from '../../shared/call/address.ts';
import { callsOf, heldBack, sampled } from '../../shared/call/allowance.ts';
import { chance } from '../../shared/call/chance.ts';
import type { Paid } from '../../shared/data/allowance-repo.ts';
import { ALLOWANCES, type AllowanceName, LIMITS, type Limits } from '../../shared/limits.ts';

const { draw } = chance;
afterEach(() => {
  chance.draw = draw;
});

/** Draws from a seed (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A caller with one allowance, as the table remembers it. No instance remembers anything. */
class Caller {
  paid: Paid = {};
  allowed = 0;
  written = 0;
  readonly name: AllowanceName;
  readonly limits: Limits;
  constructor(name: AllowanceName, limit: number) {
    this.name = name;
    this.limits = { ...LIMITS, [name]: limit };
  }

  calls(now: number, amount = 1): boolean {
    if (heldBack(this.limits, this.paid, [this.name], now)) return false;
    this.allowed += amount;
    for (const { attribute, floor, ms, behind } of sampled(
      this.limits,
      this.paid,
      [{ name: this.name, amount }],
      now,
    )) {
      this.written++;
      this.paid = { [attribute]: (behind ? floor : this.paid[attribute]!) + ms };
    }
    return true;
  }
}

const START = 1_700_000_000_000;

test.each([
  ['calls_per_minute', 300],
  ['calls_per_minute', 2000],
  ['invitations_per_hour', 300],
  ['groups_per_hour', 31],
] as const)('%s of %i is exact to within a factor of two, and few calls write', (name, limit) => {
  const [, per] = ALLOWANCES[name];
  const bursts: number[] = [];
  for (let seed = 1; seed <= 300; seed++) {
    chance.draw = seeded(seed);
    const caller = new Caller(name, limit);
    while (caller.calls(START));
    bursts.push(caller.allowed);
  }
  expect(Math.min(...bursts)).toBeGreaterThanOrEqual(limit / 2);
  expect(Math.max(...bursts)).toBeLessThanOrEqual(limit * 2);
  // An attacker who calls without pause has the limit on average.
  chance.draw = seeded(7);
  const attacker = new Caller(name, limit);
  for (let at = 0; at < 60 * per; at += per / limit / 4) attacker.calls(START + at);
  expect(attacker.allowed / (61 * limit)).toBeGreaterThan(0.9);
  expect(attacker.allowed / (61 * limit)).toBeLessThan(1.1);
  expect(attacker.written).toBeLessThan(61 * 30 * 1.1);
});

test('someone who stays below half of the limit is never held back, however long', () => {
  chance.draw = seeded(3);
  const caller = new Caller('calls_per_minute', 300);
  for (let at = 0; at < 3_600_000 * 4; at += 400) expect(caller.calls(START + at)).toBe(true);
});

test('what many calls at once use beyond the limit is paid by waiting', () => {
  chance.draw = seeded(5);
  const caller = new Caller('calls_per_minute', 60);
  // All were admitted before the first has counted.
  for (let call = 0; call < 600; call++)
    for (const { attribute, floor, ms } of sampled(
      caller.limits,
      caller.paid,
      [{ name: caller.name, amount: 1 }],
      START,
    ))
      caller.paid = { [attribute]: (caller.paid[attribute] ?? floor) + ms };
  const { until } = heldBack(caller.limits, caller.paid, [caller.name], START)!;
  expect((until - START) / 60_000).toBeGreaterThan(7);
  expect((until - START) / 60_000).toBeLessThan(11);
});

test('a limit of 0, and a lower or higher one, take effect at once', () => {
  chance.draw = () => 0;
  const paid = { paidCalls: START + 1 };
  expect(heldBack({ ...LIMITS, calls_per_minute: 0 }, paid, ['calls_per_minute'], START)).toBeUndefined();
  expect(sampled({ ...LIMITS, calls_per_minute: 0 }, paid, [{ name: 'calls_per_minute', amount: 9 }], START)).toEqual(
    [],
  );
  expect(heldBack(LIMITS, paid, ['calls_per_minute'], START)).toEqual({ limit: 'calls_per_minute', until: START + 1 });
  expect(heldBack(LIMITS, paid, ['calls_per_minute'], START + 1)).toBeUndefined();
});

test('a call counts by its price, and a cheap one as one', () => {
  const nothing = { readUnits: 0, writeUnits: 0, ms: 0, bytes: 0 };
  expect(callsOf({ ...nothing, readUnits: 3, ms: 5, bytes: 800 })).toBe(1);
  const dollars = (used: Partial<typeof nothing>) => callsOf({ ...nothing, ...used }) * 3;
  // Joining costs $9.75 per million, and its event $3.51.
  expect(dollars({ readUnits: 4, writeUnits: 11, ms: 40 })).toBeGreaterThan(9.75 + 3.51);
  expect(dollars({ readUnits: 2400 })).toBeGreaterThan(2400 * PRICES.dynamoDbMillionReadUnits);
  expect(dollars({ ms: 60_000 })).toBeGreaterThan(30 * PRICES.lambdaGbSecond * 1e6 + PRICES.gatewayMillionRequests);
  expect(dollars({ bytes: 6e6 })).toBeGreaterThan((6e6 / 2 ** 30) * 0.09 * 1e6 + 12 * PRICES.gatewayMillionRequests);
});

test.each([
  ['203.0.113.77', '203.0.113'],
  ['2001:db8:12:34ff:1:2:3:4', '2001:db8:12:3400'],
  ['2001:DB8:0012:3401::1', '2001:db8:12:3400'],
  ['2001:db8::1', '2001:db8:0:0'],
  ['::1', '0:0:0:0'],
  ['', ''],
])('the neighbours of %s are %s', (address, prefix) => {
  expect(prefixOf(address)).toBe(prefix);
});
