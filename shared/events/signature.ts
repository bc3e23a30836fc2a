import { createHmac } from 'node:crypto';

/**
 * The signature of one request to an endpoint: https://www.standardwebhooks.com, 1.0.0.
 * @param secret `whsec_` and base64 @param id of the event @param seconds since 1970, as in `webhook-timestamp`
 */
export const signature = (secret: string, id: string, seconds: number, body: string): string => {
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
  return `v1,${createHmac('sha256', key).update(`${id}.${seconds}.${body}`).digest('base64')}`;
};
