import type { Limits } from '../../../shared/limits.ts';
import type { Moment } from '../model.ts';
import { may, unchanged } from '../verdict.ts';
import type { Command } from './command.ts';
import { drawPair, isBlocked, isFriend, ROSTER_READ, type RosterCall } from './roster.ts';

/** Whether the sender may write to the recipient, who is `user`. */
type MayMessage = RosterCall & { sender: number };

export const mayMessage: Command<MayMessage> = {
  op: 'roster/may_message',
  weight: 4,
  freeWeight: 3,
  errors: ['noPermission'],
  draw(draw) {
    const { actor: user, user: sender } = drawPair(draw, (contact) => contact !== undefined);
    const actor = draw.by(draw.random.chance(0.1) ? draw.anyone : draw.random.one([user, sender]));
    return { op: 'roster/may_message', actor, group: 0, user, sender };
  },
  request: ({ user, sender }) => ['GET /roster/may_message', { user_id: user, roster_id: sender }],
  permitted: (_oracle, { actor, user, sender }) =>
    actor === undefined || actor === user || actor === sender ? unchanged : may('noPermission'),
  succeeded(call, { data, moments, torn, limits, wrong }) {
    const exist = ({ user, sender }: MayMessage, moment: Moment) =>
      [user, sender].every((id) => moment.user(id)?.status === 'active');
    // The users and the contact may be read at several moments. A user who is deleted does not come back.
    if (torn && exist(call, moments[0]!) !== exist(call, moments.at(-1)!)) return;
    const right = moments.map((moment) => exist(call, moment) && accepts(moment, call, limits));
    if (!right.includes(data as boolean)) wrong(`answers ${data}, which was never so`);
  },
  ...ROSTER_READ,
  usersOnly: undefined,
};

function accepts(moment: Moment, { user, sender }: MayMessage, limits: Limits): boolean {
  const contact = moment.contact(user, sender);
  if (isBlocked(contact)) return false;
  return isFriend(contact) || user === sender || limits.strangers_may_message === 1;
}
