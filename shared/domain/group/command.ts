import type { Call } from '../../call/call.ts';
import {
  type BatchPlan,
  type Entry,
  type Plan,
  type Reads,
  type Records,
  type Step,
  withProof,
} from '../../call/transact.ts';
import { groupOf } from '../../data/group-repo.ts';
import { groupMembershipOf } from '../../data/membership-repo.ts';
import type { GroupId, UserId } from '../../ids.ts';
import { type Action, actorMembership, type Permitted, permit, proofOf } from './permissions.ts';

/** The records that give the actor its rights, read before all others. */
const rightsOf = (call: Call, id: GroupId, action: Action) => {
  const reads = { group: groupOf(call.app, id), me: actorMembership(call, id) };
  return {
    reads,
    permit: (): Permitted => {
      const { group, me } = call.db.records(reads);
      return permit(call, action, group, me);
    },
  };
};

/**
 * A change of one group: reads, permits, decides, and proves the actor's right again in the write.
 * @param decide see `transact`: pure, and made again when a record has changed. A plan without steps writes nothing.
 * @param repeated the answer of a repetition, whose actor may have lost the right since: see `Idempotency`
 * @throws ApiError groupMissing, then needsMember, needsAdmin or needsOwner, then those of `decide`
 */
export function groupCommand<R extends Reads, T>(
  call: Call,
  id: GroupId,
  action: Action,
  reads: R,
  decide: (permitted: Permitted, records: Records<R>) => Plan<T>,
  repeated?: (records: Records<R>) => T | undefined,
): Promise<T> {
  const rights = rightsOf(call, id, action);
  return call.change([rights.reads, reads] as Reads, () => {
    const before = repeated?.(call.db.records(reads));
    if (before !== undefined) return { steps: [], answer: () => before };
    const permitted = rights.permit();
    const { steps, answer } = decide(permitted, call.db.records(reads));
    return { steps: steps.length > 0 ? withProof(steps, proofOf(call, action, permitted)) : [], answer };
  });
}

/** The group memberships of the users of a list. */
export const membershipsOf = (call: Call, id: GroupId, users: readonly UserId[]) =>
  users.map((user) => groupMembershipOf(call.app, id, user));

/** What happened to one entry of a list, and why not. */
export const resultOf = (error?: { message: string }) => ({
  result: error ? ('fail' as const) : ('success' as const),
  reason: error?.message ?? '',
});
/** The same of a user. */
export const entryResult = (user: UserId, error?: { message: string }) => ({ user_id: user, ...resultOf(error) });

/** How a command changes the entries of a list, each on its own. Both functions are pure and may be asked again. */
interface EntryPlan<R extends Reads, E> {
  /** The steps of one entry, or an error. No steps: nothing to do. */
  entry: (permitted: Permitted, records: Records<R>, entry: Entry<E>, batch: readonly Entry<E>[]) => Step[];
  /** The steps that a transaction needs once for all the entries it changes. */
  group?: (permitted: Permitted, records: Records<R>, batch: readonly Entry<E>[]) => Step[];
}

/** The same for users. */
type UserPlan<R extends Reads> = Pick<EntryPlan<R, UserId>, 'group'> & { user: EntryPlan<R, UserId>['entry'] };

/**
 * The same for the users of a list: see `transactEach`.
 * @returns for each user what happened, in the order of the list
 * @throws ApiError groupMissing, then needsMember, needsAdmin or needsOwner
 */
export async function groupCommandEach<R extends Reads>(
  call: Call,
  id: GroupId,
  action: Action,
  users: UserId[],
  reads: R,
  { user, ...plan }: UserPlan<R>,
) {
  const errors = await groupErrorsEach(call, id, action, users, reads, { ...plan, entry: user });
  return users.map((user, index) => entryResult(user, errors[index]));
}

/** The same for the entries of any list. @returns for each entry its error, or undefined where it succeeded */
export async function groupErrorsEach<R extends Reads, E>(
  call: Call,
  id: GroupId,
  action: Action,
  entries: readonly E[],
  reads: R,
  plan: EntryPlan<R, E>,
) {
  const rights = rightsOf(call, id, action);
  const ofEach: BatchPlan<Reads, E> = {
    permit: () => void rights.permit(),
    entry: (_, entry, batch) => plan.entry(rights.permit(), call.db.records(reads), entry, batch),
    shared: (_, batch) => {
      const permitted = rights.permit();
      const steps = plan.group?.(permitted, call.db.records(reads), batch) ?? [];
      return withProof(steps, proofOf(call, action, permitted));
    },
  };
  return call.changeEach([rights.reads, reads] as Reads, entries, ofEach);
}

/**
 * What a member may read of a group: opens the call with these reads, and refuses before it makes expensive ones.
 * @throws ApiError groupMissing, then needsMember, needsAdmin or needsOwner
 */
export async function groupRead<R extends Reads>(
  call: Call,
  id: GroupId,
  action: Action,
  reads: R,
): Promise<Permitted & { records: Records<R> }> {
  const rights = rightsOf(call, id, action);
  await call.open([rights.reads, reads] as Reads, () => void rights.permit());
  return { ...rights.permit(), records: call.db.records(reads) };
}
