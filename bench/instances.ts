/**
 * How often a call meets a cold function: a simulation of Lambda's instances under the traffic of an app, for a function
 * per operation, per area, and one for all. Seeded; it calls nothing. Times come from docs/benchmarks.json.
 */
import { statementsOf } from '../infra/constructs/grants.ts';
import { apiFunctions, isShared, type SharedFunction } from '../infra/functions.ts';
import { Random } from '../infra/local/random.ts';
import { type FunctionRow, grantsOf, type Operation, routes } from '../shared/routes/index.ts';
import { type AreaResults, allInOne } from './areas.ts';
import type { Benchmarks } from './document.ts';
import { ASSUMED_CONNECTION, ASSUMED_PLACE, ASSUMED_TRIP, MEMORY, PRICES, shareOf } from './prices.ts';
import { median, quantile, rounded } from './statistics.ts';

export const DAILY_USERS = [100, 1000, 10_000, 100_000] as const;
export const GROUPINGS = ['operation', 'area', 'all'] as const;
export type Grouping = (typeof GROUPINGS)[number];
/** Minutes after which Lambda ends an idle instance. AWS does not state them; 5 to 15 are observed. */
export const IDLE_MINUTES = [5, 10, 15] as const;
export const USUAL_IDLE = 10;
/** Hours after which Lambda replaces an instance that is in use. AWS does not state them either. */
export const LIFE_HOURS = 2;

/** The traffic of an app. */
export const TRAFFIC = {
  /** Sessions per user and day, beside those that a push begins. */
  sessions: 3,
  /** Mean number of calls after those at the start: of such a session, and of one that a push began. */
  callsInUse: 6,
  callsAfterPush: 1,
  /** Mean time between two calls in use (s). */
  thinkTime: 8,
  /** Share of sessions that begin with a login; all others have a token. */
  logins: 0.05,
  /** Pushes per day, the share of the users that each wakes, and the time within which they come (s). */
  pushes: 4,
  woken: 0.1,
  wakeTime: 90,
  /** Calls of the app's own server per user and day. */
  serverCalls: 3,
  /** Visits of operators to a console per day, and the calls of each. */
  visits: 5,
  callsPerVisit: 15,
} as const;

/** Share of the day's sessions by hour of the day: a quiet night, and a peak in the evening. */
const HOURS = [2, 1, 1, 1, 1, 2, 4, 6, 7, 7, 7, 8, 9, 8, 7, 7, 8, 9, 11, 13, 14, 13, 9, 5];

/** The calls that an app makes at once when it starts. */
export const AT_START = ['user/profile/get', 'user/settings/get', 'group/user-joined', 'roster/list/details'] as const;

/** Calls by weight: of an app in use, of the app's server with an admin token, and of a console. */
export const IN_USE: Record<string, number> = {
  'group/info': 12,
  'group/member-list': 10,
  'group/changes': 8,
  'group/announcement/last': 5,
  'user/profile/get': 6,
  'group/members/display-name': 6,
  'group/settings': 4,
  'group/file/list': 4,
  'file/download/chat': 8,
  'file/upload/chat': 4,
  'file/download/avatar': 4,
  'roster/list/ids': 4,
  'roster/apply/list': 3,
  'user/push/badge': 4,
  'user/settings/set': 2,
  'user/nickname': 1,
  'user/avatar': 1,
  'group/invitation-list': 2,
  'group/application-list': 2,
  'group/admin-list': 2,
  'group/apply': 1,
  'group/invite': 2,
  'group/invite/handle': 1,
  'group/create': 1,
  'group/leave': 0.5,
  'group/display-name': 0.5,
  'group/msg/mute-mode': 1,
  'group/announcement/edit': 0.5,
  'group/kick': 0.3,
  'group/ban': 0.2,
  'roster/apply': 1,
  'roster/accept': 1,
  'roster/block': 0.2,
  'user/device/list': 0.5,
};
export const BY_SERVER: Record<string, number> = {
  'access/check': 6,
  'event/list': 3,
  'user/profile/batch': 1,
  'group/info/batch': 2,
  'group/invite': 1,
  'group/create': 0.5,
  'group/kick': 0.3,
  'user/register/v2': 0.3,
  'roster/may-message': 2,
};
export const BY_CONSOLE: Record<string, number> = {
  'user/list': 4,
  'user/profile/get': 3,
  'group/info': 4,
  'group/member-list': 4,
  'group/banned-list': 1,
  'group/ban': 0.5,
  'user/disable': 0.3,
  'group/public-list': 2,
};
export const LOGIN = 'token/user';

