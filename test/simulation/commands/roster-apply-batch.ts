import { unchanged } from '../verdict.ts';
import type { Command, UsersCall } from './command.ts';
import { drawPair, isFriend, ROSTER } from './roster.ts';
import { APPLY_ERRORS, appliesToFriend, hasApplied, type Said, say } from './roster-apply.ts';

export const applyToFriends: Command<UsersCall & Said> = {
  op: 'roster/apply/batch',
  weight: 5,
  freeWeight: 5,
  errors: APPLY_ERRORS,
  draw(draw) {
    const { actor, group } = drawPair(draw, (contact) => !isFriend(contact));
    return { op: 'roster/apply/batch', actor, group, users: draw.random.some(draw.world.users, 4), ...say(draw) };
  },
  request: ({ users, alias, answer }) => [
    'POST /roster/apply/batch',
    { rosterApplications: users.map((user_id) => ({ user_id, alias, reason: '', auth_answer: answer })) },
  ],
  permitted: () => unchanged,
  entry: (oracle, call, user, { joined }) => appliesToFriend(oracle, call, user, joined),
  effect: hasApplied,
  entryReplies(data) {
    const { success, fails } = data as { success: number[]; fails: { user_id: number; reason: string }[] };
    return [
      ...success.map((user_id) => ({ user_id, result: 'success', reason: '' })),
      ...fails.map((failed) => ({ ...failed, result: 'fail' })),
    ];
  },
  ...ROSTER,
};
