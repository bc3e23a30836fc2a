/** What event source mappings of streams and of queues have in common. */
import type { FunctionDefinition } from './deployment.ts';
import { type Pattern, parsePattern } from './event-pattern.ts';
import type { Outcome } from './function-pool.ts';
import type { Json, Resource } from './template.ts';

export interface SourceMapping {
  function: FunctionDefinition;
  /** A record is delivered if any pattern matches it, or if there is none. */
  patterns: Pattern[];
  batchSize: number;
  /** Milliseconds to wait for a full batch. */
  window: number;
  reportsItemFailures: boolean;
}

/** @param usualSize of a batch, where the template gives none */
export function readSourceMapping(
  { properties }: Resource,
  usualSize: number,
  functionOf: (named: string) => FunctionDefinition,
): SourceMapping {
  return {
    function: functionOf(properties.FunctionName),
    patterns: (properties.FilterCriteria?.Filters ?? []).map((filter: Json) => parsePattern(filter.Pattern)),
    batchSize: properties.BatchSize ?? usualSize,
    window: (properties.MaximumBatchingWindowInSeconds ?? 0) * 1000,
    reportsItemFailures: (properties.FunctionResponseTypes ?? []).includes('ReportBatchItemFailures'),
  };
}

export const isWanted = (record: Json, { patterns }: SourceMapping): boolean =>
  patterns.length === 0 || patterns.some((matches) => matches(record));

/** What the function's answer says of single records that failed. */
export const reportedFailures = (outcome: Outcome, { reportsItemFailures }: SourceMapping): Json[] => {
  const reported: Json[] = (reportsItemFailures && outcome.ok && outcome.payload?.batchItemFailures) || [];
  return reported.map(({ itemIdentifier }) => itemIdentifier);
};
