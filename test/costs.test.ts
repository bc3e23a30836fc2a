import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, expect, test, vi } from 'vitest';
import { documentClient } from '../shared/data/client.ts';
import { routes } from '../shared/routes/index.ts';
import { cook, RECIPES, setScene, warmUp } from './support/recipes.ts';
import { Given } from './support/story.ts';
import { type Recorded, Recorder } from './support/table-recorder.ts';
import { documentOf } from './support/trips.ts';
import { worldInProcess } from './support/world.ts';

/** What one everyday call of each operation costs: made and checked here, shown in docs/benchmarks.md. */
const FIXTURE = new URL('fixtures/costs.json', import.meta.url);
/** What its round trips are for. */
const TRIPS = new URL('../docs/round-trips.md', import.meta.url);

afterAll(() => vi.useRealTimers());

test('every row of the route table has a recipe, and every recipe has a row', () => {
  expect(Object.keys(RECIPES).sort()).toEqual(routes.map(({ id }) => id).sort());
});

test('an everyday call of each operation costs the round trips, requests and units on record', async () => {
  // Time passes by the call: what an instance holds for half a minute it holds to the end, however slow the machine is.
  vi.useFakeTimers({ toFake: ['Date'] });
  const world = await worldInProcess();
  const scene = await setScene(await Given.app(world));
  const recorder = new Recorder(documentClient(), world.table);
  const costs: Record<string, object> = {};
  const calls = new Map<string, readonly Recorded[]>();
  await warmUp(scene);
  for (const route of routes) {
    vi.setSystemTime(Date.now() + 10);
    const { answer, requests: made, units } = await recorder.record(() => cook(route, scene));
    expect(answer.body.code, `${route.id}: ${answer.body.message}`).toBe(200);
    const { trips, requests } = answer.log!;
    costs[route.id] = { trips, requests, ...units };
    calls.set(route.id, made);
    expect(new Set(made.map(({ wave }) => wave)).size, route.id).toBe(trips);
    await recorder.restore();
  }
  const recorded = `${JSON.stringify(costs).replaceAll('},', '},\n  ').replace('{"', '{\n  "').replace(/}}$/, '}\n}')}\n`;
  const page = documentOf(calls);
  if (process.env.RECORD) writeFileSync(FIXTURE, recorded);
  if (process.env.RECORD) writeFileSync(TRIPS, page);
  // After a change that is meant: npm run test:record
  expect(costs).toEqual(JSON.parse(readFileSync(FIXTURE, 'utf8')));
  expect(page).toBe(readFileSync(TRIPS, 'utf8'));
});
