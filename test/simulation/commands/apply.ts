import type { Oracle } from '../oracle.ts';
import { andThen, may, success, unchanged, type Verdict } from '../verdict.ts';
import { type Call, type Command, JOIN_ERRORS } from './command.ts';

export const apply: Command = {
  op: 'apply',
  weight: 10,
  freeWeight: 14,
  usersOnly: true,
  errors: ['groupMissing', ...JOIN_ERRORS],
  draw: ({ likely, others, group }) => ({ op: 'apply', actor: likely(others), group }),
  request: ({ group }) => ['POST /group/apply', { group_id: group, reason: '' }],
  permitted: (oracle, call) => andThen(oracle.living(call.group), () => applies(oracle, call)),
  // A group that takes no applications answers with a success that says so: an error, which may rest on several moments.
  excused: (_call, { torn, data }) => torn && (data as { result?: string } | undefined)?.result === 'fail',
};

function applies(oracle: Oracle, { actor = 0, group }: Call): Verdict {
  const { state } = oracle.at.membership(group, actor) ?? {};
  const approval = oracle.at.group(group)?.approval;
  if (state === 'member') return may('alreadyMember');
  if (state === 'blocked') return may('blocked');
  if (approval === 2) return unchanged;
  return approval === 0 ? oracle.gate(group, actor) : success;
}
