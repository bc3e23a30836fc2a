import { useEffect, useState } from 'preact/hooks';
import { useCall } from '../call.ts';
import { count, dollars, hour, short } from '../format.ts';
import { Badge, Card, Heading, Shown, Table } from '../parts/bits.tsx';
import { type Bar, Chart } from '../parts/chart.tsx';
import { Timeline } from '../parts/events.tsx';
import { session } from '../session.ts';
import { useWords } from '../text/words.ts';

const HOUR = 3_600_000;
const PERIODS = [24, 72, 168];

type Overview = Awaited<ReturnType<NonNullable<typeof session.value>['client']['admin']['overview']>>;

export function OverviewPage() {
  const w = useWords();
  const { client } = session.value!;
  const [hours, setHours] = useState(24);
  const answer = useCall((signal) => client.admin.overview({ hours }, { signal }), [hours]);
  const choice = (
    <fieldset class="choice" aria-label={w.overview.period}>
      {PERIODS.map((period) => (
        <button key={period} type="button" aria-pressed={period === hours} onClick={() => setHours(period)}>
          {w.overview.last(period)}
        </button>
      ))}
    </fieldset>
  );
  return (
    <>
      <Heading title={w.overview.title} beside={choice} />
      <Shown answer={answer}>{(data) => <Numbers of={data} hours={hours} />}</Shown>
      <div class="columns">
        <Card title={w.overview.latest}>
          <Timeline filter={{}} />
        </Card>
        <Dashboards />
      </div>
    </>
  );
}

function Numbers({ of, hours }: { of: Overview; hours: number }) {
  const w = useWords();
  const { total } = of;
  const refused = Object.entries(total.refusals).sort(([, one], [, other]) => other - one);
  const refusals = refused.reduce((sum, [, times]) => sum + times, 0);
  const atLeast = (value: number, more: boolean) => (more ? w.overview.atLeast(short(value)) : short(value));
  return (
    <>
      <p class={`health ${total.faults > 0 ? 'ill' : 'well'}`}>
        {total.faults > 0 ? w.overview.ill(total.faults) : total.calls > 0 ? w.overview.well : w.overview.nothing}
      </p>
      <dl class="figures">
        <Figure name={w.overview.users} value={atLeast(of.users, of.users_more)} href="#/users" />
        <Figure name={w.overview.groups} value={atLeast(of.groups, of.groups_more)} href="#/groups" />
        <Figure name={w.overview.calls} value={short(total.calls)} />
        <Figure name={w.overview.refusals} value={short(refusals)} />
        <Figure name={w.overview.faults} value={short(total.faults)} bad={total.faults > 0} />
        <Figure
          name={w.overview.units}
          value={`${short(Math.round(total.read_units))} · ${short(Math.round(total.write_units))}`}
        />
        <Figure name={w.overview.cost} value={dollars(total.dollars)} hint={w.overview.dollarsHint} />
      </dl>
      <div class="columns wide-first">
        <Card title={w.overview.perHour}>
          <CallsPerHour of={of} hours={hours} />
        </Card>
        <Card title={w.overview.refusalsTitle}>
          {refused.length === 0 ? (
            <p class="none">{w.overview.noRefusals}</p>
          ) : (
            <Table label={w.overview.refusalsTitle} head={[w.overview.code, w.overview.meaning, w.overview.times]}>
              {refused.map(([code, times]) => (
                <tr key={code}>
                  <td>
                    <code>{code}</code>
                  </td>
                  <td>{(w.codes as Record<string, string>)[code] ?? ''}</td>
                  <td class="number">{count(times)}</td>
                </tr>
              ))}
            </Table>
          )}
          {Object.keys(total.happened).length > 0 && (
            <ul class="happened" aria-label={w.overview.happened}>
              {Object.entries(total.happened).map(([name, times]) => (
                <li key={name}>
                  <Badge>
                    {name.replaceAll('_', ' ')} <b>{count(times)}</b>
                  </Badge>
                </li>
              ))}
            </ul>
          )}
        </Card>
      </div>
    </>
  );
}

function Figure({
  name,
  value,
  href,
  bad = false,
  hint,
}: {
  name: string;
  value: string;
  href?: string;
  bad?: boolean;
  hint?: string;
}) {
  return (
    <div class={bad ? 'bad' : ''} title={hint}>
      <dt>{name}</dt>
      <dd>{href ? <a href={href}>{value}</a> : value}</dd>
    </div>
  );
}

/** Hours without calls are left out of the answer, and shown as empty. */
function CallsPerHour({ of, hours }: { of: Overview; hours: number }) {
  const w = useWords();
  const by = new Map(of.hours.map((one) => [one.hour * 1000, one]));
  const end = Math.floor(Date.now() / HOUR) * HOUR;
  const bars: Bar[] = Array.from({ length: hours }, (_, index) => {
    const at = end - (hours - 1 - index) * HOUR;
    const one = by.get(at);
    return { label: hour(at), value: one?.calls ?? 0, bad: (one?.faults ?? 0) > 0 };
  });
  return (
    <>
      <Chart bars={bars} label={w.overview.chart} />
      <details>
        <summary>{w.overview.table}</summary>
        <Table
          label={w.overview.table}
          head={[
            w.overview.hour,
            w.overview.calls,
            w.overview.refusals,
            w.overview.faults,
            w.overview.reads,
            w.overview.writes,
            w.overview.dollars,
          ]}
        >
          {of.hours.map((one) => (
            <tr key={one.hour}>
              <td>{hour(one.hour * 1000)}</td>
              <td class="number">{count(one.calls)}</td>
              <td class="number">{count(Object.values(one.refusals).reduce((sum, times) => sum + times, 0))}</td>
              <td class="number">{count(one.faults)}</td>
              <td class="number">{count(one.read_units)}</td>
              <td class="number">{count(one.write_units)}</td>
              <td class="number">{dollars(one.dollars)}</td>
            </tr>
          ))}
        </Table>
      </details>
    </>
  );
}

/** Links to CloudWatch, where the service says which deployment it is. The laptop stack has none. */
function Dashboards() {
  const w = useWords();
  const { api } = session.value!;
  const [of, setOf] = useState<{ stage: string; region: string } | undefined>();
  useEffect(() => {
    if (/^http:/.test(api)) return;
    const end = new AbortController();
    fetch(`${api}/console/config.json`, { signal: end.signal, credentials: 'omit' })
      .then((response) => response.json())
      .then(({ stage, region }) => {
        if (/^[a-z0-9-]+$/.test(stage) && /^[a-z0-9-]+$/.test(region)) setOf({ stage, region });
      })
      // Without it there are no links.
      .catch(() => {});
    return () => end.abort();
  }, [api]);
  if (!of) return null;
  const host = of.region.startsWith('cn-') ? 'console.amazonaws.cn' : `${of.region}.console.aws.amazon.com`;
  const cloudWatch = `https://${host}/cloudwatch/home?region=${of.region}`;
  const links = [
    [w.overview.dashboard, `${cloudWatch}#dashboards/dashboard/roster-${of.stage}`],
    [w.overview.alarms, `${cloudWatch}#alarmsV2:?search=roster-${of.stage}`],
    [w.overview.logs, `${cloudWatch}#logsV2:log-groups?logGroupNameFilter=roster-${of.stage}`],
  ] as const;
  return (
    <Card title="CloudWatch">
      <ul class="links">
        {links.map(([name, href]) => (
          <li key={href}>
            <a href={href} target="_blank" rel="noreferrer noopener">
              {name} ↗
            </a>
          </li>
        ))}
      </ul>
    </Card>
  );
}
