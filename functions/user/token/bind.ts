import * as z from 'zod/mini';
import { bindToken } from '../../../shared/domain/user/devices.ts';
import { operation } from '../../../shared/http/operation.ts';
import { id, LONGEST, title } from '../../../shared/http/parameters.ts';

export const request = z.object({
  device_sn: id(),
  device_token: title(LONGEST.url),
  notifier_name: title(LONGEST.name),
});
export const reply = z.boolean();

/** PUT|POST /user/token/bind — section 1.38: binds a push service's token to a device. */
export const handler = operation({ access: 'person', request, reply }, (call, input) =>
  bindToken(call, input.device_sn, input.device_token, input.notifier_name),
);