/** Simulated days by daily users, so that every size has enough calls. */
export const DAYS: Record<(typeof DAILY_USERS)[number], number> = { 100: 60, 1000: 10, 10000: 2, 100000: 1 };
const [HOUR, DAY] = [3_600_000, 86_400_000];
/** Resolution of the simulation (ms). */
const TICK = 10;
/** More than the operations that the traffic calls. */
const MOST_OPERATIONS = 64;

export interface Simulated {
  /** Per day. */
  calls: number;
  /** Share of calls that started an instance. */
  cold: number;
  /** Share of sessions in which one of the calls at the start did. */
  coldStarts: number;
  /** Milliseconds from the gateway to the answer. */
  p50: number;
  p99: number;
  p999: number;
  /** Lambda per month, the start of instances included. */
  dollars: number;
}

export interface InstanceResults {
  /** By daily users, then by grouping, with the usual idle time. */
  usual: Record<number, Record<Grouping, Simulated>>;
  /** Share of cold calls by daily users, grouping and minutes of idle time. */
  idle: Record<number, Record<Grouping, Record<number, number>>>;
  /** Functions of the API, and the largest number of pairs of action and resource that one of their roles allows. */
  rights: Record<Grouping, Rights>;
}

interface Rights {
  functions: number;
  /** Pairs of action and resource in the largest role, and the id of its function. */
  most: number;
  of: string;
}

/** An operation as the simulation sees it. */
interface Simulant {
  row: Operation;
  memory: number;
  /** Of a processor. */
  share: number;
  /** Of a warm call (ms). */
  duration: number;
}

export function simulateInstances({ warm, areas }: Partial<Benchmarks>): InstanceResults {
  if (!warm || !areas) throw new Error('The simulation needs measured times: run the parts warm and areas first.');
  const simulants = called().map((row): Simulant => {
    const like = warm[row.id]
      ? [warm[row.id]!]
      : Object.entries(warm).flatMap(([id, call]) => (isLike(id, row) ? call : []));
    const { memory = MEMORY } = row;
    const share = shareOf(memory);
    return { row, memory, share, duration: median(like.map(({ trips, cpu }) => trips * ASSUMED_TRIP + cpu / share)) };
  });
  const results: InstanceResults = { usual: {}, idle: {}, rights: rights() };
  for (const users of DAILY_USERS) {
    const traffic = trafficOf(users, simulants);
    const run = (grouping: Grouping, minutes: number) => simulate(traffic, simulants, grouping, minutes, areas);
    const each = <T>(make: (grouping: Grouping) => T) =>
      Object.fromEntries(GROUPINGS.map((grouping) => [grouping, make(grouping)])) as Record<Grouping, T>;
    results.usual[users] = each((grouping) => run(grouping, USUAL_IDLE));
    results.idle[users] = each((grouping) =>
      Object.fromEntries(
        IDLE_MINUTES.map((minutes) => [
          minutes,
          minutes === USUAL_IDLE ? results.usual[users]![grouping].cold : run(grouping, minutes).cold,
        ]),
      ),
    );
  }
  return results;
}

/** The operations that the traffic calls. @throws if the route table has one of them no longer */
function called(): Operation[] {
  const ids = new Set([LOGIN, ...AT_START, ...[IN_USE, BY_SERVER, BY_CONSOLE].flatMap(Object.keys)]);
  return [...ids].map((id) => {
    const row = routes.find((route) => route.id === id);
    if (!row) throw new Error(`The traffic of the simulation calls ${id}, which the route table does not have.`);
    return row;
  });
}

