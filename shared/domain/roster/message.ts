import type { Call } from '../../call/call.ts';
import { type Contact, contactOf } from '../../data/contact-repo.ts';
import { isUser, type User, userOf } from '../../data/user-repo.ts';
import { ApiError } from '../../errors.ts';
import type { UserId } from '../../ids.ts';
import type { Limits } from '../../limits.ts';

/**
 * Why a user who may act cannot write to another; undefined where it can. A block is answered as a disabled recipient,
 * since nobody is told of a block.
 * @param contact what the recipient keeps about the sender
 */
export function messageRefusal(
  sender: UserId,
  recipient: User | undefined,
  contact: Contact | undefined,
  limits: Limits,
): ApiError | undefined {
  if (!isUser(recipient)) return new ApiError('userMissing');
  if (recipient.status !== 'active' || contact?.blockedAt !== undefined)
    return new ApiError('noPermission', 'the user takes no messages');
  const known = contact?.friendAt !== undefined || sender === recipient.user || limits.strangers_may_message === 1;
  return known ? undefined : new ApiError('notFriend');
}

/**
 * `GET /roster/may_message`: whether the sender may write to the recipient.
 * @throws ApiError noPermission where a user asks who is neither of the two
 */
export async function mayMessage(call: Call, recipient: UserId, sender: UserId): Promise<boolean> {
  const { from, to, contact } = await call.open({
    from: userOf(call.app, sender),
    to: userOf(call.app, recipient),
    contact: contactOf(call.app, recipient, sender),
  });
  if (call.me !== undefined && call.me !== recipient && call.me !== sender)
    throw new ApiError('noPermission', 'user_id, roster_id: one of the two must be the user who asks');
  return from?.status === 'active' && messageRefusal(sender, to, contact, call.limits) === undefined;
}
