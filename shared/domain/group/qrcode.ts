import type { Call } from '../../call/call.ts';
import { keyFor, mac, sameText } from '../../call/token.ts';
import { absent, all, any, atMost, below } from '../../data/expression.ts';
import { groupInfoOf, groupOf } from '../../data/group-repo.ts';
import { groupMembershipKey } from '../../data/keys.ts';
import { groupMembershipOf, isMember, unchangedRole, userMembershipOf } from '../../data/membership-repo.ts';
import { check } from '../../data/step.ts';
import { userOf } from '../../data/user-repo.ts';
import { ApiError } from '../../errors.ts';
import { admit, countJoined } from './admission.ts';
import { actorMembership, permit, stillOpen } from './permissions.ts';

/** `group.signer.signed.expiry.mac`, the numbers in base 36: nothing is stored, and nothing in a code can be changed. */
const FORM = /^([0-9a-z]{1,11}(?:\.[0-9a-z]{1,11}){3})\.([\w-]{22})$/;

const signature = (call: Call, body: string) => mac(keyFor(call.appRecord, 'qrcode'), `${call.app}|${body}`);

/**
 * Section 7.57: a code that lets in without approval until it expires (times in seconds). Where the app acts, the
 * group's owner is the signer.
 * @throws ApiError groupMissing, needsMember, needsAdmin
 */
export async function signQrCode(call: Call, id: number) {
  const { group, me } = await call.open({ group: groupOf(call.app, id), me: actorMembership(call, id) });
  const { actor } = permit(call, 'sign_qrcode', group, me);
  const create_at = Math.floor(call.now / 1000);
  const expire_at = create_at + call.limits.qrcode_life;
  // The clock of the function that let the signer in may be ahead of this one.
  const signed = Math.max(call.now, actor.membership?.joined ?? 0);
  const body = [id, actor.user, signed, expire_at].map((number) => number.toString(36)).join('.');
  return { qr_info: `${body}.${signature(call, body)}`, create_at, expire_at };
}

/**
 * Section 7.56: joins by a code. The code is dead when its group is dissolved, when its signer has left since (a later
 * membership of the signer does not revive it) or could not sign it now, and for users who were kicked since.
 * @throws ApiError qrIllegal, qrExpired, alreadyMember, blocked, tooManyJoined, groupFull
 */
export async function joinByQrCode(call: Call, code: string) {
  const [, body = '', given = ''] = FORM.exec(code.trim()) ?? [];
  const [id = 0, signer = 0, signed = 0, expiry = 0] = body.split('.').map((part) => Number.parseInt(part, 36));
  if (![id, signer, signed, expiry].every(Number.isSafeInteger)) {
    await call.open([]);
    throw new ApiError('qrIllegal');
  }
  const me = call.person;
  const reads = {
    group: groupOf(call.app, id),
    info: groupInfoOf(call.app, id),
    user: userOf(call.app, me),
    membership: groupMembershipOf(call.app, id, me),
    signer: groupMembershipOf(call.app, id, signer),
  };
  return call.change(reads, ({ group, info, user, membership, signer: signing }) => {
    if (!sameText(signature(call, body), given)) throw new ApiError('qrIllegal');
    if (expiry * 1000 <= call.now) throw new ApiError('qrExpired');
    if (!group || group.status === 'dissolved') throw new ApiError('qrIllegal');
    if (!isMember(signing) || signing.joined > signed) throw new ApiError('qrIllegal');
    const open = stillOpen('sign_qrcode', signing);
    if (open.member_invite && !group.member_invite) throw new ApiError('qrIllegal');
    // Not read: nearly nobody was kicked, and the condition of the write shows the user membership of those who were.
    const kicked = call.db.cached(userMembershipOf(call.app, me, id))?.record?.kicked ?? 0;
    if (kicked >= signed) throw new ApiError('qrIllegal');
    return {
      steps: [
        countJoined(call, group, 1, open),
        ...admit(
          call,
          group,
          { id: me, user, membership },
          { userMembership: any(absent('kicked'), below('kicked', signed)) },
        ),
        check(groupMembershipKey(call.app, id, signer), all(unchangedRole(signing), atMost('joined', signed))),
      ],
      answer: () => ({ group_id: id, name: info?.name ?? '' }),
    };
  });
}
