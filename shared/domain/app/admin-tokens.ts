import { parseToken, tokenHash } from '../../call/token.ts';
import {
  type AdminToken,
  adminTokenOf,
  adminTokensOf,
  foundAdminToken,
  revokeAdminToken,
  tokenId,
} from '../../data/app-repo.ts';
import { indexedKeys, type OperatorTable, viewOf } from '../../data/operator-queries.ts';
import { badParameter } from '../../errors.ts';
import type { AppId } from '../../ids.ts';
import { appNamed } from './apps.ts';

export interface ListedToken extends AdminToken {
  /** See `tokenId`. */
  id: string;
  hash: string;
}

/** Whether a token of this record is accepted at `now` (ms). */
export const tokenState = ({ revoked, expiresAt }: AdminToken, now: number) =>
  revoked ? 'revoked' : expiresAt !== undefined && expiresAt <= now ? 'expired' : 'active';

/**
 * All admin tokens of the app, the oldest first. On AWS, a token issued in the last second may be missing.
 * @throws ApiError appMissing where there is no such app
 */
export async function adminTokens(table: OperatorTable, app: AppId): Promise<ListedToken[]> {
  await appNamed(viewOf(table), app);
  const listed: ListedToken[] = [];
  for await (const keys of indexedKeys(table, adminTokensOf(app)))
    for (const token of await viewOf(table).read(keys.map(foundAdminToken)))
      if (token) listed.push({ ...token, id: tokenId(token.hash) });
  return listed;
}

/**
 * Revokes an admin token: the next call with it is answered loginAgain. Repeating this is no error.
 * @param named the token's id, or the token itself, which works before lists show the token
 * @throws ApiError appMissing where there is no such app, badParameter where it has no such token
 */
export async function revokeToken(
  table: OperatorTable,
  app: AppId,
  named: string,
  now = Date.now(),
): Promise<ListedToken> {
  const db = viewOf(table);
  await appNamed(db, app);
  const hash =
    parseToken(named)?.kind === 'admin'
      ? tokenHash(named)
      : (await adminTokens(table, app)).find(({ id }) => id === named.toLowerCase())?.hash;
  const read = hash === undefined ? undefined : adminTokenOf(app, hash);
  const found = read && (await db.read(read));
  if (!found || hash === undefined) throw badParameter('token', `app "${app}" has no such admin token`);
  await db.write([revokeAdminToken(app, hash, now)]);
  return { ...found, revoked: found.revoked ?? now, hash, id: tokenId(hash) };
}
