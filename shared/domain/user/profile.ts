import type { Call } from '../../call/call.ts';
import type { BatchPlan, Step } from '../../call/transact.ts';
import * as profiles from '../../data/profile-repo.ts';
import { type Profile, profileOf } from '../../data/profile-repo.ts';
import * as users from '../../data/user-repo.ts';
import { type User, userOf } from '../../data/user-repo.ts';
import { ApiError } from '../../errors.ts';
import type { UserId } from '../../ids.ts';
import { existingUser } from './status.ts';

/** Section 1.18: the actor's own profile; no one else sees `private_info`. */
export async function getProfile(call: Call) {
  const { user: found, profile } = await call.open({
    user: userOf(call.app, call.person),
    profile: profileOf(call.app, call.person),
  });
  const user = existingUser(found);
  const {
    nick_name = '',
    avatar = '',
    description = '',
    email = '',
    private_info = '',
    public_info = '',
  } = profile ?? {};
  return {
    user_id: user.user,
    username: user.username,
    mobile: user.mobile ?? '',
    nick_name,
    avatar,
    description,
    email,
    private_info,
    public_info,
  };
}

type ProfileChange = { [field in keyof Profile]?: Profile[field] | undefined };

/** Sections 1.2, 1.15, 1.17, 1.19, 1.21: changes the given fields. */
export function changeProfile(call: Call, change: ProfileChange): Promise<true> {
  return call.change({ user: userOf(call.app, call.person) }, ({ user }) => ({
    steps: profileSteps(call, call.person, user, change),
    answer: () => true as const,
  }));
}

/** Sections 1.3, 1.20: profiles of several users, each on its own. */
export async function changeProfiles(call: Call, list: { user_id: UserId; change: ProfileChange | ApiError }[]) {
  const reads = { found: list.map(({ user_id }) => userOf(call.app, user_id)) };
  const plan: BatchPlan<typeof reads, (typeof list)[number]> = {
    permit: () => {},
    entry: ({ found }, { entry, index }) => {
      if (entry.change instanceof ApiError) throw entry.change;
      return profileSteps(call, entry.user_id, found[index], entry.change);
    },
    shared: () => [],
  };
  const errors = await call.changeEach(reads, list, plan);
  return list.map(({ user_id }, index) => {
    const error = errors[index];
    return { user_id, success: !error, reason: error?.message ?? '' };
  });
}

function profileSteps(call: Call, id: UserId, user: User | undefined, change: ProfileChange): Step[] {
  existingUser(user);
  const set = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
  return Object.keys(set).length > 0
    ? [profiles.changeProfile(call.app, id, set), users.checkExists(call.app, id)]
    : [];
}
