import { wholeNumber } from '../../call/caller.ts';
import type { GroupId, UserId } from '../../ids.ts';

/** What a channel, topic or resource is about: the messages of a group, or those that a user gets. */
export type Place = { group_id: GroupId } | { peer_id: UserId };

/** @param kind `group` or `user`; undefined where it is neither or `id` is no id */
export function placeOf(kind: string | undefined, id: string | undefined): Place | undefined {
  const group_id = kind === 'group' ? wholeNumber<GroupId>(id) : undefined;
  if (group_id !== undefined) return { group_id };
  const peer_id = kind === 'user' ? wholeNumber<UserId>(id) : undefined;
  return peer_id === undefined ? undefined : { peer_id };
}
