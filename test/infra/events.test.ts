import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Context } from 'aws-lambda';
import { beforeAll, expect, test } from 'vitest';
import examples from '../../docs/examples.json' with { type: 'json' };
import { BUNDLE_FILE } from '../../infra/bundle.ts';
import { samFunctions, sampleEvent } from '../../infra/events.ts';
import { assemblyOfSources } from '../../infra/laptop/roster.ts';
import type { Examples } from '../../shared/openapi/document.ts';
import { routes } from '../../shared/routes/index.ts';
import { type Envelope, moduleOf, type Outcome, outcomeOf } from '../support/api.ts';
import { Given } from '../support/story.ts';
import { world } from '../support/world.ts';

let given: Given;
beforeAll(async () => {
  given = await Given.app(await world('in process'));
});

/** Errors that mean that the token was refused. */
const TOKEN_REFUSED = ['loginAgain', 'noToken', 'badToken'] as const;

test.each(routes.map((row) => [row.id, row] as const))('%s accepts its sample event', async (_, row) => {
  const alice = await given.user();
  const { handler } = await moduleOf(row);
  const answers: { outcome: Outcome; message: string | null }[] = [];
  const statuses: unknown[] = [];
  for (const token of [given.adminToken, alice.token]) {
    const event = sampleEvent(row, examples as unknown as Examples, { app: given.app, token });
    const context = { awsRequestId: 'sample', getRemainingTimeInMillis: () => 10_000 } as Context;
    const { body, statusCode } = (await handler(event, context)) as { body: string; statusCode: number };
    statuses.push(statusCode);
    // Without an envelope, the status tells.
    if (row.bare) continue;
    const envelope = JSON.parse(body) as Envelope;
    answers.push({ outcome: outcomeOf(envelope), message: envelope.message });
  }
  if (row.bare) return expect(statuses).toContain(200);
  const outcomes = answers.map(({ outcome }) => outcome);
  for (const outcome of ['fault', ...TOKEN_REFUSED]) expect(outcomes).not.toContain(outcome);
  // With one of the two tokens the parameters are accepted, although no item has their ids.
  const taken = answers.filter(
    ({ outcome, message }) => outcome !== 'badParameter' || /no such device/.test(message ?? ''),
  );
  expect(taken, JSON.stringify(answers)).not.toEqual([]);
});

test('sam finds template, function and code of every operation in the output of cdk synth', async () => {
  const { assembly } = await assemblyOfSources();
  const functions = samFunctions(assembly);
  for (const { id } of routes) {
    const { template, code } = functions.get(id)!;
    const found = [existsSync(join(assembly, template)), existsSync(join(assembly, code, BUNDLE_FILE))];
    expect([id, ...found]).toEqual([id, true, true]);
  }
});
