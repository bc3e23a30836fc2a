import type { Call } from '../../call/call.ts';
import { wholeNumber } from '../../call/caller.ts';
import { type ApiError, badParameter, errors } from '../../errors.ts';
import type { UserId } from '../../ids.ts';
import { placeOf } from './channel.ts';
import { type Action, check, checkOne, type Decision, type Question } from './decision.ts';

/** Answers to Centrifugo's proxy: https://centrifugal.dev/docs/server/proxy */

/** Request of a client who connects. */
interface ConnectRequest {
  token?: string | undefined;
  /** What the client sends along: `{token}`. */
  data?: unknown;
  /** Channels that the client asks for from the beginning. */
  channels?: string[] | undefined;
}

/** Request of a client who has connected. */
interface ClientRequest {
  user: string;
  /** What the answer to `connect` gave Centrifugo to keep, where it is configured to send that: `{token}`. */
  meta?: unknown;
}

type ChannelRequest = ClientRequest & { channel: string };

/** Channels beyond these are not looked at. */
const MOST_CHANNELS = 99;

/** Codes from 4500 tell the client not to connect again by itself. */
const DISCONNECTS: Partial<Record<number, { code: number; reason: string }>> = {
  [errors.loginAgain[0]]: { code: 4501, reason: 'log in again' },
  [errors.badToken[0]]: { code: 4502, reason: 'invalid token' },
  [errors.userMissing[0]]: { code: 4503, reason: 'no such user' },
};
const DISABLED = { code: 4504, reason: 'user is disabled' };

/** `POST /access/centrifugo/connect` */
export async function connect(call: Call, { token, data, channels = [] }: ConnectRequest) {
  const given = token ?? tokenIn(data) ?? '';
  const rooms = channels.slice(0, MOST_CHANNELS);
  const [decision, ...ofRooms] = await check(call, [
    { action: 'connect', token: given },
    ...rooms.map((channel) => onChannel('subscribe', { token: given }, channel)),
  ]);
  if (!decision!.allow) return disconnected(decision!);
  const allowed = rooms.filter((_, index) => ofRooms[index]!.allow);
  return {
    result: {
      user: String(decision!.user_id),
      ...expiry(decision!),
      meta: { token: given },
      ...(allowed.length > 0 && { channels: allowed }),
    },
  };
}

/** `POST /access/centrifugo/refresh` */
export const refresh = async (call: Call, request: ClientRequest) =>
  refreshed(await checkOne(call, { action: 'connect', ...whoOf(request) }));

/** `POST /access/centrifugo/sub_refresh` */
export async function refreshSubscription(call: Call, request: ChannelRequest) {
  const [decision] = await check(call, [onChannel('subscribe', whoOf(request), request.channel)]);
  return refreshed(decision!);
}

/** `POST /access/centrifugo/subscribe` */
export const subscribe = (call: Call, request: ChannelRequest) => decided(call, 'subscribe', request, expiry);

/** `POST /access/centrifugo/publish` */
export const publish = (call: Call, request: ChannelRequest) => decided(call, 'publish', request, () => ({}));

/** A client whose session has ended loses its connection. @param result of a decision that allows it */
async function decided(call: Call, action: Action, request: ChannelRequest, result: (decision: Decision) => object) {
  const who = whoOf(request);
  const [connection, decision] = await check(call, [
    { action: 'connect', ...who },
    onChannel(action, who, request.channel),
  ]);
  if (!connection!.allow) return disconnected(connection!);
  const { allow, code, reason } = decision!;
  return allow ? { result: result(decision!) } : { error: { code: errorCode(code), message: reason } };
}

const disconnected = ({ code }: Decision) => ({ disconnect: DISCONNECTS[code] ?? DISABLED });

const refreshed = (decision: Decision) => ({ result: decision.allow ? expiry(decision) : { expired: true } });

/** The first whole second at which the decision may be another; absent where it never is. */
const expiry = ({ until }: Decision) => (until < 0 ? {} : { expire_at: Math.ceil(until / 1000) });

/**
 * Centrifugo takes codes from 400 to 1999. 20011 becomes 1211, 30005 1305, 10010 1110: the first digit and the last two.
 */
const errorCode = (code: number) => 1000 + Math.floor(code / 10_000) * 100 + (code % 100);

const whoOf = ({ user, meta }: ClientRequest): Pick<Question, 'token' | 'user_id'> => {
  const token = tokenIn(meta);
  // No user has the id 0: that of a client without a user.
  return token === undefined ? { user_id: wholeNumber<UserId>(user) ?? (0 as UserId) } : { token };
};

const tokenIn = (value: unknown): string | undefined => {
  const token = typeof value === 'object' && value !== null && 'token' in value ? value.token : undefined;
  return typeof token === 'string' ? token : undefined;
};

/** A question about a channel: `group:<id>` or `user:<id>`. */
function onChannel(action: Action, who: Pick<Question, 'token' | 'user_id'>, channel: string): Question | ApiError {
  const [, kind, id] = /^(group|user):(\d+)$/.exec(channel) ?? [];
  const place = placeOf(kind, id);
  return place ? { action, ...who, ...place } : badParameter('channel', 'must be group:<id> or user:<id>');
}
