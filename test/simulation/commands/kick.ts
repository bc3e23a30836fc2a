import type { Model, Moment } from '../model.ts';
import { andThen, may, success } from '../verdict.ts';
import { ADMIN_ERRORS, type Call, type Command, type UsersCall } from './command.ts';

export const kick: Command<UsersCall> = {
  op: 'kick',
  weight: 6,
  freeWeight: 8,
  errors: ADMIN_ERRORS,
  draw: ({ by, admin, group, users }) => ({ op: 'kick', actor: by(admin), group, users }),
  request: ({ group, users }) => ['POST /group/kick', { group_id: group, user_list: users }],
  permitted: (oracle, call) => oracle.permit(call, 'admin'),
  entry: (oracle, call, user) =>
    andThen(oracle.touch(call, user), () => (oracle.role(call.group, user) < 0 ? may('notMember') : success)),
  effect: ({ at }, { group }, user) => at.membership(group, user)?.state === undefined,
  follow: followExpulsion,
};

/** A member who is kicked, or blocked, cannot come back by a QR code signed before. */
export function followExpulsion(model: Model, before: Moment, { group }: Call, user: number, now: number): void {
  if (before.membership(group, user)?.state === 'member') model.followKick(group, user, now);
}
