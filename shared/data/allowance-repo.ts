import { hash } from 'node:crypto';
import type { AppId, UserId } from '../ids.ts';
import { ALLOWANCES, type AllowanceName, USER_ALLOWANCES } from '../limits.ts';
import { absent, all, any, below, unchanged } from './expression.ts';
import type { Key } from './keys.ts';
import { type Get, getItem } from './read.ts';
import type { ItemOf } from './schema.ts';
import * as schema from './schema.ts';
import { type Author, stampText } from './stamp.ts';
import { measured, type Step, update } from './step.ts';
import { NOT_DELETED, type User } from './user-repo.ts';

/** Until when (ms) allowances are used up. */
export type Paid = { readonly [A in (typeof ALLOWANCES)[AllowanceName][0]]?: number | undefined };

/** What is added to a number of `Paid`. It counts from `floor` on, where it lies further back. */
export interface Spent {
  attribute: keyof Paid;
  floor: number;
  ms: number;
  /** It lies behind the floor, or is not known. */
  behind: boolean;
}

export type AddressUse = ItemOf<typeof schema.addressUseFields>;

/** The key of an address's item. The table holds only a hash of the prefix. */
export const addressKey = (app: AppId, prefix: string): Key =>
  schema.addressUse.key(app, hash('sha256', `${app} ${prefix}`, 'base64url').slice(0, 22));
export const addressUseOf = (key: Key): Get<AddressUse | undefined> => getItem(key);

/**
 * Counts on the item of a user. The count takes the stamp of the last change away, so that the stream does not hand the
 * write to the relay: it is no event.
 * @param again another call has changed a number since it was read, so none lies behind its floor
 */
export const countOnUser = (app: AppId, user: UserId, spent: readonly Spent[], again: boolean): Step => {
  const { set, add, conditions } = changesOf(spent, again);
  return update(
    schema.user.key(app, user),
    { set: { ...set, stamp: undefined }, add },
    all(NOT_DELETED, ...conditions),
  );
};

/** Counts on the item of an address. @param ttl seconds since 1970 */
export const countOnAddress = (key: Key, spent: readonly Spent[], again: boolean, ttl: number): Step => {
  const { set, add, conditions } = changesOf(spent, again);
  return update(key, { set: { ...set, ttl }, add }, conditions.length > 0 ? all(...conditions) : undefined);
};

function changesOf(spent: readonly Spent[], again: boolean) {
  const lifted = spent.filter(({ behind }) => behind && !again);
  const added = spent.filter((one) => !lifted.includes(one));
  return {
    set: Object.fromEntries(lifted.map(({ attribute, floor, ms }) => [attribute, floor + ms])),
    add: Object.fromEntries(added.map(({ attribute, ms }) => [attribute, ms])),
    conditions: lifted.map(({ attribute, floor }) => any(absent(attribute), below(attribute, floor))),
  };
}

/** Tells that the user is held back: this write is the event. */
export function tellHeldBack(app: AppId, user: User, author: Author, told: NonNullable<User['heldBack']>): Step {
  const set = { heldBack: told, stamp: stampText(author, told.at) };
  return measured(
    'users_held_back',
    update(schema.user.key(app, user.user), { set }, all(NOT_DELETED, unchanged(user, 'heldBack'))),
  );
}

/** Ends all that holds the user back. */
export const lift = (app: AppId, user: User): Step => {
  const names = ['heldBack', ...USER_ALLOWANCES.map((name) => ALLOWANCES[name][0])];
  const set = Object.fromEntries(names.map((name) => [name, undefined]));
  return update(schema.user.key(app, user.user), { set }, NOT_DELETED);
};
