import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { EVENTS, type MeasuredEvent } from '../../shared/metrics.ts';

/** The schema of CloudWatch's embedded metric format, as its specification prints it. */
const schema = z.fromJSONSchema(
  JSON.parse(readFileSync(new URL('../fixtures/embedded-metric-format.schema.json', import.meta.url), 'utf8')),
);

interface Directive {
  Namespace: string;
  Dimensions: string[][];
  Metrics: { Name: string; Unit?: string }[];
}

/** A log line with its metrics. */
export type MetricLine = Record<string, unknown> & { _aws: { CloudWatchMetrics: Directive[] } };

/** One value that CloudWatch would take from a line: `calls stage=dev code=200`. */
const seriesOf = (line: MetricLine): [series: string, value: unknown][] =>
  line._aws.CloudWatchMetrics.flatMap(({ Dimensions, Metrics }) =>
    Metrics.flatMap(({ Name }) =>
      Dimensions.map((names): [string, unknown] => [
        [Name, ...names.map((name) => `${name}=${line[name]}`)].join(' '),
        line[Name],
      ]),
    ),
  );

/** The metrics of a line, by series. Throws where a series has two values, which would count twice. */
export function metricsOf(line: MetricLine): Record<string, unknown> {
  const series = seriesOf(line);
  const names = series.map(([name]) => name);
  if (new Set(names).size < names.length) throw new Error(`a metric is there twice: ${names}`);
  return Object.fromEntries(series);
}

/** The events that a line counts. */
export const eventsOf = (line: Record<string, unknown>): Partial<Record<MeasuredEvent, number>> =>
  Object.fromEntries(EVENTS.filter((name) => name in line).map((name) => [name, line[name]]));

/**
 * Why CloudWatch would take no metrics, or wrong ones, from a line: by the schema, and by what the specification says
 * of the members that it refers to.
 */
export function faultsOf(line: Record<string, unknown>): string[] {
  const parsed = schema.safeParse(line);
  if (!parsed.success) return [z.prettifyError(parsed.error)];
  const directives = (line as MetricLine)._aws.CloudWatchMetrics;
  const dimensions = directives.flatMap((directive) => directive.Dimensions.flat());
  const metrics = directives.flatMap((directive) => directive.Metrics.map(({ Name }) => Name));
  return [
    ...dimensions
      .filter((name) => typeof line[name] !== 'string' || line[name].trim() === '' || line[name].length > 1024)
      .map((name) => `the dimension ${name} is no string: ${line[name]}`),
    ...metrics
      .filter((name) => typeof line[name] !== 'number' || !Number.isFinite(line[name]))
      .map((name) => `the metric ${name} is no number: ${line[name]}`),
    ...directives
      .filter(({ Metrics }) => Metrics.length > 100 || Metrics.length === 0)
      .map(({ Metrics }) => `${Metrics.length} metrics in one directive`),
    ...directives
      .filter((directive) => Object.keys(directive).sort().join() !== 'Dimensions,Metrics,Namespace')
      .map((directive) => `unknown members in ${Object.keys(directive)}`),
  ];
}
