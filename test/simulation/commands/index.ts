import { checkAccess } from './access-check.ts';
import { addAdmins } from './admin-add.ts';
import { removeAdmins } from './admin-remove.ts';
import { allowMemberInvitation } from './allow-member-invitation.ts';
import { apply } from './apply.ts';
import { handleApplication } from './apply-handle.ts';
import { setAuthMode } from './auth-mode.ts';
import { ban } from './ban.ts';
import { block } from './block.ts';
import type { Call, Command } from './command.ts';
import { create } from './create.ts';
import { destroy } from './destroy.ts';
import { deleteFiles } from './file-delete.ts';
import { issueForm } from './file-form.ts';
import { fileInfo } from './file-info.ts';
import { linkFile } from './file-link.ts';
import { listFiles } from './file-list.ts';
import { registerFile } from './file-register.ts';
import { reserveFile } from './file-reserve.ts';
import { renameFile } from './file-update-name.ts';
import { groupConfirm } from './group-confirm.ts';
import { invite } from './invite.ts';
import { handleInvitation } from './invite-handle.ts';
import { kick } from './kick.ts';
import { leave } from './leave.ts';
import { joinByQrCode } from './qrcode-invite.ts';
import { signQrCode } from './qrcode-sign.ts';
import { requireApproval } from './require-approval.ts';
import { acceptFriend } from './roster-accept.ts';
import { applyToFriend } from './roster-apply.ts';
import { applyToFriends } from './roster-apply-batch.ts';
import { listFriendRequests } from './roster-apply-list.ts';
import { blockUser } from './roster-block.ts';
import { listBlocked } from './roster-blocked-list.ts';
import { declineFriend } from './roster-decline.ts';
import { deleteFriend } from './roster-delete.ts';
import { describeFriend } from './roster-ext.ts';
import { listFriends } from './roster-list.ts';
import { mayMessage } from './roster-may-message.ts';
import { unblockUser } from './roster-unblock.ts';
import { silence } from './silence.ts';
import { transfer } from './transfer.ts';
import { unban } from './unban.ts';
import { unblock } from './unblock.ts';
import { deleteUser } from './user-delete.ts';

/** A new command at the end, or another order, changes which calls a seed draws. */
export const commandsOfGroups: readonly Command[] = [
  create,
  invite,
  handleInvitation,
  apply,
  handleApplication,
  signQrCode,
  joinByQrCode,
  kick,
  leave,
  transfer,
  addAdmins,
  removeAdmins,
  ban,
  unban,
  block,
  unblock,
  destroy,
  requireApproval,
  allowMemberInvitation,
  groupConfirm,
  deleteUser,
  reserveFile,
  linkFile,
  issueForm,
  registerFile,
  fileInfo,
  listFiles,
  renameFile,
  deleteFiles,
  silence,
  checkAccess,
];

/** With deletions, which end friendships. */
export const commandsOfFriends: readonly Command[] = [
  deleteUser,
  applyToFriend,
  applyToFriends,
  acceptFriend,
  declineFriend,
  deleteFriend,
  describeFriend,
  blockUser,
  unblockUser,
  listFriends,
  listFriendRequests,
  listBlocked,
  mayMessage,
  setAuthMode,
  checkAccess,
];

export const commands: readonly Command[] = [...new Set([...commandsOfGroups, ...commandsOfFriends])];

const byOp = new Map(commands.map((command) => [command.op, command]));

export function commandOf({ op }: Pick<Call, 'op'>): Command {
  const command = byOp.get(op);
  if (!command) throw new Error(`there is no command ${op}`);
  return command;
}
