import type { Database } from '../../data/database.ts';
import { type ApiError, badParameter } from '../../errors.ts';
import type { AppId } from '../../ids.ts';
import { decideFor } from './authorizer.ts';
import { placeOf } from './channel.ts';
import type { Decision, Question } from './decision.ts';

/** What AppSync Events asks its Lambda authorizer. */
export interface AppSyncEvent {
  authorizationToken: string;
  requestContext: {
    operation: 'EVENT_CONNECT' | 'EVENT_SUBSCRIBE' | 'EVENT_PUBLISH';
    /** `/<namespace>/…`; a connection has none. */
    channel?: string | null;
  };
}

export interface AppSyncResult {
  isAuthorized: boolean;
  /** For the handlers of a channel namespace. */
  handlerContext?: Record<string, string>;
  /** Seconds for which AppSync does not ask again. */
  ttlOverride: number;
}

const ACTIONS = { EVENT_CONNECT: 'connect', EVENT_SUBSCRIBE: 'subscribe', EVENT_PUBLISH: 'publish' } as const;

/** The token is that of a session; channels are `/group/<id>` and `/user/<id>`. */
export async function authorizeAppSync(
  db: Database,
  app: AppId,
  event: AppSyncEvent,
): Promise<{ decision: Decision; result: AppSyncResult }> {
  const [decision] = (await decideFor(db, app, [questionOf(event)])) as [Decision];
  const { allow, user_id, device_sn } = decision;
  // A kept answer would outlive a kick.
  if (!allow) return { decision, result: { isAuthorized: false, ttlOverride: 0 } };
  const handlerContext = { user_id: String(user_id), device_sn: String(device_sn) };
  return { decision, result: { isAuthorized: true, handlerContext, ttlOverride: 0 } };
}

function questionOf({ authorizationToken: token, requestContext }: AppSyncEvent): Question | ApiError {
  const action = ACTIONS[requestContext.operation];
  if (action === 'connect') return { action, token };
  const [, kind, id] = /^\/(group|user)\/(\d+)$/.exec(requestContext.channel ?? '') ?? [];
  const place = placeOf(kind, id);
  return place ? { action, token, ...place } : badParameter('channel', 'must be /group/<id> or /user/<id>');
}
