import { expectTypeOf, test } from 'vitest';
import type * as z from 'zod/mini';
import type { Group } from '../../shared/data/group-repo.ts';
import * as schema from '../../shared/data/schema.ts';
import type { AppId, GroupId, UserId } from '../../shared/ids.ts';
import type { groupTransfer } from '../../shared/routes/group.ts';
import type { groupInvite } from '../../shared/routes/member.ts';
import { appId, groupId, userId } from './ids.ts';

test('the compiler proves that a call with a user id and a group id swapped does not compile (npm run typecheck)', () => {
  const [app, user, group] = [appId('shop'), userId(7), groupId(8)];
  schema.groupMembership.key(app, group, user);
  // @ts-expect-error
  schema.groupMembership.key(app, user, group);
  // @ts-expect-error
  schema.groupMembership.key(app, group, 7);
  // @ts-expect-error
  schema.groupMembership.key('shop', group, user);
});

test('the compiler proves that parameters and attributes have the types of what they name (npm run typecheck)', () => {
  type Input<O extends { request: () => z.ZodMiniType }> = z.output<ReturnType<O['request']>>;
  expectTypeOf<Input<typeof groupTransfer>>().toEqualTypeOf<{ group_id: GroupId; new_owner: UserId }>();
  expectTypeOf<Input<typeof groupInvite>['user_list']>().toEqualTypeOf<UserId[]>();
  expectTypeOf<Pick<Group, 'group' | 'owner'>>().toEqualTypeOf<{ group: GroupId; owner: UserId }>();
  expectTypeOf(schema.invitation.key).parameters.toEqualTypeOf<[AppId, UserId, GroupId, UserId]>();
});
