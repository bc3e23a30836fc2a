import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import { describe, expect, test } from 'vitest';
import * as z from 'zod/mini';
import { badParameter, Unavailable } from '../../shared/errors.ts';
import { operation } from '../../shared/http/operation.ts';
import { codeOf, eventOf } from '../support/api.ts';
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

describe('Faults inside an operation', () => {
  test.each([
    [
      'a thrown error',
      new Error('table roster-prod: no such attribute', { cause: new Error('socket 10.0.0.7 closed') }),
    ],
    ['a TypeError', new TypeError("Cannot read properties of undefined (reading 'pk')")],
    ['an error of the SDK', Object.assign(new Error('User: arn:aws:sts::123456789012:x'), { name: 'AccessDenied' })],
    ['a thrown text', 'a text'],
  ])('%s is answered as a fault without its message or stack, which only the log has', async (name, thrown) => {
    const { answer, log } = await answerOf(fail(thrown), `fault ${name}`);
    expect(answer.statusCode).toBe(500);
    expect(JSON.parse(answer.body!)).toEqual({ code: 20000, message: 'the service failed', data: null });
    expect(Object.keys(answer.headers!)).toEqual(expect.arrayContaining(['cache-control', 'content-security-policy']));
    expect(log).toMatchObject({ level: 'error', code: '20000' });
    if (thrown instanceof Error) expect(log.error).toMatchObject({ message: thrown.message, stack: thrown.stack });
  });

  test('a fault that may pass is answered 503 with Retry-After', async () => {
    const { answer } = await answerOf(fail(new Unavailable('throttled')), 'unavailable');
    expect(answer).toMatchObject({ statusCode: 503, headers: { 'retry-after': '1' } });
    expect(answer.body).not.toContain('throttled');
  });

  test('an answer that cannot be written as JSON is a fault', async () => {
    const ring: Record<string, unknown> = {};
    ring.ring = ring;
    const { answer } = await answerOf(() => ring, 'ring');
    expect(answer.statusCode).toBe(500);
  });

  test('an API error is answered with its own message and nothing more', async () => {
    const { answer } = await answerOf(fail(badParameter('name', 'is required')), 'error');
    expect([answer.statusCode, JSON.parse(answer.body!)]).toEqual([
      200,
      { code: codeOf('badParameter'), message: 'name: is required', data: null },
    ]);
  });
});
