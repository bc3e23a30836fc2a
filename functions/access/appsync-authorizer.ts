import type { Context } from 'aws-lambda';
import { Database } from '../../shared/data/database.ts';
import { type AppSyncEvent, type AppSyncResult, authorizeAppSync } from '../../shared/domain/access/appsync.ts';
import { SERVED_APP } from '../../shared/environment.ts';
import { logAuthorizer } from '../../shared/http/log.ts';
import type { AppId } from '../../shared/ids.ts';

/** Lambda authorizer of AWS AppSync Events. Where it fails, AppSync refuses. */
export async function handler(event: AppSyncEvent, context: Context): Promise<AppSyncResult> {
  const [db, app, started] = [new Database(), process.env[SERVED_APP] as AppId, Date.now()];
  const { decision, result } = await authorizeAppSync(db, app, event);
  logAuthorizer({ db, app, started, requestId: context.awsRequestId, code: decision.code });
  return result;
}
