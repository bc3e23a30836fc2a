import { expect, test } from 'vitest';
import { routes } from '../../shared/routes/index.ts';
import type { Answer, Request } from '../support/api.ts';
import { Given } from '../support/story.ts';
import { world } from '../support/world.ts';

const given = await Given.app(await world('over HTTP'));
const alice = await given.user();
const aliases = routes.filter(({ methods }) => methods.length > 1);

/**
 * Routes that differ only in their method reach the same function and get the same answers. Called over HTTP, since the
 * routes are those of the template; by requests that change nothing, so that both calls find the same data.
 */
test.concurrent.each(aliases.map((route) => [route.methods.join(' and '), route.path, route] as const))(
  'the methods %s of %s reach the same operation',
  async (_, path, { methods }) => {
    const requests: Request[] = [
      {},
      { app: given.app },
      { ...alice.headers, group: 1 },
      { ...alice.headers, body: '{' },
      { app: given.app, token: given.adminToken, body: { group_id: 'x', user_id: 'x', device_sn: 'x', list: 'x' } },
    ];
    for (const request of requests) {
      // One after the other, since simultaneous calls would start a second process of the function.
      const answers: Pick<Answer, 'status' | 'body'>[] = [];
      for (const method of methods) {
        const { status, body } = await given.api.call(method, path, request);
        answers.push({ status, body });
      }
      for (const answer of answers) expect(answer).toEqual(answers[0]);
    }
  },
);
