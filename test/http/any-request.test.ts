import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { routes } from '../../shared/routes/index.ts';
import { anything, hostileText, namesOf, parametersOf } from '../support/requests.ts';
import { checkDataAtTheEnd, Given } from '../support/story.ts';
import { world } from '../support/world.ts';

describe('Any request', () => {
  const checkData = checkDataAtTheEnd();
  // Each test has its own app, so that they can run at the same time.
  test.concurrent.each(routes.map((route) => [route.methods[0] as string, route.path, route] as const))(
    '%s %s answers any request without a fault of the service',
    async (_, path, { access, methods, bare }) => {
      const given = await Given.app(await world('in process'));
      const [alice, bob] = await given.users(2);
      const group_id = await given.group(alice!, { members: [bob!] });
      const known = { group_id, people: [alice!.id, bob!.id, 1] };
      const names = namesOf(path);
      const parameters = parametersOf(path, known);
      const request = fc.record({
        body: fc.oneof({ weight: 8, arbitrary: parameters }, { weight: 2, arbitrary: hostileText }),
        query: fc.option(fc.dictionary(fc.constantFrom(...names), anything, { maxKeys: 2 }), {
          nil: undefined,
          freq: 2,
        }),
        base64: fc.boolean(),
        as: fc.constantFrom<object>(
          alice!.headers,
          { token: given.adminToken },
          { token: given.adminToken, user: bob!.id },
        ),
      });
      await fc.assert(
        fc.asyncProperty(request, async ({ as, ...sent }) => {
          const actor = access === 'public' ? {} : as;
          const { status, body, log } = await given.api.call(methods[0]!, path, { app: given.app, ...actor, ...sent });
          expect(bare ? [200, 400, 401, 403, 413] : [200, 413], JSON.stringify(log?.error)).toContain(status);
          expect(body.code).not.toBe(20000);
        }),
        { numRuns: 6 },
      );
      checkData(given, path);
    },
  );
});
