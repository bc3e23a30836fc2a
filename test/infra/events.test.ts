import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Context } from 'aws-lambda';
import { expect, test } from 'vitest';
import examples from '../../docs/examples.json' with { type: 'json' };
import { samFunctions, sampleEvent } from '../../infra/events.ts';
import type { Examples } from '../../shared/openapi/document.ts';
import { routes } from '../../shared/routes/index.ts';
import { moduleOf } from '../support/api.ts';
import { assemblyOfSources } from '../support/assembly.ts';
import { Given } from '../support/story.ts';
import { world } from '../support/world.ts';

test.each(routes.map((row) => [row.id, row] as const))('%s takes its sample event', async (_, row) => {
  const given = await Given.app(await world('in process'));
  const alice = await given.user();
  const { handler } = await moduleOf(row);
  const answers: { code: number }[] = [];
  for (const token of [alice.token, given.adminToken]) {
    const event = sampleEvent(row, examples as unknown as Examples, { app: given.app, token });
    const { body } = (await handler(event, {
      awsRequestId: 'sample',
      getRemainingTimeInMillis: () => 10_000,
    } as Context)) as { body: string };
    answers.push(JSON.parse(body));
  }
  // One of both kinds of token is the right one, and gets past the parameters; the example's ids are nobody's here.
  expect(answers.map(({ code }) => code)).not.toContain(20000);
  expect(answers.some(({ code }) => code !== 10002)).toBe(true);
});

test('sam finds template, function and code of every operation in what cdk synth writes', async () => {
  const { assembly } = await assemblyOfSources();
  const functions = samFunctions(assembly);
  for (const { id } of routes) {
    const { template, code } = functions.get(id)!;
    expect([id, existsSync(join(assembly, template)), existsSync(join(assembly, code, 'index.mjs'))]).toEqual([
      id,
      true,
      true,
    ]);
  }
});
