import { addressKey, addressUseOf, countOnAddress } from '../data/allowance-repo.ts';
import type { AllowanceName } from '../limits.ts';
import type { Call } from './call.ts';

/** How long the item of an address stays after its last count (s). */
const DEBTS_KEPT = 86_400;

/**
 * The call uses something of which its network address has so much per time: said before it is open, like `Call.uses`.
 * @param ofRefusals it counts only if the call is refused
 */
export function usesOfAddress(call: Call, name: AllowanceName, ofRefusals: boolean): void {
  // An instance that does not know the app yet cannot tell whether it limits addresses.
  if (call.address === '' || call.cachedLimits?.[name] === 0) return;
  const key = addressKey(call.app, prefixOf(call.address));
  const ttl = Math.ceil(call.now / 1000) + DEBTS_KEPT;
  call.uses(name, 1, ofRefusals);
  call.anonymous = {
    paid: addressUseOf(key),
    reads: meets(key.pk, call.now),
    count: (spent, again) => countOnAddress(key, spent, again, ttl),
  };
}

/** The part of an address that its neighbours share: IPv4 /24, IPv6 /56. */
export function prefixOf(address: string): string {
  if (!address.includes(':')) return address.split('.').slice(0, 3).join('.');
  const [head = '', tail] = address.toLowerCase().split('::');
  const before = head.split(':').filter(Boolean);
  const after = tail?.split(':').filter(Boolean) ?? [];
  const groups = [...before, ...Array<string>(Math.max(0, 8 - before.length - after.length)).fill('0'), ...after];
  return groups
    .slice(0, 4)
    .map((group, index) => Number.parseInt(group, 16) & (index === 3 ? 0xff00 : 0xffff))
    .map((group) => group.toString(16))
    .join(':');
}

/** How many addresses an instance remembers. */
const MOST_ADDRESSES = 10_000;
const HOUR = 3_600_000;
const addresses = new Map<string, number>();

/**
 * Whether this instance has met the address within the last hour, and notes that it has now. Only then the item of the
 * address is read: somebody who logs in pays nothing for it, and somebody who tries many names is soon known everywhere.
 */
function meets(address: string, now: number): boolean {
  const met = (addresses.get(address) ?? 0) > now - HOUR;
  if (addresses.size >= MOST_ADDRESSES) addresses.clear();
  addresses.set(address, now);
  return met;
}

/** Forgets the addresses. For tests. */
export const forgetAddresses = () => addresses.clear();
