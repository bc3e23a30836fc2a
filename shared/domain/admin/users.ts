import type { Call } from '../../call/call.ts';
import { ListPage } from '../../call/cursor.ts';
import { Page } from '../../call/page.ts';
import { countsOf } from '../../data/contact-repo.ts';
import { clearFailures, devicesOf, hasSession } from '../../data/device-repo.ts';
import { groupInfoOf, groupOf } from '../../data/group-repo.ts';
import { identitiesOf } from '../../data/identity-repo.ts';
import * as locks from '../../data/lock-repo.ts';
import { lockOf } from '../../data/lock-repo.ts';
import { groupMembershipOf, groupsOfUser, isMember, runningBanEnd } from '../../data/membership-repo.ts';
import { type Profile, profileOf } from '../../data/profile-repo.ts';
import { comparedName, isUser, mobileOf, type User, usernamesFrom, userOf } from '../../data/user-repo.ts';
import { ApiError } from '../../errors.ts';
import type { GroupId, UserId } from '../../ids.ts';
import { banExpireTime } from '../group/reply.ts';
import { lockedUntil } from '../user/lock-out.ts';
import { existingUser } from '../user/status.ts';

/** A page as the caller asks for it. */
export interface Paging {
  cursor?: string | undefined;
  limit: number;
}

const STATUS = { active: 0, disabled: 1, deleted: 2 } as const;
const seconds = (ms = 0) => Math.floor(ms / 1000);

const entryOf = (user: User, { nick_name = '', avatar = '' }: Profile = {}) => ({
  user_id: user.user,
  username: user.username,
  nick_name,
  avatar,
  mobile: user.mobile ?? '',
  status: STATUS[user.status],
  created_at: seconds(user.createdAt),
});

const recordsOf = (call: Call, id: UserId) => ({ user: userOf(call.app, id), profile: profileOf(call.app, id) });

/**
 * Users by the beginning of their usernames, or the one with this number or id. A page costs at most 20 read units for the
 * index, and 13 for each user: mostly 2.
 * @throws ApiError badParameter (cursor)
 */
export async function searchUsers(
  call: Call,
  given: Paging & {
    prefix?: string | undefined;
    mobile?: string | undefined;
    user_id?: UserId | undefined;
    status?: number | undefined;
  },
) {
  const { prefix, mobile, user_id, status } = given;
  const shown = (found: { user: User | undefined; profile: Profile | undefined }[], beginning = '') =>
    found.flatMap(({ user, profile }) =>
      isUser(user) &&
      (status === undefined || STATUS[user.status] === status) &&
      // The index may show a name that the user had.
      comparedName(user.username).startsWith(beginning)
        ? [entryOf(user, profile)]
        : [],
    );
  if (user_id !== undefined) return new Page(shown([await call.open(recordsOf(call, user_id))]));
  if (mobile !== undefined) {
    const holder = await call.open(mobileOf(call.app, mobile));
    return new Page(holder ? shown([await call.db.read(recordsOf(call, holder.user))]) : []);
  }
  const beginning = comparedName(prefix ?? '');
  const page = new ListPage(call, `names ${beginning}`, usernamesFrom(call.app, beginning), given);
  const { entries, cursor } = page.cut(await call.open(page.read));
  return new Page(shown(await call.db.read(entries.map((id) => recordsOf(call, id))), beginning), cursor);
}

/** Everything about one user that support needs, in one round trip. @throws ApiError userMissing */
export async function userInfo(call: Call, id: UserId) {
  const { app, now } = call;
  const { user, profile, lock, devices, contacts, identities } = await call.open({
    ...recordsOf(call, id),
    lock: lockOf(app, String(id)),
    devices: devicesOf(app, id),
    contacts: countsOf(app, id),
    identities: identitiesOf(app, id),
  });
  if (!user) throw new ApiError('userMissing');
  const { description = '', email = '', private_info = '', public_info = '' } = profile ?? {};
  const { groups_joined, groups_owned, friends, blocked, devices: mostDevices } = call.limits;
  const locked = (until = 0) => (until > now ? seconds(until) : 0);
  return {
    ...entryOf(user, profile),
    description,
    email,
    private_info,
    public_info,
    group_confirm: user.confirm,
    has_password: user.password !== undefined,
    groups_joined: user.joined,
    groups_owned: user.owned,
    friends: contacts?.friends ?? 0,
    blocked_users: contacts?.blocked ?? 0,
    failed_logins: lock?.fails.length ?? 0,
    locked_until: locked(lock?.lockedUntil),
    devices: devices
      .sort((one, other) => other.seen - one.seen)
      .map((device) => ({
        device_sn: device.sn,
        platform: device.platform,
        user_agent: device.agent,
        created_at: seconds(device.createdAt),
        logged_in_at: seconds(device.login),
        last_seen_at: seconds(device.seen),
        session_expires_at: hasSession(device, user, now) ? seconds(device.expiresAt) : 0,
        push_bound: device.device_token !== undefined,
        failed_logins: device.fails?.length ?? 0,
        locked_until: locked(lockedUntil(device.fails)),
      })),
    identities: identities.map(({ issuer, subject, createdAt }) => ({
      issuer,
      subject,
      created_at: seconds(createdAt),
    })),
    limits: { groups_joined, groups_owned, friends, blocked, devices: mostDevices },
  };
}

/**
 * The groups of a user with role, ban and block. A page costs about 5 read units for each group.
 * @throws ApiError userMissing, badParameter (cursor)
 */
export async function groupsOf(call: Call, id: UserId, given: Paging) {
  const { app, now } = call;
  const page = new ListPage(call, `groups of ${id}`, groupsOfUser(app, id), given);
  const { user, found } = await call.open({ user: userOf(app, id), found: page.read });
  existingUser(user);
  const { entries, cursor } = page.cut(found);
  const records = await call.db.read(
    entries.map((group) => ({
      group: groupOf(app, group),
      info: groupInfoOf(app, group),
      membership: groupMembershipOf(app, group, id),
    })),
  );
  const data = records.flatMap(({ group, info, membership }) => {
    const banEnd = runningBanEnd(membership, now);
    const state = membership?.state ?? 'none';
    // Of a membership that has ended, only a ban is left.
    if (group?.status !== 'normal' || (state === 'none' && banEnd === undefined)) return [];
    return [
      {
        group_id: group.group as GroupId,
        name: info?.name ?? '',
        avatar: info?.avatar ?? '',
        type: group.type,
        owner_id: group.owner,
        count: group.count,
        state,
        role: isMember(membership) ? membership.role : null,
        display_name: membership?.name ?? '',
        join_time: isMember(membership) ? seconds(membership.joined) : 0,
        blocked_at: seconds(membership?.blocked),
        ban_expire_time: banExpireTime(banEnd ?? 0, now),
      },
    ];
  });
  return new Page(data, cursor);
}

/** Forgets the failed logins of an account and its devices. @throws ApiError userMissing */
export async function unlock(call: Call, id: UserId): Promise<true> {
  const { app } = call;
  const { user, devices } = await call.open({ user: userOf(app, id), devices: devicesOf(app, id) });
  existingUser(user);
  await call.db.write([locks.clear(app, String(id))]);
  // Each in its own write, since a device may be gone meanwhile.
  for (const { sn, fails } of devices) if (fails !== undefined) await call.db.write([clearFailures(app, id, sn)]);
  return true;
}
