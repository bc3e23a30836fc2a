/** What can be done to members of a group, one by one or many at once. */
import type { Client, Entry } from '../client/roster.ts';

export type MemberAction = 'add' | 'remove' | 'ban' | 'unban' | 'block' | 'unblock' | 'promote' | 'demote';

/** Users of one call. */
const MOST = 100;

/** Actions that take something away. */
export const TAKES: ReadonlySet<MemberAction> = new Set(['remove', 'ban', 'block', 'demote']);

interface Change {
  group_id: number;
  action: MemberAction;
  /** Of a ban; −1 for ever. */
  minutes: number;
}

const call = ({ group }: Client, { group_id, action, minutes }: Change, user_list: number[]): Promise<Entry[]> => {
  const of = { group_id, user_list };
  switch (action) {
    case 'add':
      return group.invite(of);
    case 'remove':
      return group.kick(of);
    case 'ban':
      return group.ban({ ...of, duration: minutes });
    case 'unban':
      return group.unban(of);
    case 'block':
      return group.block(of);
    case 'unblock':
      return group.unblock(of);
    case 'promote':
      return group.adminAdd(of);
    case 'demote':
      return group.adminRemove(of);
  }
};

/**
 * Does it to all users, in calls of 100.
 * @param told what a call answered
 * @throws the error of the first call that failed; calls before it have taken effect
 */
export async function changeMembers(
  client: Client,
  change: Change,
  users: readonly number[],
  { told, signal }: { told?: (entries: Entry[]) => void; signal?: AbortSignal } = {},
): Promise<Entry[]> {
  const all: Entry[] = [];
  for (let from = 0; from < users.length && !signal?.aborted; from += MOST) {
    const entries = await call(client, change, users.slice(from, from + MOST));
    all.push(...entries);
    told?.(entries);
  }
  return all;
}
