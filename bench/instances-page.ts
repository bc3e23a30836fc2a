/** The section of docs/benchmarks.md about functions and their instances, and its chart. */
import type { AreaResults } from './areas.ts';
import {
  AT_START,
  BY_CONSOLE,
  BY_SERVER,
  DAILY_USERS,
  DAYS,
  GROUPINGS,
  type Grouping,
  IDLE_MINUTES,
  IN_USE,
  type InstanceResults,
  LIFE_HOURS,
  LOGIN,
  TRAFFIC,
  USUAL_IDLE,
} from './instances.ts';
import { ASSUMED_CONNECTION, ASSUMED_PLACE, ASSUMED_TRIP } from './prices.ts';
import { rounded } from './statistics.ts';
import { table } from './table.ts';

const NAMES: Record<Grouping, string> = {
  operation: 'per operation',
  area: 'per area',
  all: 'one for all',
};
const COLOURS: Record<Grouping, string> = { operation: '#7a8a99', area: '#0b6e4f', all: '#b9c3cc' };

const percent = (share: number) => `${rounded(share * 100, share < 0.01 ? 2 : 1)} %`;
const count = (number: number) => number.toLocaleString('en-US');

export function instancesSection({ usual, idle, rights }: InstanceResults, areas: AreaResults): string {
  const of = (users: number, grouping: Grouping) => usual[users]![grouping];
  const times = (users: number) => rounded(of(users, 'operation').cold / of(users, 'area').cold, 1);
  const calls = (weights: Record<string, number>) =>
    Object.entries(weights)
      .map(([id, weight]) => `${id} ${weight}`)
      .join(', ');
  return `## Functions per operation or per area

How often does a call wait for an instance to start, if each operation has its own function, if the operations of an area
share one (\`-c functions=area\`, [when to choose it](deploy.md#functions-of-areas)), and if one function served all? In every
form, operations that hash passwords keep their own function. \`npm run bench -- instances\` simulates it: the traffic and
the instances by a seed, the times from \`npm run bench -- areas\` and \`warm\`.

![Calls that start an instance](instances.svg)

${table(
  [
    'daily users',
    'functions',
    'calls per day',
    'cold calls',
    'starts of the app that wait',
    'p50, ms',
    'p99',
    'p99.9',
    'Lambda, $ per month',
  ],
  DAILY_USERS.flatMap((users) =>
    GROUPINGS.map((grouping) => {
      const { calls: perDay, cold, coldStarts, p50, p99, p999, dollars } = of(users, grouping);
      return [
        count(users),
        NAMES[grouping],
        count(perDay),
        percent(cold),
        percent(coldStarts),
        p50,
        p99,
        p999,
        dollars.toFixed(2),
      ];
    }),
  ),
)}

What it means:

- **Few users gain.** With 100 daily users a function per area has ${times(100)} times fewer cold calls, with 1,000 ${times(1000)} times. There,
  p99 falls from ${of(1000, 'operation').p99} to ${of(1000, 'area').p99} ms, because fewer than one call in a hundred is cold.
- **Many users gain nothing that they notice.** With 10,000, p99 is that of a warm call in every form, and a cold call is one in
  ${count(Math.round(1 / of(10_000, 'operation').cold))} or one in ${count(Math.round(1 / of(10_000, 'area').cold))}.
- **The start of an app does not gain.** An app starts with several calls at once, and one instance serves one call at a
  time: two of them in one area need two instances, and the second one is rarely used. With 100 users ${percent(of(100, 'area').coldStarts)} of the starts
  wait for at least one instance, instead of ${percent(of(100, 'operation').coldStarts)}. Functions per area help the calls after the start, which are of
  many kinds.
- **Money does not decide.** The load of an instance is billed, but the forms differ by $ ${rounded(
    Math.max(...DAILY_USERS.map((users) => of(users, 'operation').dollars - of(users, 'all').dollars)),
  ).toFixed(2)} per month at most.
- **Rights are the price.** The largest role allows ${rights.operation.most} pairs of action and resource with a function per operation
  (\`${rights.operation.of}\`), ${rights.area.most} per area (\`${rights.area.of}\`), ${rights.all.most} with one function for all. A fault in one operation can
  then do what the others of its area may. There are ${rights.operation.functions}, ${rights.area.functions} and ${rights.all.functions} functions.

Share of cold calls by the minutes after which Lambda ends an idle instance:

${table(
  ['daily users', 'functions', ...IDLE_MINUTES.map((minutes) => `${minutes} min`)],
  DAILY_USERS.flatMap((users) =>
    GROUPINGS.map((grouping) => [
      count(users),
      NAMES[grouping],
      ...IDLE_MINUTES.map((minutes) => percent(idle[users]![grouping][minutes]!)),
    ]),
  ),
)}

**What an instance costs at its start.** Medians of processor time in ms, on a whole processor: the same calls by the
function of one operation, of an area, and of all. *Next* is the first call of another operation in the same instance, of a
single operation its second call; *again* the call after that.

${table(
  ['function', 'KB', 'operations', 'load', 'first call', 'next', 'again'],
  [
    ...(['operation', 'area', 'all'] as const).map((name) => {
      const { load, first, next, again } = areas[name];
      return [NAMES[name], '', '', load, first, next, again];
    }),
    ...Object.entries(areas.areas).map(([name, { bytes, operations, load, first, next, again }]) => [
      `area ${name}`,
      rounded(bytes / 1024, 0),
      operations,
      load,
      first,
      next,
      again,
    ]),
  ],
)}

**Assumptions.** AWS states neither how long an idle instance lives (5 to 15 minutes are observed; the main table assumes
${USUAL_IDLE}) nor when it replaces a busy one (${LIFE_HOURS} hours). A cold call waits ${ASSUMED_PLACE} ms for a place and the code, then for the load at
full speed, then for the first call at the function's share of a processor, with ${ASSUMED_CONNECTION} ms for the round trips of its connection. A round trip takes
${ASSUMED_TRIP} ms. The time of the gateway and of the network is not included. Of several free instances Lambda is assumed to choose the
one that was used last. The load is billed: AWS announced that
[the INIT phase is billed since August 2025](https://aws.amazon.com/blogs/compute/aws-lambda-standardizes-billing-for-init-phase/);
no bill has confirmed it here. Simulated are ${DAILY_USERS.map((users) => `${DAYS[users]} days of ${count(users)} users`).join(', ')}.

**Traffic.** Each user has ${TRAFFIC.sessions} sessions per day, by a curve with a quiet night and a peak at 8 p.m. ${TRAFFIC.pushes} pushes per day wake ${TRAFFIC.woken * 100} %
of the users each, within ${TRAFFIC.wakeTime} seconds. ${TRAFFIC.logins * 100} % of the sessions begin with a login. Then the app makes its first calls within 50 ms, and on
average ${TRAFFIC.callsInUse} more (${TRAFFIC.callsAfterPush} after a push), ${TRAFFIC.thinkTime} seconds apart. The app's server makes ${TRAFFIC.serverCalls} calls per user and day.
Operators open a console ${TRAFFIC.visits} times per day, with ${TRAFFIC.callsPerVisit} calls each. These weights are plausible, not measured:

${table(
  ['who', 'operations by weight'],
  [
    ['login', LOGIN],
    ['start of the app', AT_START.join(', ')],
    ['app in use', calls(IN_USE)],
    ["app's server", calls(BY_SERVER)],
    ['console', calls(BY_CONSOLE)],
  ],
).replace('| --: |', '| --- |')}`;
}

