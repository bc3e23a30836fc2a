import type { Context } from 'aws-lambda';
import { Database } from '../../shared/data/database.ts';
import { authorizeIot, type IotEvent, type IotResult } from '../../shared/domain/access/iot.ts';
import { REFRESH_SECONDS, SERVED_APP } from '../../shared/environment.ts';
import { logAuthorizer } from '../../shared/http/log.ts';
import type { AppId } from '../../shared/ids.ts';

/** Custom authorizer of AWS IoT Core. Where it fails, IoT Core refuses. */
export async function handler(event: IotEvent, context: Context): Promise<IotResult> {
  const [db, app, started] = [new Database(), process.env[SERVED_APP] as AppId, Date.now()];
  // arn:aws:lambda:eu-west-1:123456789012:function:…
  const [, partition, , region, account] = context.invokedFunctionArn.split(':');
  const { decision, result } = await authorizeIot(db, app, event, {
    arn: `arn:${partition}:iot:${region}:${account}:`,
    refresh: Number(process.env[REFRESH_SECONDS]),
  });
  logAuthorizer({ db, app, started, requestId: context.awsRequestId, code: decision.code });
  return result;
}
