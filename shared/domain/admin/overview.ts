import type { Call } from '../../call/call.ts';
import { countersOf, totalOf } from '../../data/counter-repo.ts';
import { countGroups } from '../../data/group-repo.ts';
import { hoursOf, type Sums } from '../../data/hour-repo.ts';
import { DIRECTORY_BEGIN, directoryOf } from '../../data/user-repo.ts';
import { PRICES } from '../../prices.ts';

/** Users and groups are counted up to so many, at some 130 read units and 60. */
const COUNTED = 10_000;
const SERVICE_FAULT = 'c20000';

/** What the app holds, and what its calls have used in the last hours. */
export async function overview(call: Call, hours: number) {
  const { app } = call;
  // What is read is bounded neither by hours nor by counts, so the caller is verified before.
  await call.open([]);
  const { users: mostUsers, groups: mostGroups } = call.limits;
  const found = await call.db.read({
    hours: hoursOf(app, call.now, hours),
    counters: mostUsers > 0 || mostGroups > 0 ? countersOf(app) : [],
    users: mostUsers > 0 ? [] : [directoryOf(app, { from: DIRECTORY_BEGIN, limit: COUNTED + 1, count: true })],
    groups: mostGroups > 0 ? [] : [countGroups(app, COUNTED + 1)],
  });
  const held = (which: 'users' | 'groups') => {
    const [part] = found[which];
    const count = part ? part.count : totalOf(found.counters, which);
    return part ? { count: Math.min(count, COUNTED), more: count > COUNTED } : { count, more: false };
  };
  const [users, groups] = [held('users'), held('groups')];
  const total: Sums = {};
  for (const { sums } of found.hours)
    for (const [name, by] of Object.entries(sums)) total[name] = (total[name] ?? 0) + by;
  return {
    users: users.count,
    users_more: users.more,
    groups: groups.count,
    groups_more: groups.more,
    total: view(total),
    hours: found.hours.map(({ hour, sums }) => ({ hour: hour / 1000, ...view(sums) })),
  };
}

/** The sums with the names of the API. */
function view(sums: Sums) {
  const { calls = 0, reads = 0, writes = 0, mbms = 0 } = sums;
  const named = (first: string) =>
    Object.fromEntries(
      Object.entries(sums).flatMap(([name, times]) =>
        name.startsWith(first) && name !== SERVICE_FAULT && !OWN.has(name) ? [[name.slice(1), times]] : [],
      ),
    );
  const requests = PRICES.gatewayMillionRequests + PRICES.lambdaMillionRequests;
  const units = reads * PRICES.dynamoDbMillionReadUnits + writes * PRICES.dynamoDbMillionWriteUnits;
  const gbSeconds = mbms / 1024 / 1000;
  const dollars = (calls * requests + units) / 1_000_000 + gbSeconds * PRICES.lambdaGbSecond;
  return {
    calls,
    refusals: named('c'),
    faults: sums[SERVICE_FAULT] ?? 0,
    read_units: reads,
    write_units: writes,
    happened: named('e'),
    dollars: Math.round(dollars * 1_000_000) / 1_000_000,
  };
}

/** Sums with names of their own. */
const OWN = new Set(['calls', 'reads', 'writes', 'mbms']);
