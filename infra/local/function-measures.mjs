/**
 * What one invocation of a function spends its time on, for who measures the stack. `function-process.mjs` loads it only
 * then, and the function knows nothing of it: Node itself tells of each HTTP request.
 */
import { subscribe } from 'node:diagnostics_channel';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Milliseconds between two measurements of the heap, each after a garbage collection of its own. */
const HEAP_INTERVAL = 10_000;

const database = new URL(process.env.AWS_ENDPOINT_URL_DYNAMODB ?? 'http://localhost').host;

/**
 * The requests to the database of the invocation: how many have no answer, since when there is one (ms), for how long
 * there was one, and the sum of all their times. A module that is loaded sends some, too, which do not count.
 */
let current;
/** By request: notes that it has its answer. */
const ends = new WeakMap();

subscribe('http.client.request.start', ({ request }) => {
  const invocation = current;
  if (!invocation || request.getHeader('host') !== database) return;
  const started = performance.now();
  if (invocation.open === 0) invocation.since = started;
  invocation.open += 1;
  let ended = false;
  const end = () => {
    if (ended) return;
    ended = true;
    const now = performance.now();
    invocation.requests += now - started;
    invocation.open -= 1;
    if (invocation.open === 0) invocation.waited += now - invocation.since;
  };
  ends.set(request, end);
  // Without an answer.
  request.once('close', end);
});
// The request closes only after the function has gone on with its answer.
subscribe('http.client.response.finish', ({ request, response }) => {
  const end = ends.get(request);
  if (end) response.once('end', end);
});

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc');
let heapAt = 0;

/** Starts the measurement of one invocation. What it returns ends it. */
export function measure() {
  const invocation = { open: 0, since: 0, waited: 0, requests: 0 };
  current = invocation;
  const started = performance.now();
  const before = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(before);
    const use = {
      wall: performance.now() - started,
      database: invocation.waited,
      requests: invocation.requests,
      processor: (user + system) / 1000,
    };
    if (Date.now() - heapAt < HEAP_INTERVAL) return use;
    heapAt = Date.now();
    collect();
    return { ...use, heap: process.memoryUsage().heapUsed };
  };
}