/** Whether an operation that was never measured probably takes as long: both read, or both write, and neither hashes. */
function isLike(id: string, row: Operation): boolean {
  const other = routes.find((route) => route.id === id);
  const writes = ({ grants }: Operation) => grants.some((grant) => ['put', 'update', 'delete'].includes(grant));
  return other !== undefined && other.memory === row.memory && writes(other) === writes(row);
}

interface Traffic {
  days: number;
  /** Calls in the order of their time. Each is one number: tick, session that it starts or 0, and index of the operation. */
  calls: Float64Array;
  sessions: number;
}

function trafficOf(users: (typeof DAILY_USERS)[number], simulants: Simulant[]): Traffic {
  const random = new Random(users);
  const days = DAYS[users];
  const indexes = new Map(simulants.map(({ row }, index) => [row.id, index]));
  const perDay = Math.round(users * (TRAFFIC.sessions + TRAFFIC.pushes * TRAFFIC.woken));
  const sessions = days * perDay;
  const calls: number[] = [];
  const add = (time: number, id: string, session = 0) =>
    calls.push((Math.floor(time / TICK) * (sessions + 1) + session) * MOST_OPERATIONS + indexes.get(id)!);
  const exponential = (mean: number) => -Math.log(1 - random.next()) * mean;
  const hour = chooser(Object.fromEntries(HOURS.map((weight, index) => [String(index), weight])), random);
  const timeOfDay = () => (Number(hour()) + random.next()) * HOUR;
  const [use, serve, visit] = [IN_USE, BY_SERVER, BY_CONSOLE].map((weights) => chooser(weights, random)) as [
    () => string,
    () => string,
    () => string,
  ];
  let begun = 0;
  const session = (start: number, meanCalls: number) => {
    begun++;
    let time = start;
    if (random.chance(TRAFFIC.logins)) {
      add(time, LOGIN, begun);
      time += 600;
    }
    for (const id of AT_START) add(time + random.next() * 50, id, begun);
    while (random.chance(meanCalls / (1 + meanCalls))) {
      time += exponential(TRAFFIC.thinkTime * 1000);
      add(time, use());
    }
  };
  for (let day = 0; day < days; day++) {
    const midnight = day * DAY;
    for (let n = 0; n < users * TRAFFIC.sessions; n++) session(midnight + timeOfDay(), TRAFFIC.callsInUse);
    for (let push = 0; push < TRAFFIC.pushes; push++) {
      const sent = midnight + timeOfDay();
      for (let n = 0; n < users * TRAFFIC.woken; n++)
        session(sent + random.next() * TRAFFIC.wakeTime * 1000, TRAFFIC.callsAfterPush);
    }
    for (let n = 0; n < users * TRAFFIC.serverCalls; n++) add(midnight + timeOfDay(), serve());
    for (let n = 0; n < TRAFFIC.visits; n++) {
      let time = midnight + (9 + random.next() * 9) * HOUR;
      for (let call = 0; call < TRAFFIC.callsPerVisit; call++) {
        add(time, visit());
        time += exponential(TRAFFIC.thinkTime * 1000);
      }
    }
  }
  return { days, calls: Float64Array.from(calls).sort(), sessions };
}

/** Chooses keys by weight, without the cost of adding all weights each time. */
function chooser(weights: Record<string, number>, random: Random): () => string {
  const keys = Object.keys(weights);
  let sum = 0;
  const sums = keys.map((key) => {
    sum += weights[key]!;
    return sum;
  });
  return () => {
    const at = random.next() * sum;
    return keys[sums.findIndex((end) => at < end)]!;
  };
}

interface Instance {
  born: number;
  /** When its last call ends or ended. */
  free: number;
  /** Operations that it has called, by index. */
  used: Set<number>;
}

