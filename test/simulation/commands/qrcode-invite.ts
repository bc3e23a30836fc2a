import type { Event } from '../model.ts';
import type { Oracle } from '../oracle.ts';
import { may, type Verdict } from '../verdict.ts';
import { type Call, type Command, JOIN_ERRORS, type QrCode } from './command.ts';
import { signQrCode } from './qrcode-sign.ts';

export const joinByQrCode: Command<Call & QrCode> = {
  op: 'qrcode/invite',
  weight: 6,
  freeWeight: 6,
  usersOnly: true,
  errors: ['qrIllegal', 'qrExpired', ...JOIN_ERRORS],
  draw(draw) {
    const { random, likely, others, world } = draw;
    // Without a code, somebody signs one.
    if (world.codes.length === 0) return signQrCode.draw(draw) as Call & QrCode;
    const code = random.one(world.codes);
    return { op: 'qrcode/invite', actor: likely(others), ...code };
  },
  request: ({ code }) => ['POST /group/qrcode/invite', { qr_info: code }],
  permitted: (oracle, call) => (call.expires * 1000 <= oracle.now ? may('qrExpired') : joins(oracle, call)),
  effect: ({ at }, { group }, user) => at.membership(group, user)?.state === 'member',
};

/** A code ends when its signer leaves or loses the right to sign, and for users who were kicked since. */
function joins(oracle: Oracle, { actor = 0, group, signer, signed, versions: [from, to] }: Call & QrCode): Verdict {
  const { at } = oracle;
  if (oracle.living(group).outcomes[0] !== 'success' || !oracle.isMember(group, signer)) return may('qrIllegal');
  if (oracle.role(group, signer) < 1 && !at.group(group)?.member_invite) return may('qrIllegal');
  const kicks = at.kicks(group, actor);
  const rejoined = at.lastJoin(group, signer);
  const isAfter = ({ version, clock }: Event) => version > to && clock > signed;
  if (isAfter(rejoined)) return may('qrIllegal');
  const { outcomes, changes } = oracle.gate(group, actor);
  // The gate comes first: a user who cannot join anyway is not told of a kick.
  if (kicks.some(isAfter)) return may('qrIllegal', ...outcomes.filter((one) => one !== 'success'));
  // Of calls that ran at the same moment, either may have come first.
  const perhaps = [...kicks, rejoined].some(({ version, clock }) => version > from || clock >= signed);
  return { outcomes: perhaps ? [...outcomes, 'qrIllegal'] : outcomes, changes };
}
