import { invitationList } from '../../shared/domain/group/invitation.ts';
import { operation } from '../../shared/http/operation.ts';
import { groupInvitationList } from '../../shared/routes/member.ts';

export const handler = operation(groupInvitationList, (call, input) => invitationList(call, input));
