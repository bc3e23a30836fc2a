import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import { describe, expect, test } from 'vitest';
import * as z from 'zod/mini';
import { badParameter, Unavailable } from '../../shared/errors.ts';
import { operation } from '../../shared/http/operation.ts';
import { eventOf } from '../support/api.ts';
import { takeLog } from '../support/log.ts';
import { Given } from '../support/story.ts';
import { world } from '../support/world.ts';

const given = await Given.app(await world('in process'));

/** What an operation answers that ends so, and its line in the log. */
async function answerOf(run: () => unknown, requestId: string) {
  const contract = { access: 'anyone', request: () => z.object({}) } as const;
  const handler = operation(contract, async (call) => {
    await call.open([]);
    return run();
  });
  const event = eventOf('POST', '/group/info', { app: given.app, token: given.adminToken });
  const answer = await handler(event as APIGatewayProxyEventV2, { awsRequestId: requestId } as Context);
  return { answer, log: takeLog(requestId) };
}

const fail = (error: unknown) => () => {
  throw error;
};

describe('What goes wrong inside', () => {
  test.each([
    ['an error', new Error('table roster-prod: no such attribute', { cause: new Error('socket 10.0.0.7 closed') })],
    ['an error of a type', new TypeError("Cannot read properties of undefined (reading 'pk')")],
    ['an error of the SDK', Object.assign(new Error('User: arn:aws:sts::123456789012:x'), { name: 'AccessDenied' })],
    ['what is no error', 'a text'],
  ])(
    'stays inside: %s is answered as a fault without its message or stack, which the log has',
    async (name, thrown) => {
      const { answer, log } = await answerOf(fail(thrown), `fault ${name}`);
      expect(answer.statusCode).toBe(500);
      expect(JSON.parse(answer.body!)).toEqual({ code: 20000, message: 'the service failed', data: null });
      expect(Object.keys(answer.headers!)).toEqual(
        expect.arrayContaining(['cache-control', 'content-security-policy']),
      );
      expect(log).toMatchObject({ level: 'error', code: '20000' });
      if (thrown instanceof Error) expect(log.error).toMatchObject({ message: thrown.message, stack: thrown.stack });
    },
  );

  test('is told to come back where that helps', async () => {
    const { answer } = await answerOf(fail(new Unavailable('throttled')), 'unavailable');
    expect(answer).toMatchObject({ statusCode: 503, headers: { 'retry-after': '1' } });
    expect(answer.body).not.toContain('throttled');
  });

  test('that cannot be written as JSON is a fault too', async () => {
    const ring: Record<string, unknown> = {};
    ring.ring = ring;
    const { answer } = await answerOf(() => ring, 'ring');
    expect(answer.statusCode).toBe(500);
  });

  test('an API error has its own sentence and nothing more', async () => {
    const { answer } = await answerOf(fail(badParameter('name', 'is required')), 'error');
    expect([answer.statusCode, JSON.parse(answer.body!)]).toEqual([
      200,
      { code: 10002, message: 'name: is required', data: null },
    ]);
  });
});
