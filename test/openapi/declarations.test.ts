import { expect, test } from 'vitest';
import type * as z from 'zod/mini';
import { constructIdOf } from '../../infra/names.ts';
import * as access from '../../shared/routes/access.ts';
import * as account from '../../shared/routes/account.ts';
import * as event from '../../shared/routes/event.ts';
import * as file from '../../shared/routes/file.ts';
import * as group from '../../shared/routes/group.ts';
import { type Operation, routes } from '../../shared/routes/index.ts';
import * as member from '../../shared/routes/member.ts';
import * as roster from '../../shared/routes/roster.ts';
import * as user from '../../shared/routes/user.ts';

/** The ids of operations for which the law does not hold. */
const breaking = (holds: (operation: Operation) => boolean) =>
  routes.filter((operation) => !holds(operation)).map(({ id }) => id);

test('each declaration has the name of its id, and its area is the file in which it stands', () => {
  for (const [area, declarations] of Object.entries({ access, account, event, file, group, member, roster, user }))
    for (const [name, { id, area: own }] of Object.entries<Operation>(declarations)) {
      const pascal = constructIdOf(id);
      expect([name, own]).toEqual([`${pascal[0]!.toLowerCase()}${pascal.slice(1)}`, area]);
    }
});

test('each id is the path with hyphens, or begins with it where several operations share the path', () => {
  const shared = (path: string) => routes.filter((operation) => operation.path === path).length > 1;
  expect(
    breaking(({ id, path }) => {
      const slug = path.slice(1).replaceAll('_', '-');
      return shared(path) ? id.startsWith(`${slug}/`) : id === slug;
    }),
  ).toEqual([]);
});

test('every operation needs a scope, but for the public ones and the one that tells scopes', () => {
  const needsNone = ({ access, id }: Operation) => access === 'public' || id === 'token/self';
  expect(breaking((operation) => (operation.scope === undefined) === needsNone(operation))).toEqual([]);
});

test('operations of the scopes read and decide change nothing', () => {
  // The first download of an avatar publishes it.
  const writes = ({ grants, id }: Operation) =>
    id !== 'file/download/avatar' && grants.some((grant) => /^(put|update|delete|publish|send)/.test(grant));
  expect(breaking((operation) => !['read', 'decide'].includes(operation.scope ?? '') || !writes(operation))).toEqual(
    [],
  );
});

test('an operation that takes a cursor answers pages', () => {
  const cursor = ({ request }: Operation) => 'cursor' in ((request()._zod.def as z.core.$ZodObjectDef).shape ?? {});
  expect(breaking((operation) => !cursor(operation) || operation.page !== undefined)).toEqual([]);
});

test('each description is a sentence', () => {
  expect(breaking(({ description = 'None.' }) => /^[A-Z].*\.$/s.test(description))).toEqual([]);
});
