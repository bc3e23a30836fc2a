import type { Call } from '../../call/call.ts';
import { unchanged } from '../../data/expression.ts';
import { tagsKey, userKey } from '../../data/keys.ts';
import { check, put, type Step } from '../../data/step.ts';
import { NOT_DELETED, tagsOf, userOf } from '../../data/user-repo.ts';
import { badParameter } from '../../errors.ts';
import { existingUser } from './existing.ts';

/** Section 1.28: the actor's tags in the order of binding. */
export async function getTags(call: Call): Promise<string[]> {
  const { tags } = await call.open({ tags: tagsOf(call.app, call.person) });
  return tags?.tags ?? [];
}

/** Section 1.29: binds tags; one that is bound keeps its place. @throws ApiError badParameter over the limit */
export const bindTags = (call: Call, more: string[]): Promise<true> =>
  changeTags(call, (tags) => {
    const all = [...new Set([...tags, ...more])];
    if (all.length > call.limits.tags) throw badParameter('tags', `a user has at most ${call.limits.tags}`);
    return all;
  });

/** Section 1.30: takes tags off; others stay. */
export const unbindTags = (call: Call, fewer: string[]): Promise<true> =>
  changeTags(call, (tags) => tags.filter((tag) => !fewer.includes(tag)));

/** Section 1.31: takes all tags off. */
export const unbindAllTags = (call: Call): Promise<true> => changeTags(call, () => []);

function changeTags(call: Call, change: (tags: string[]) => string[]): Promise<true> {
  const reads = { user: userOf(call.app, call.person), stored: tagsOf(call.app, call.person) };
  return call.change(reads, ({ user, stored }) => {
    existingUser(user);
    const was = stored?.tags ?? [];
    const tags = change(was);
    const steps: Step[] = [
      put(tagsKey(call.app, call.person), { tags }, unchanged(stored, 'tags')),
      check(userKey(call.app, call.person), NOT_DELETED),
    ];
    return { steps: tags.length === was.length ? [] : steps, answer: () => true as const };
  });
}
