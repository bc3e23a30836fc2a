import type { Call } from '../../call/call.ts';
import * as identities from '../../data/identity-repo.ts';
import { type Identity, identitiesOf, identityOf, MOST_IDENTITIES } from '../../data/identity-repo.ts';
import { issuerOf } from '../../data/issuer-repo.ts';
import { userOf } from '../../data/user-repo.ts';
import { ApiError, badParameter } from '../../errors.ts';
import type { UserId } from '../../ids.ts';
import { existingUser } from './status.ts';

/** The identities by which the actor can log in, in the order in which they were bound. */
export async function listIdentities(call: Call) {
  const found = await call.open(identitiesOf(call.app, call.person));
  return found.map(({ issuer, subject, createdAt }) => ({ issuer, subject, created_at: Math.floor(createdAt / 1000) }));
}

/**
 * Tokens of the issuer with this subject log in as this user from now on.
 * @throws ApiError badParameter for an unknown issuer or too many identities, userMissing, mobileTaken where another user
 *   has the identity
 */
export function bindIdentity(call: Call, id: UserId, identity: Identity): Promise<true> {
  const { app } = call;
  const reads = {
    issuer: issuerOf(app, identity.issuer),
    holder: identityOf(app, identity),
    user: userOf(app, id),
  };
  return call.change(reads, ({ issuer, holder, user: found }) => {
    if (!issuer) throw badParameter('issuer', 'this app has no such issuer');
    const user = existingUser(found);
    if (holder?.user === id) return { steps: [], answer: () => true as const };
    if (holder) throw new ApiError('mobileTaken', 'subject: bound to another user');
    if ((user.identities ?? 0) >= MOST_IDENTITIES)
      throw badParameter('user_id', `the user has ${MOST_IDENTITIES} identities, as many as allowed`);
    return {
      steps: [...identities.putIdentity(app, id, identity, call.now), identities.countBound(app, id)],
      answer: () => true as const,
    };
  });
}

/** Sessions stay alive. An identity that is not bound to the user is no error. @throws ApiError userMissing */
export function unbindIdentity(call: Call, id: UserId, identity: Identity): Promise<true> {
  const { app } = call;
  return call.change({ holder: identityOf(app, identity), user: userOf(app, id) }, ({ holder, user }) => {
    existingUser(user);
    return {
      steps:
        holder?.user === id ? [...identities.removeIdentity(app, id, identity), identities.countUnbound(app, id)] : [],
      answer: () => true as const,
    };
  });
}
