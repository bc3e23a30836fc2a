import { andThen, unchanged } from '../verdict.ts';
import { ADMIN_ERRORS, type Command } from './command.ts';

export const signQrCode: Command = {
  op: 'qrcode/sign',
  weight: 4,
  freeWeight: 3,
  errors: ADMIN_ERRORS,
  draw: ({ by, likely, members, group }) => ({ op: 'qrcode/sign', actor: by(likely(members)), group }),
  request: ({ group }) => ['GET /group/qrcode/sign', { group_id: group }],
  permitted: (oracle, call) =>
    andThen(oracle.permit(call, 'admin', oracle.at.group(call.group)?.member_invite), () => unchanged),
  succeeded({ actor, group }, { data, now, moments, versions, codes }) {
    const { qr_info: code, expire_at: expires } = data as { qr_info: string; expire_at: number };
    const owners = new Set(moments.map((moment) => moment.group(group)?.owner));
    const signer = actor ?? moments[0]?.group(group)?.owner ?? 0;
    // The app signs as the owner: of two owners it is not known which.
    if (actor !== undefined || owners.size === 1) codes.push({ group, signer, signed: now, versions, expires, code });
  },
};
