import type { Call } from '../../call/call.ts';
import * as profiles from '../../data/profile-repo.ts';
import { tagsOf } from '../../data/profile-repo.ts';
import * as users from '../../data/user-repo.ts';
import { userOf } from '../../data/user-repo.ts';
import { badParameter } from '../../errors.ts';
import { existingUser } from './status.ts';

/** Section 1.28: the actor's tags in the order of binding. */
export async function getTags(call: Call): Promise<string[]> {
  const { tags } = await call.open({ tags: tagsOf(call.app, call.person) });
  return tags?.tags ?? [];
}

/** Section 1.29: binds tags; a tag that is bound already keeps its place. @throws ApiError badParameter over the limit */
export const bindTags = (call: Call, more: string[]): Promise<true> =>
  changeTags(call, (tags) => {
    const all = [...new Set([...tags, ...more])];
    if (all.length > call.limits.tags) throw badParameter('tags', `a user has at most ${call.limits.tags}`);
    return all;
  });

/** Section 1.30: unbinds tags. */
export const unbindTags = (call: Call, fewer: string[]): Promise<true> =>
  changeTags(call, (tags) => tags.filter((tag) => !fewer.includes(tag)));

/** Section 1.31: unbinds all tags. */
export const unbindAllTags = (call: Call): Promise<true> => changeTags(call, () => []);

function changeTags(call: Call, change: (tags: string[]) => string[]): Promise<true> {
  const { app, person: me } = call;
  return call.change({ user: userOf(app, me), stored: tagsOf(app, me) }, ({ user, stored }) => {
    existingUser(user);
    const before = stored?.tags ?? [];
    const tags = change(before);
    const steps = [profiles.putTags(app, me, tags, stored), users.checkExists(app, me)];
    return { steps: tags.length === before.length ? [] : steps, answer: () => true as const };
  });
}