function simulate(
  { days, calls, sessions }: Traffic,
  simulants: Simulant[],
  grouping: Grouping,
  idleMinutes: number,
  measured: AreaResults,
): Simulated {
  const { load, first, next, again } = measured[grouping];
  const pools = poolsOf(simulants, grouping);
  const waits = new Float64Array(calls.length);
  const startedCold = new Uint8Array(sessions + 1);
  let [cold, gigabyteMs] = [0, 0];
  for (let n = 0; n < calls.length; n++) {
    const index = calls[n]! % MOST_OPERATIONS;
    const rest = Math.floor(calls[n]! / MOST_OPERATIONS);
    const session = rest % (sessions + 1);
    const time = Math.floor(rest / (sessions + 1)) * TICK;
    const { memory, share, duration } = simulants[index]!;
    const pool = pools[index]!;
    const instance = takeFrom(pool, time, idleMinutes * 60_000);
    let billed: number;
    if (instance) {
      billed = duration;
      // The code of this operation runs for the first time in this instance.
      if (!instance.used.has(index)) billed += (next - again) / share;
      instance.used.add(index);
      instance.free = time + billed;
      waits[n] = billed;
    } else {
      cold++;
      if (session > 0) startedCold[session] = 1;
      billed = load + (first - again) / share + ASSUMED_CONNECTION + duration;
      waits[n] = ASSUMED_PLACE + billed;
      pool.push({ born: time, free: time + waits[n]!, used: new Set([index]) });
    }
    gigabyteMs += (billed * memory) / 1024;
  }
  waits.sort();
  const requests = (calls.length / 1e6) * PRICES.lambdaMillionRequests;
  const dollars = ((requests + (gigabyteMs / 1000) * PRICES.lambdaGbSecond) * 30) / days;
  return {
    calls: Math.round(calls.length / days),
    cold: rounded(cold / calls.length, 5),
    coldStarts: rounded(startedCold.reduce((sum, one) => sum + one, 0) / sessions, 4),
    p50: rounded(quantile(waits, 0.5), 0),
    p99: rounded(quantile(waits, 0.99), 0),
    p999: rounded(quantile(waits, 0.999), 0),
    dollars: rounded(dollars),
  };
}

/** The functions of the API, of which some operations share one. */
function functionsOf(grouping: Grouping): (Operation | SharedFunction)[] {
  if (grouping !== 'all') return apiFunctions(routes, grouping);
  return [allInOne(routes), ...apiFunctions(routes, 'area').filter((row) => !isShared(row))];
}

/** The instances of each operation's function, by index. Operations of one function share them. */
function poolsOf(simulants: Simulant[], grouping: Grouping): Instance[][] {
  const pools = new Map<Operation, Instance[]>();
  for (const row of functionsOf(grouping)) {
    const pool: Instance[] = [];
    for (const operation of isShared(row) ? row.operations : [row]) pools.set(operation, pool);
  }
  return simulants.map(({ row }) => pools.get(row)!);
}

/** The free instance that was used last, after those that Lambda has ended meanwhile were removed. */
function takeFrom(pool: Instance[], time: number, idle: number): Instance | undefined {
  let best: Instance | undefined;
  for (let n = pool.length - 1; n >= 0; n--) {
    const instance = pool[n]!;
    if (instance.free > time) continue;
    if (instance.free + idle < time || instance.born + LIFE_HOURS * HOUR < time) pool.splice(n, 1);
    else if (!best || instance.free > best.free) best = instance;
  }
  return best;
}

function rights(): Record<Grouping, Rights> {
  const targets = { tableArn: 'table', bucketArn: 'bucket', queueArn: 'queue', busArn: 'bus' };
  const pairs = (row: FunctionRow) =>
    statementsOf(grantsOf(row), targets).reduce(
      (sum, { actions, resources }) => sum + actions.length * resources.length,
      0,
    );
  const largest = (grouping: Grouping): Rights => {
    const rows = functionsOf(grouping);
    const [of, most] = rows
      .map((row): [string, number] => [row.id, pairs(row)])
      .reduce((one, other) => (other[1] > one[1] ? other : one));
    return { functions: rows.length, most, of };
  };
  return { operation: largest('operation'), area: largest('area'), all: largest('all') };
}
