import { signQrCode } from '../../../shared/domain/group/qrcode.ts';
import { operation } from '../../../shared/http/operation.ts';
import { groupQrcodeSign } from '../../../shared/routes/member.ts';

export const handler = operation(groupQrcodeSign, (call, input) => signQrCode(call, input.group_id));
