import type { Oracle } from '../oracle.ts';
import { andThen, may, success } from '../verdict.ts';
import { ADMIN_ERRORS, type Call, type Command, JOIN_ERRORS } from './command.ts';

type HandleApplication = Call & { user: number; approval: boolean };

export const handleApplication: Command<HandleApplication> = {
  op: 'apply/handle',
  weight: 8,
  freeWeight: 8,
  errors: [...ADMIN_ERRORS, 'applicationGone', 'userMissing', ...JOIN_ERRORS],
  draw({ random, moment, world: { users, groups }, anyone, group, by, likely, adminsOf }) {
    const pairs = groups.flatMap((to) => users.map((id) => [to, id] as const));
    const applied = pairs.filter(([to, id]) => moment.application(to, id)?.status === 0);
    const [to, user] = applied.length > 0 ? random.one(applied) : ([group, anyone] as const);
    return {
      op: 'apply/handle',
      actor: by(likely(adminsOf(to))),
      group: to,
      user,
      approval: random.chance(0.8),
    };
  },
  request: ({ group, user, approval }) => ['POST /group/apply/handle', { group_id: group, user_id: user, approval }],
  permitted: (oracle, call) =>
    andThen(oracle.permit(call, 'admin'), () => {
      if (!isPending(oracle, call.group, call.user)) return may('applicationGone');
      return call.approval ? oracle.gate(call.group, call.user) : success;
    }),
};

function isPending({ at, now }: Oracle, group: number, user: number): boolean {
  const application = at.application(group, user);
  const isCurrent = application?.status === 0 && application.expiresAt > now;
  return isCurrent && at.applicationMadeAt(group, user) > at.voidedAt(group, user);
}
