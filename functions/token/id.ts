import * as z from 'zod/mini';
import { loginById } from '../../shared/domain/user/login.ts';
import { operation } from '../../shared/http/operation.ts';
import { id } from '../../shared/http/parameters.ts';
import { deviceGuid, password, sessionReply } from '../../shared/http/user-schemas.ts';

export const request = z.object({ user_id: id(), password: password(), device_guid: deviceGuid() });
export const reply = sessionReply;

/** POST /token/id — token document: logs in by user id. */
export const handler = operation({ access: 'public', request, reply }, (call, input) =>
  loginById(call, input.user_id, input.password, input.device_guid),
);
