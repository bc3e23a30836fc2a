import { type EventPattern, selects } from '../../events/catalogue.ts';
import type { GroupId, UserId } from '../../ids.ts';
import type { EventEntry } from './entry.ts';

/** Which events a reader wants; absent: all. */
export interface EventFilter {
  types?: string[] | undefined;
  group_id?: GroupId | undefined;
  user_id?: UserId | undefined;
}

/** Fields of `data` that name a user whom the event is about. */
const USERS = ['user_id', 'friend_id', 'blocked_id', 'owner_id', 'previous_owner_id', 'author', 'uploader'];

/** Whether a reader wants the event. */
export function wants({ types, group_id, user_id }: EventFilter, { type, data }: Pick<EventEntry, 'type' | 'data'>) {
  const of = data as Record<string, unknown>;
  return (
    (types === undefined || types.some((pattern) => selects(pattern as EventPattern, type))) &&
    (group_id === undefined || of.group_id === group_id) &&
    (user_id === undefined || USERS.some((name) => of[name] === user_id))
  );
}
