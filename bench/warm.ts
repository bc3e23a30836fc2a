/** Warm calls: the requests of each operation to the database, their costs, and our own processor time. */
import type { Context } from 'aws-lambda';
import { documentClient } from '../shared/data/client.ts';
import { type Operation, routes } from '../shared/routes/index.ts';
import { eventOf, moduleOf } from '../test/support/api.ts';
import { cook, requestOf } from '../test/support/recipes.ts';
import type { Output, Recorded } from '../test/support/table-recorder.ts';
import { repeat } from './bare.ts';
import { type Laboratory, laboratory } from './laboratory.ts';
import { dollarsPerMillion } from './prices.ts';
import { median, rounded, type Summary, summary } from './statistics.ts';

export interface WarmCall {
  trips: number;
  requests: number;
  read: number;
  write: number;
  /** Bytes of the event's parameters and of the answer. */
  asked: number;
  answered: number;
  /** Processor time of our own code (ms), with the SDK and the server replaced by recorded answers. */
  ownCpu: number;
  /** Processor time of the whole call in the function (ms). */
  cpu: number;
  /** Milliseconds of the call, and of the same requests by the unmodified SDK. */
  latency: Summary;
  bare: Summary;
  ratio: number;
  /** Per million calls. */
  dollars: ReturnType<typeof dollarsPerMillion>;
}

export type WarmResults = Record<string, WarmCall>;

/** @param samples number of calls of each operation, alternating with its requests alone */
export async function measureWarmCalls(samples: number, rows = routes): Promise<WarmResults> {
  const lab = await laboratory();
  const results: WarmResults = {};
  for (const route of rows) results[route.id] = await measure(route, lab, samples);
  return results;
}

async function measure(route: Operation, lab: Laboratory, samples: number): Promise<WarmCall> {
  const { scene, recorder, world } = lab;
  await lab.warm();
  const { answer, requests, units } = await recorder.record(() => cook(route, scene));
  if (answer.body.code !== 200) throw new Error(`${route.id}: ${answer.body.message}`);
  await recorder.restore();

  const { method, path, request } = requestOf(route, scene);
  const event = eventOf(method, path, request);
  const { handler } = await moduleOf(route);
  const call = () => handler(event, { awsRequestId: 'warm' } as Context);
  await lab.warm();
  const [latency, rawLatency, cpu]: [number[], number[], number[]] = [[], [], []];
  for (let n = -2; n < samples; n++) {
    const cpuBefore = process.cpuUsage();
    const start = performance.now();
    await silently(call);
    const done = performance.now();
    const used = process.cpuUsage(cpuBefore);
    await recorder.restore();
    const startBare = performance.now();
    await repeat(requests, world.table.client);
    const doneBare = performance.now();
    await recorder.restore();
    // The first two calls only warm up the code.
    if (n < 0) continue;
    latency.push(done - start);
    rawLatency.push(doneBare - startBare);
    cpu.push((used.user + used.system) / 1000);
  }
  await lab.warm();
  const ownCpu = await silently(() => cpuWithoutSdk(requests, call, samples));
  const [ours, theirs] = [summary(latency), summary(rawLatency)];
  const { trips, requests: count } = answer.log!;
  const cost = { trips, read: units.read, write: units.write, cpu: median(cpu), memory: route.memory ?? 512 };
  const dollars = dollarsPerMillion(cost);
  return {
    trips,
    requests: count,
    ...units,
    asked: Buffer.byteLength(event.rawQueryString + (event.body ?? '')),
    answered: Buffer.byteLength(JSON.stringify(answer.body)),
    ownCpu: rounded(ownCpu, 3),
    cpu: rounded(cost.cpu),
    latency: roundedSummary(ours),
    bare: roundedSummary(theirs),
    ratio: rounded(ours.median / theirs.median),
    dollars: {
      gateway: dollars.gateway,
      lambda: rounded(dollars.lambda),
      database: rounded(dollars.database),
      total: rounded(dollars.total),
    },
  };
}

/** Runs it without output, because the test support parses each log line, which takes longer than the call. */
async function silently<T>(run: () => Promise<T>): Promise<T> {
  const { write } = process.stdout;
  process.stdout.write = () => true;
  try {
    return await run();
  } finally {
    process.stdout.write = write;
  }
}

const roundedSummary = ({ median, low, high }: Summary): Summary => ({
  median: rounded(median),
  low: rounded(low),
  high: rounded(high),
});

/**
 * Processor time of our own code in a call (ms). Recorded answers replace all requests. The result is the median of
 * batches that are long enough for the resolution of the clock.
 */
async function cpuWithoutSdk(requests: Recorded[], call: () => Promise<unknown>, batches: number): Promise<number> {
  const client = documentClient();
  const { send } = client;
  let next = 0;
  const replay = async (): Promise<Output> => requests[next++ % requests.length]!.output;
  (client as { send: unknown }).send = replay;
  const run = async (calls: number) => {
    const before = process.cpuUsage();
    for (let n = 0; n < calls; n++) {
      next = 0;
      await call();
    }
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  };
  try {
    // Warm up as an instance does in some hundred calls, but for at most half a second.
    const begun = performance.now();
    for (let n = 0; n < 20 && performance.now() - begun < 500; n++) await run(10);
    // A batch takes about 10 ms, or one call that takes longer.
    const calls = Math.max(1, Math.min(100, Math.round(50 / Math.max(0.1, await run(5)))));
    const times: number[] = [];
    for (let n = 0; n < batches; n++) times.push((await run(calls)) / calls);
    return median(times);
  } finally {
    (client as { send: unknown }).send = send;
  }
}
