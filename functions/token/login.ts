import * as z from 'zod/mini';
import { loginByName } from '../../shared/domain/user/login.ts';
import { operation } from '../../shared/http/operation.ts';
import { text } from '../../shared/http/parameters.ts';
import { deviceGuid, password, sessionReply } from '../../shared/http/user-schemas.ts';

export const request = z.object({ login_name: text(256), password: password(), device_guid: deviceGuid() });
export const reply = sessionReply;

/** POST /token/login — token document: logs in by username or mobile number. */
export const handler = operation({ access: 'public', request, reply }, (call, input) =>
  loginByName(call, input.login_name, input.password, input.device_guid),
);
