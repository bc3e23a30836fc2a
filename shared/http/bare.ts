import * as z from 'zod/mini';
import type { Failed } from '../routes/operation.ts';

/** Errors of operations that speak a protocol of others: see `Operation.bare`. */

/** What says that the caller has not proven itself. */
const UNPROVEN = ['noToken', 'badToken', 'loginAgain', 'appMissing', 'appDisabled'];
/** What says that it has, and may not do this. */
const FORBIDDEN = ['noPermission', 'scopeMissing'];

/** HTTP status where an answer has no code of ours: 400, 401, 403, 413, 500 or 503. */
const statusOf = ({ name, status }: Failed): number =>
  status !== 200 ? status : UNPROVEN.includes(name) ? 401 : FORBIDDEN.includes(name) ? 403 : 400;

/** Centrifugo looks at the status alone: its client then tries again later. */
export const centrifugoError = (failed: Failed) => {
  const status = statusOf(failed);
  return { status, body: { error: { code: status, message: failed.message } } };
};

/** OAuth 2.0 (RFC 6749, section 5.2), which RFC 7662 refers to; `insufficient_scope` is from RFC 6750. */
export const oauthError = (failed: Failed) => {
  const status = statusOf(failed);
  const error =
    status >= 500
      ? 'server_error'
      : status === 401
        ? 'invalid_client'
        : failed.name === 'scopeMissing'
          ? 'insufficient_scope'
          : status === 403
            ? 'unauthorized_client'
            : 'invalid_request';
  return { status, body: { error, error_description: failed.message } };
};

/** "An error message string". */
export const authzenError = (failed: Failed) => ({ status: statusOf(failed), body: failed.message });

export const centrifugoErrorReply = z.object({ error: z.object({ code: z.int(), message: z.string() }) });
export const oauthErrorReply = z.object({
  error: z.enum(['invalid_request', 'invalid_client', 'unauthorized_client', 'insufficient_scope', 'server_error']),
  error_description: z.string(),
});
export const authzenErrorReply = z.string();
