import type { Call } from '../../call/call.ts';
import { keyFor, mac, sameText } from '../../call/token.ts';
import { groupInfoOf, groupOf } from '../../data/group-repo.ts';
import * as memberships from '../../data/membership-repo.ts';
import { groupMembershipOf, isMember, userMembershipOf } from '../../data/membership-repo.ts';
import { userOf } from '../../data/user-repo.ts';
import { ApiError } from '../../errors.ts';
import type { GroupId, UserId } from '../../ids.ts';
import { admit, countJoined } from './admission.ts';
import { groupRead } from './command.ts';
import { grantingSetting } from './permissions.ts';

/** `group.signer.signed.expiry.mac`, the numbers in base 36: nothing is stored, and no part can be changed. */
const FORM = /^([0-9a-z]{1,11}(?:\.[0-9a-z]{1,11}){3})\.([\w-]{22})$/;

const signature = (call: Call, body: string) => mac(keyFor(call.appRecord, 'qrcode'), `${call.app}|${body}`);

/**
 * Section 7.57: a code that admits users without approval until it expires (times in seconds). Where the app acts, the
 * group's owner is the signer.
 * @throws ApiError groupMissing, needsMember, needsAdmin
 */
export async function signQrCode(call: Call, id: GroupId) {
  const { actor } = await groupRead(call, id, 'sign_qrcode', []);
  const create_at = Math.floor(call.now / 1000);
  const expire_at = create_at + call.limits.qrcode_life;
  // The function that admitted the signer may have a clock ahead of this one.
  const signed = Math.max(call.now, actor.membership?.joined ?? 0);
  const body = [id, actor.user, signed, expire_at].map((number) => number.toString(36)).join('.');
  return { qr_info: `${body}.${signature(call, body)}`, create_at, expire_at };
}

/**
 * Section 7.56: joins by a code. A code is void once its group is dissolved, once its signer has left (even if the signer
 * joins again), while its signer could not sign it, and for users who were kicked after it was signed.
 * @throws ApiError qrIllegal, qrExpired, alreadyMember, blocked, tooManyJoined, groupFull
 */
export async function joinByQrCode(call: Call, code: string) {
  const [, body = '', given = ''] = FORM.exec(code.trim()) ?? [];
  const numbers = body.split('.').map((part) => Number.parseInt(part, 36)) as [GroupId, UserId, number, number];
  const [id, signer, signed, expiry] = numbers;
  if (!numbers.every(Number.isSafeInteger)) {
    await call.open([]);
    throw new ApiError('qrIllegal');
  }
  const { app } = call;
  const me = call.person;
  const reads = {
    group: groupOf(app, id),
    info: groupInfoOf(app, id),
    user: userOf(app, me),
    membership: groupMembershipOf(app, id, me),
    signer: groupMembershipOf(app, id, signer),
  };
  return call.change(reads, ({ group, info, user, membership, signer: signing }) => {
    if (!sameText(signature(call, body), given)) throw new ApiError('qrIllegal');
    if (expiry * 1000 <= call.now) throw new ApiError('qrExpired');
    if (!group || group.status === 'dissolved') throw new ApiError('qrIllegal');
    if (!isMember(signing) || signing.joined > signed) throw new ApiError('qrIllegal');
    const setting = grantingSetting('sign_qrcode', signing);
    if (setting.member_invite && !group.member_invite) throw new ApiError('qrIllegal');
    // Not read, since few users are ever kicked: their user membership shows when the condition of the write fails.
    const kicked = call.db.cached(userMembershipOf(app, me, id))?.record?.kicked ?? 0;
    if (kicked >= signed) throw new ApiError('qrIllegal');
    return {
      steps: [
        countJoined(call, group, 1, setting),
        ...admit(call, group, { id: me, user, membership }, { via: 'qrcode', by: signer, signed }),
        memberships.sameMembership(app, id, signer, signing),
      ],
      answer: () => ({ group_id: id, name: info?.name ?? '' }),
    };
  });
}
