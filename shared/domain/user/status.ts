import type { Call } from '../../call/call.ts';
import { userKey } from '../../data/keys.ts';
import { update } from '../../data/step.ts';
import { NOT_DELETED, userOf } from '../../data/user-repo.ts';
import { ApiError } from '../../errors.ts';

/**
 * Sections 1.9, 1.11: all users of the list, or none of them, in one transaction (100 items at most). Disabling kills
 * every token for good; enabling lets log in again.
 * @throws ApiError userMissing where one does not exist
 */
export function setStatus(call: Call, list: number[], status: 'active' | 'disabled'): Promise<true> {
  return call.change({ users: list.map((id) => userOf(call.app, id)) }, ({ users }) => {
    const unknown = list.find((_, index) => !users[index] || users[index].status === 'deleted');
    if (unknown !== undefined) throw new ApiError('userMissing', `list: user ${unknown} does not exist`);
    const changes = { set: { status }, ...(status === 'disabled' && { add: { epoch: 1 } }) };
    return {
      steps: list.map((id) => update(userKey(call.app, id), changes, NOT_DELETED)),
      answer: () => true as const,
    };
  });
}
