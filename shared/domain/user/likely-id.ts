import type { Call } from '../../call/call.ts';
import { numberFor } from '../../call/token.ts';
import type { App } from '../../data/app-repo.ts';
import type { Identity } from '../../data/identity-repo.ts';
import { comparedName, userOf } from '../../data/user-repo.ts';
import { newId, type UserId } from '../../ids.ts';

/** What a user registers by: a username, or an issuer's name for the user. No text is both. */
export const asUsername = (username: string): string => comparedName(username);
export const asIdentity = ({ issuer, subject }: Identity): string => JSON.stringify([issuer, subject]);

/**
 * The id that the first user of a name gets: it follows from the name by the app's secret. So a login reads name and
 * account together. The name's own item says whether the guess is right: see docs/decisions/0078-two-trips-per-login.md.
 */
export const likelyId = (app: App, name: string): UserId => numberFor(app, 'user', name) as UserId;

/** The id of a new user of this name: the likely one, or a random one where this call has found that one taken. */
export function idForName({ appRecord, app, db }: Call, name: string): UserId {
  const likely = likelyId(appRecord, name);
  return db.cached(userOf(app, likely))?.record ? newId() : likely;
}
