import { expect, test } from 'vitest';
import { type Method, routeKeysOf, routes } from '../../shared/routes/index.ts';
import type { Answer, Request } from '../support/api.ts';
import { Given } from '../support/story.ts';
import { world } from '../support/world.ts';

const given = await Given.app(await world('over HTTP'));
const alice = await given.user();
const aliases = routes.map(routeKeysOf).filter(({ length }) => length > 1);

/**
 * The routes of one operation reach the same function and get the same answers. Called over HTTP, since the
 * routes are those of the template; by requests that change nothing, so that all calls find the same data.
 */
test.concurrent.each(aliases.map((keys) => [keys.join(' and '), keys] as const))(
  '%s reach the same operation',
  async (_, keys) => {
    // No body comes with GET.
    const hasGet = keys.some((key) => key.startsWith('GET '));
    const wrong = { group_id: 'x', user_id: 'x', device_sn: 'x', list: 'x' };
    const requests: Request[] = [
      {},
      { app: given.app },
      { ...alice.headers, group: 1 },
      ...(hasGet ? [] : [{ ...alice.headers, body: '{' }]),
      { app: given.app, token: given.adminToken, [hasGet ? 'query' : 'body']: wrong },
    ];
    for (const request of requests) {
      // One after the other, since simultaneous calls would start a second process of the function.
      const answers: Pick<Answer, 'status' | 'body'>[] = [];
      for (const key of keys) {
        const [method, path] = key.split(' ') as [Method, string];
        const { status, body } = await given.api.call(method, path, request);
        answers.push({ status, body });
      }
      for (const answer of answers) expect(answer).toEqual(answers[0]);
    }
  },
);