export function instancesChart({ usual }: InstanceResults): string {
  const [left, width, bar] = [190, 400, 18];
  const most = Math.max(...DAILY_USERS.flatMap((users) => GROUPINGS.map((grouping) => usual[users]![grouping].cold)));
  let y = 44;
  const rows = DAILY_USERS.map((users) => {
    const bars = GROUPINGS.map((grouping, index) => {
      const { cold } = usual[users]![grouping];
      const [top, length] = [y + index * (bar + 4), rounded((cold / most) * width, 1)];
      return [
        `<text x="${left - 8}" y="${top + 14}" text-anchor="end">${NAMES[grouping]}</text>`,
        `<rect x="${left}" y="${top}" width="${Math.max(1, length)}" height="${bar}" fill="${COLOURS[grouping]}"/>`,
        `<text x="${left + length + 8}" y="${top + 14}">${percent(cold)}</text>`,
      ].join('\n');
    });
    const title = `<text x="8" y="${y + 14}" font-weight="bold">${count(users)} users</text>`;
    y += GROUPINGS.length * (bar + 4) + 16;
    return [title, ...bars].join('\n');
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${left + width + 90} ${y}" font-family="sans-serif" font-size="13">
<title>Share of calls that start an instance</title>
<rect width="100%" height="100%" fill="#fff"/>
<text x="${left}" y="24" font-size="14">Calls that start an instance, by daily users and form of the functions</text>
${rows.join('\n')}
</svg>
`;
}
