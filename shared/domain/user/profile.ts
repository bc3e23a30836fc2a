import { profileKey, userKey } from '../../data/keys.ts';
import { check, update } from '../../data/step.ts';
import { LIVING, type Profile, profileOf, userOf } from '../../data/user-repo.ts';
import type { Call } from '../call.ts';
import { livingUser } from './living.ts';

/** Section 1.18: the actor's own profile; `private_info` is nobody else's to see. */
export async function getProfile(call: Call) {
  const { user: found, profile } = await call.open({
    user: userOf(call.app, call.person),
    profile: profileOf(call.app, call.person),
  });
  const user = livingUser(found);
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

/** Section 1.19: changes the fields that came. */
export function changeProfile(
  call: Call,
  change: { [field in keyof Profile]?: Profile[field] | undefined },
): Promise<true> {
  return call.change({ user: userOf(call.app, call.person) }, ({ user }) => {
    livingUser(user);
    const set = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
    const steps =
      Object.keys(set).length > 0
        ? [update(profileKey(call.app, call.person), { set }), check(userKey(call.app, call.person), LIVING)]
        : [];
    return { steps, answer: () => true };
  });
}
