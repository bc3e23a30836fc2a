/**
 * Methods and headers that a page of an allowed origin may send. The gateway answers preflight requests with them; the
 * doctor checks that.
 */
export const CORS_METHODS = ['GET', 'POST', 'PUT', 'DELETE'];
export const CORS_HEADERS = ['content-type', 'access-token', 'app_id', 'user_id', 'group_id', 'idempotency-key'];
