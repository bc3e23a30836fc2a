import { equal } from '../../data/expression.ts';
import { groupInfoOf, groupOf } from '../../data/group-repo.ts';
import { relationKey } from '../../data/keys.ts';
import { isMember, relationOf } from '../../data/membership-repo.ts';
import { check } from '../../data/step.ts';
import { userOf } from '../../data/user-repo.ts';
import { Refusal } from '../../refusal.ts';
import type { Call } from '../call.ts';
import { keyFor, mac, sameText } from '../token.ts';
import { admit, countJoined } from './admission.ts';
import { actorRelation, permit } from './permissions.ts';

/** `group.signer.expiry.mac`, the numbers in base 36: nothing is stored, and nothing of it can be changed. */
const FORM = /^([0-9a-z]{1,11})\.([0-9a-z]{1,11})\.([0-9a-z]{1,8})\.([\w-]{22})$/;

const signature = (call: Call, body: string) => mac(keyFor(call.tenant, 'qrcode'), `${call.app}|${body}`);

/** Section 7.57: a code that lets in without approval until it expires (times in seconds). @throws Refusal 20001 20011 20012 */
export async function signQrCode(call: Call, id: number) {
  const { group, me } = await call.open({ group: groupOf(call.app, id), me: actorRelation(call, id) });
  const { actor } = permit(call, 'sign_qrcode', group, me);
  const create_at = Math.floor(call.now / 1000);
  const expire_at = create_at + call.limits.qrcode_life;
  const body = [id, actor.user, expire_at].map((number) => number.toString(36)).join('.');
  return { qr_info: `${body}.${signature(call, body)}`, create_at, expire_at };
}

/**
 * Section 7.56: joins by a code. It dies with its group, and when its signer is no member any more.
 * @throws Refusal 20024 20025 20017 20018 20009 20010
 */
export async function joinByQrCode(call: Call, code: string) {
  const parts = FORM.exec(code.trim());
  const [id = 0, signer = 0, expiry = 0] = (parts?.slice(1, 4) ?? []).map((part) => Number.parseInt(part, 36));
  if (!parts || ![id, signer].every(Number.isSafeInteger)) {
    await call.open([]);
    throw new Refusal('qrIllegal');
  }
  const me = call.person;
  const reads = {
    group: groupOf(call.app, id),
    info: groupInfoOf(call.app, id),
    user: userOf(call.app, me),
    relation: relationOf(call.app, id, me),
    signer: relationOf(call.app, id, signer),
  };
  return call.change(reads, ({ group, info, user, relation, signer: signing }) => {
    const body = parts.slice(1, 4).join('.');
    if (!sameText(signature(call, body), parts[4] ?? '')) throw new Refusal('qrIllegal');
    if (expiry * 1000 <= call.now) throw new Refusal('qrExpired');
    if (!group || group.status === 'dissolved' || !isMember(signing)) throw new Refusal('qrIllegal');
    return {
      steps: [
        countJoined(call, group, 1),
        ...admit(call, group, { id: me, user, relation }),
        check(relationKey(call.app, id, signer), equal('state', 'member')),
      ],
      answer: () => ({ group_id: id, name: info?.name ?? '' }),
    };
  });
}
