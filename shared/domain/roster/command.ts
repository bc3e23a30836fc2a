import type { Call } from '../../call/call.ts';
import type { Step } from '../../call/transact.ts';
import type { Pair } from '../../data/contact-repo.ts';
import * as contacts from '../../data/contact-repo.ts';
import { type User, userOf } from '../../data/user-repo.ts';
import { ApiError } from '../../errors.ts';
import type { UserId } from '../../ids.ts';
import { existingUser } from '../user/status.ts';

/**
 * A change of what the actor and another user are to each other: reads both sides, decides, and writes.
 * @param decide see `transact`: pure, and made again when a record has changed. Without steps nothing is written.
 * @throws ApiError noPermission for the actor itself, then those of `decide`
 */
export function rosterCommand(
  call: Call,
  other: UserId,
  decide: (pair: Pair, user: User | undefined) => Step[],
): Promise<true> {
  const { app, person: user } = call;
  const reads = { actor: userOf(app, user), found: userOf(app, other), ...contacts.pairOf(app, user, other) };
  return call.change(reads, ({ actor, found, ...sides }) => {
    existingUser(actor);
    demandAnother(call, other);
    return { steps: decide({ app, user, other, ...sides }, found), answer: () => true as const };
  });
}

/** @throws ApiError noPermission where the other user is the actor itself */
export function demandAnother(call: Call, other: UserId): void {
  if (other === call.person) throw new ApiError('noPermission', 'user_id: not allowed on oneself');
}
