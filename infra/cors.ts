/** What a page of an allowed origin may send: the gateway answers preflights with it, the doctor expects it. */
export const CORS_METHODS = ['GET', 'POST', 'PUT', 'DELETE'];
export const CORS_HEADERS = ['content-type', 'access-token', 'app_id', 'user_id', 'group_id', 'idempotency-key'];
