import { joinByQrCode } from '../../../shared/domain/group/qrcode.ts';
import { operation } from '../../../shared/http/operation.ts';
import { groupQrcodeInvite } from '../../../shared/routes/member.ts';

export const handler = operation(groupQrcodeInvite, (call, input) => joinByQrCode(call, input.qr_info));
