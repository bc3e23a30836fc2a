import type { Call } from '../../call/call.ts';
import type { AppId } from '../../ids.ts';
import { checkOne } from './decision.ts';

/** A token in the words of RFC 7662. Nothing is told of one that is not active. */
export type Introspection =
  | { active: false }
  | { active: true; sub: string; device_sn: number; exp: number; app_id: AppId };

/** `POST /token/introspect`: whether the token is that of a live session. Admin tokens are none. */
export async function introspect(call: Call, { token }: { token: string }): Promise<Introspection> {
  const { allow, user_id, device_sn, until } = await checkOne(call, { action: 'connect', token });
  if (!allow || user_id === null || device_sn === null) return { active: false };
  return { active: true, sub: String(user_id), device_sn, exp: Math.floor(until / 1000), app_id: call.app };
}
