import type { Contact } from '../../../shared/data/contact-repo.ts';
import type { ErrorName } from '../../../shared/errors.ts';
import type { Draw } from '../draw.ts';
import type { Known, Moment } from '../model.ts';
import type { Oracle } from '../oracle.ts';
import { may, succeeds, success, type Verdict } from '../verdict.ts';
import type { Answered, Call, KeyParts, Success } from './command.ts';

/** A call of one user about another. */
export type RosterCall = Call & { user: number };

const isContact = ({ kind, sk }: KeyParts): boolean => kind === 'U' && sk.startsWith('F#');

/** Every change is one of a pair: the id is that of the user who is not the actor. */
const changed = (key: KeyParts, { actor }: Call): number | undefined => {
  if (!isContact(key)) return undefined;
  return key.id === actor ? Number(key.sk.slice(2)) : key.id;
};

/**
 * An actor who is deleted meanwhile may find that nothing is left to do: the background has removed it, and only that was
 * read again.
 */
const excused = (call: Call, { outcome, writes, oracles: [first, ...later] }: Answered): boolean => {
  const idle = (oracle: Oracle) => succeeds(oracle.permitted(call)) && !oracle.permitted(call).changes;
  return outcome === 'success' && writes === 0 && first?.isGone(call.actor ?? 0) === false && later.some(idle);
};

/** What all commands about friends have in common. */
export const ROSTER = { usersOnly: true, changed, excused } as const;
/** The same of a command that changes nothing. */
export const ROSTER_READ = { ...ROSTER, effect: () => false } as const;

export const ROSTER_ERRORS: readonly ErrorName[] = ['noPermission', 'userMissing'];

/**
 * Mostly a pair of which the actor's contact matches, sometimes any, seldom a user and itself. Mostly of a few users, so
 * that calls meet.
 */
export function drawPair(
  { random, moment, anyone, world: { users } }: Draw,
  matches: (contact: Contact | undefined) => boolean,
): { actor: number; user: number; group: number } {
  const few = users.slice(0, random.chance(0.7) ? 4 : users.length);
  const pairs = few.flatMap((actor) => few.flatMap((user) => (user === actor ? [] : [{ actor, user }])));
  const likely = pairs.filter(({ actor, user }) => matches(moment.contact(actor, user)));
  if (likely.length > 0 && random.chance(0.85)) return { ...random.one(likely), group: 0 };
  return { actor: anyone, user: random.one(users), group: 0 };
}

export const isFriend = (contact: Contact | undefined): boolean => contact?.friendAt !== undefined;
export const isBlocked = (contact: Contact | undefined): boolean => contact?.blockedAt !== undefined;
export const isWaiting = (contact: Contact | undefined): boolean => contact?.requestStatus === 0;
/** A request that can be answered at this time (ms). */
export const isOpen = (contact: Contact | undefined, now: number): boolean =>
  isWaiting(contact) && (contact?.requestExpiresAt ?? 0) > now;

/** What the two keep about each other. */
export const sidesOf = (at: Moment, { actor = 0 }: Call, user: number) => ({
  mine: at.contact(actor, user),
  theirs: at.contact(user, actor),
});

/** Both sides know of the friendship, and of the same one. */
export function areFriends(at: Moment, call: Call, user: number): boolean {
  const { mine, theirs } = sidesOf(at, call, user);
  return isFriend(mine) && mine?.friendAt === theirs?.friendAt;
}

/** How many contacts of the user are so. */
export const countOf = (at: Moment, user: number, matches: (contact: Contact) => boolean): number =>
  at.contacts(user).filter(({ contact }) => matches(contact)).length;

/** The other user is another, and exists. */
export function another(oracle: Oracle, { actor }: Call, user: number): Verdict {
  if (actor === user) return may('noPermission');
  return oracle.isGone(user) ? may('userMissing') : success;
}

/** The same for a command whose writes do not prove that the user exists: one who is deleted meanwhile does no harm. */
export function anotherOnce(oracle: Oracle, call: RosterCall, rule: () => Verdict): Verdict {
  if (call.actor === call.user) return may('noPermission');
  const verdict = rule();
  return oracle.isGone(call.user) ? { ...verdict, outcomes: ['userMissing', ...verdict.outcomes] } : verdict;
}

/** Such a command fails where the user was deleted before it began. */
export function demandExisting({ user }: RosterCall, { moments, wrong }: Success): void {
  if (moments.every((moment) => (moment.user(user)?.status ?? 'deleted') === 'deleted'))
    wrong(`succeeds, though ${user} is deleted`);
}

/** Both have room for another friend. @param more friends that the actor gets by the same transaction */
export function roomForFriends({ at, limits }: Oracle, { actor = 0 }: Call, user: number, more = 0): Verdict {
  const full = countOf(at, actor, isFriend) + more >= limits.friends || countOf(at, user, isFriend) >= limits.friends;
  return full ? may('tooManyFriends') : success;
}

/** A list is what it was at some moment of its call. */
export function demandListed({ data, moments, wrong }: Success, listed: (moment: Moment) => unknown[]): void {
  const answered = JSON.stringify(data);
  const right = moments.map((moment) => JSON.stringify(listed(moment)));
  if (!right.includes(answered)) wrong(`lists ${answered}, which was never so: ${right}`);
}

/** The order of a list; of the same time by the ids as texts. */
export const newestFirst =
  (time: 'friendAt' | 'blockedAt' | 'requestedAt') =>
  (one: Known, other: Known): number =>
    other.contact[time]! - one.contact[time]! || (String(other.other) < String(one.other) ? -1 : 1);
