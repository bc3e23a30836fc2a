import * as z from 'zod/mini';
import { loginByName } from '../../shared/domain/user/login.ts';
import { operation } from '../../shared/http/operation.ts';
import { text } from '../../shared/http/parameters.ts';
import { deviceGuid, password, sessionReply } from '../../shared/http/user-schemas.ts';

export const request = z
  .object({
    name: z.optional(text(256)),
    mobile: z.optional(text(256)),
    password: password(),
    device_guid: deviceGuid(),
  })
  .check(
    z.refine(({ name, mobile }) => (name ?? mobile) !== undefined, {
      message: 'or mobile is required',
      path: ['name'],
    }),
  );
export const reply = sessionReply;

/** POST /token/user — token document: logs in by `name` or `mobile`. */
export const handler = operation({ access: 'public', request, reply }, (call, input) =>
  loginByName(call, input.name || input.mobile || '', input.password, input.device_guid),
);
