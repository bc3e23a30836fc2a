import type { Call } from '../../call/call.ts';
import { tokenHash } from '../../call/token.ts';
import { adminTokenOf, tokenId } from '../../data/app-repo.ts';
import { deviceOf } from '../../data/device-repo.ts';
import { scopesOf } from '../../scopes.ts';

/** `GET /token/self`: what the presented token is, and what it may do. Times are seconds; -1: it does not expire. */
export async function describeToken(call: Call) {
  const { app, token } = call;
  // Both are records that prove the caller, so nothing more is read.
  if (token?.kind === 'user') {
    const device = await call.open(deviceOf(app, token.user, token.device));
    const { sn: device_sn, expiresAt } = device!;
    return { kind: 'user', app_id: app, user_id: token.user, device_sn, expire: seconds(expiresAt) };
  }
  const hash = tokenHash(token?.text ?? '');
  const record = (await call.open(adminTokenOf(app, hash)))!;
  const { name, expiresAt } = record;
  const expire = expiresAt === undefined ? -1 : seconds(expiresAt);
  return { kind: 'admin', app_id: app, token_id: tokenId(hash), name, scopes: scopesOf(record), expire };
}

const seconds = (ms: number) => Math.floor(ms / 1000);
