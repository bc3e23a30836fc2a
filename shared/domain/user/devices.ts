import type { Call } from '../../call/call.ts';
import { Page } from '../../call/page.ts';
import { tokenHash } from '../../call/token.ts';
import type { Step } from '../../call/transact.ts';
import * as devices from '../../data/device-repo.ts';
import {
  type Device,
  deviceOf,
  devicesOf,
  hasSession,
  type PushTokenHolder,
  pushTokenOf,
} from '../../data/device-repo.ts';
import * as users from '../../data/user-repo.ts';
import { type User, userOf } from '../../data/user-repo.ts';
import { badParameter } from '../../errors.ts';
import type { UserId } from '../../ids.ts';
import { existingUser } from './status.ts';

/** A user is online while a valid session has made a call within this time (ms). */
const ONLINE = 300_000;

/** Section 1.7: the actor's devices in the order of their first login. */
export async function deviceList(call: Call) {
  const found = await call.open(devicesOf(call.app, call.person));
  return new Page(
    found
      .sort((one, other) => one.createdAt - other.createdAt)
      .map(({ sn, platform, agent }) => ({ device_sn: sn, platform, user_agent: agent, user_id: call.person })),
  );
}

/** Section 1.16 */
export async function onlineStatus(call: Call) {
  const { app, person: me } = call;
  const { user, found } = await call.open({ user: userOf(app, me), found: devicesOf(app, me) });
  // This call counts too, even while its presence is still being written.
  const online =
    call.actor.kind === 'user' ||
    found.some((device) => hasSession(device, user, call.now) && device.seen > call.now - ONLINE);
  return { online };
}

/** Section 1.8: forgets the device and revokes its session. An unknown device is no error. */
export const removeDevice = (call: Call, sn: number): Promise<true> =>
  call.change(readsOf(call, sn), ({ user, device }) => ({
    steps: device
      ? [
          devices.forget(call.app, call.person, device, call.now, sessionEnd(call, user, device, 'removed')),
          ...releaseToken(call, call.person, device),
        ]
      : [],
    answer: () => true as const,
  }));

const readsOf = (call: Call, sn: number) => ({
  user: userOf(call.app, call.person),
  device: deviceOf(call.app, call.person, sn),
});

/** The reason is told of sessions that are alive. */
const sessionEnd = (call: Call, user: User | undefined, device: Device, reason: devices.SessionEnd) =>
  hasSession(device, user, call.now) ? reason : undefined;

/** Section 1.12: revokes the session of one device, or of all. @throws ApiError badParameter for an unknown one */
export function kickDevice(call: Call, sn: number | undefined): Promise<true> {
  const { app, person: me } = call;
  if (sn === undefined)
    return call.change({ user: userOf(app, me) }, ({ user }) => {
      existingUser(user);
      return { steps: [users.endSessions(app, me)], answer: () => true as const };
    });
  return call.change(readsOf(call, sn), ({ user, device }) => {
    if (!device) throw unknownDevice('device_sn');
    const reason = sessionEnd(call, user, device, 'kicked');
    return { steps: [devices.signOut(app, me, sn, reason)], answer: () => true as const };
  });
}

const unknownDevice = (field: string) => badParameter(field, 'no such device');

/**
 * Section 1.38: the push service's token and certificate of a device. One device of the app holds a token: the last bind
 * wins, and the device that held it before loses it.
 * @throws ApiError badParameter for an unknown device
 */
export function bindToken(call: Call, sn: number, token: string, notifier: string): Promise<true> {
  const { app, person: user } = call;
  const hash = tokenHash(token);
  const reads = { device: deviceOf(app, user, sn), holder: pushTokenOf(app, hash) };
  return call.change(reads, ({ device, holder }) => {
    if (!device) throw unknownDevice('device_sn');
    const isHolder = holder?.user === user && holder.sn === sn;
    return {
      steps: [
        devices.holdToken(app, hash, { user, sn }, holder),
        devices.bindToken(app, user, device, token, notifier),
        ...(device.device_token === token ? [] : releaseToken(call, user, device)),
        ...(holder && !isHolder ? takeToken(call, holder, token) : []),
      ],
      answer: () => true as const,
    };
  });
}

/** Section 1.39: @throws ApiError badParameter for an unknown device */
export function unbindToken(call: Call, sn: number, field: string): Promise<object> {
  const { app, person: user } = call;
  return call.change({ device: deviceOf(app, user, sn) }, ({ device }) => {
    if (!device) throw unknownDevice(field);
    const unbound = () => [devices.unbindToken(app, user, device), ...releaseToken(call, user, device)];
    return { steps: device.device_token === undefined ? [] : unbound(), answer: () => ({}) };
  });
}

/** The device no longer holds its push token, unless another device has bound the token since. */
export function releaseToken(call: Call, user: UserId, { sn, device_token: token }: Device): Step[] {
  if (token === undefined) return [];
  const hash = tokenHash(token);
  // The holder may not be read yet. It is assumed to be this device, until a failed condition shows another one.
  const cached = call.db.cached(pushTokenOf(call.app, hash));
  const isHolder = !cached || (cached.record?.user === user && cached.record.sn === sn);
  return isHolder ? [devices.releaseToken(call.app, hash, { user, sn })] : [];
}

/** The device that held the push token loses it, unless it has lost it already. */
function takeToken(call: Call, holder: PushTokenHolder, token: string): Step[] {
  const cached = call.db.cached(deviceOf(call.app, holder.user, holder.sn));
  return !cached || cached.record?.device_token === token ? [devices.loseToken(call.app, holder, token)] : [];
}
