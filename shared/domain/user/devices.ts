import type { Call } from '../../call/call.ts';
import { Page } from '../../call/page.ts';
import { tokenHash } from '../../call/token.ts';
import { all, equal, exists, unchanged } from '../../data/expression.ts';
import { deviceKey, pushTokenKey, userKey } from '../../data/keys.ts';
import { put, remove, type Step, update } from '../../data/step.ts';
import {
  type Device,
  deviceOf,
  devicesOf,
  freeHolder,
  NOT_DELETED,
  pushTokenOf,
  userOf,
} from '../../data/user-repo.ts';
import { badParameter } from '../../errors.ts';
import { existingUser } from './existing.ts';

/** Online while a session made a call within this time (ms). */
const ONLINE = 300_000;

/** Section 1.7: the actor's devices, the first login first. */
export async function deviceList(call: Call) {
  const devices = await call.open(devicesOf(call.app, call.person));
  return new Page(
    devices
      .sort((one, other) => one.createdAt - other.createdAt)
      .map(({ sn, platform, agent }) => ({ device_sn: sn, platform, user_agent: agent, user_id: call.person })),
  );
}

/** Section 1.16: online is who has a living session that made a call in the last five minutes. */
export async function onlineStatus(call: Call) {
  const { user, devices } = await call.open({
    user: userOf(call.app, call.person),
    devices: devicesOf(call.app, call.person),
  });
  // The call itself counts, though its note may still be on its way.
  const online =
    call.actor.kind === 'user' ||
    devices.some(
      ({ token, expiresAt, epoch, seen }) =>
        token !== undefined && expiresAt > call.now && epoch === user?.epoch && seen > call.now - ONLINE,
    );
  return { online };
}

/** Section 1.8: forgets the device and revokes its session; an unknown one is forgotten already. */
export const removeDevice = (call: Call, sn: number): Promise<true> =>
  call.change({ device: deviceOf(call.app, call.person, sn) }, ({ device }) => ({
    steps: device ? forgetSteps(call, call.person, device) : [],
    answer: () => true as const,
  }));

/** The device goes, and with it the note that it holds a push service's token. */
export const forgetSteps = (call: Call, user: number, device: Device): Step[] => [
  remove(deviceKey(call.app, user, device.sn), unchanged(device, 'device_token')),
  ...releaseToken(call, user, device),
];

/** Section 1.12: revokes the session of one device, or of all. @throws ApiError badParameter for an unknown one */
export function kickDevice(call: Call, sn: number | undefined): Promise<true> {
  const { app, person } = call;
  if (sn === undefined)
    return call.change({ user: userOf(app, person) }, ({ user }) => {
      existingUser(user);
      return { steps: [update(userKey(app, person), { add: { epoch: 1 } }, NOT_DELETED)], answer: () => true as const };
    });
  return call.change({ device: deviceOf(app, person, sn) }, ({ device }) => {
    if (!device) throw unknownDevice('device_sn');
    return {
      steps: [update(deviceKey(app, person, sn), { set: { token: undefined } }, exists)],
      answer: () => true as const,
    };
  });
}

const unknownDevice = (field: string) => badParameter(field, 'no such device');

/**
 * Section 1.38: the push service's token and certificate of a device. A token belongs to one device of the app: the
 * last bind wins, and the device that held it before loses it.
 * @throws ApiError badParameter for an unknown device
 */
export function bindToken(call: Call, sn: number, token: string, notifier: string): Promise<true> {
  const { app, person } = call;
  const hash = tokenHash(token);
  const reads = { device: deviceOf(app, person, sn), holder: pushTokenOf(app, hash) };
  return call.change(reads, ({ device, holder }) => {
    if (!device) throw unknownDevice('device_sn');
    const elsewhere = holder && !(holder.user === person && holder.sn === sn) ? holder : undefined;
    return {
      steps: [
        put(pushTokenKey(app, hash), { user: person, sn }, unchanged(holder, 'user', 'sn')),
        update(
          deviceKey(app, person, sn),
          { set: { device_token: token, notifier } },
          all(exists, unchanged(device, 'device_token')),
        ),
        ...(device.device_token !== undefined && device.device_token !== token
          ? releaseToken(call, person, device)
          : []),
        ...(elsewhere ? takeToken(call, elsewhere, token) : []),
      ],
      answer: () => true as const,
    };
  });
}

/** Section 1.39: @throws ApiError badParameter for an unknown device */
export function unbindToken(call: Call, sn: number, field: string): Promise<object> {
  const { app, person } = call;
  return call.change({ device: deviceOf(app, person, sn) }, ({ device }) => {
    if (!device) throw unknownDevice(field);
    const unbound = update(
      deviceKey(app, person, sn),
      { set: { device_token: undefined, notifier: undefined } },
      all(exists, unchanged(device, 'device_token')),
    );
    return {
      steps: device.device_token === undefined ? [] : [unbound, ...releaseToken(call, person, device)],
      answer: () => ({}),
    };
  });
}

/** The note of who holds a device's token goes with it, unless another device has bound the token since. */
function releaseToken(call: Call, user: number, { sn, device_token: token }: Device): Step[] {
  if (token === undefined) return [];
  const holder = pushTokenOf(call.app, tokenHash(token));
  // Not read before: taken to be this device's, until the write finds otherwise.
  const known = call.db.cached(holder);
  if (known && (known.record?.user !== user || known.record.sn !== sn)) return [];
  return [remove(pushTokenKey(call.app, tokenHash(token)), freeHolder(user, sn))];
}

/** The device that held the token so far loses it, unless it has lost it already. */
function takeToken(call: Call, { user, sn }: { user: number; sn: number }, token: string): Step[] {
  const known = call.db.cached(deviceOf(call.app, user, sn));
  if (known && known.record?.device_token !== token) return [];
  return [
    update(
      deviceKey(call.app, user, sn),
      { set: { device_token: undefined, notifier: undefined } },
      equal('device_token', token),
    ),
  ];
}
