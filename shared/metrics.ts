/**
 * The metrics that CloudWatch extracts from the log lines of functions (decision 30), by the names that the dashboard and
 * the alarms use. Imports nothing.
 */

/** Namespace of all metrics; the stage is their first dimension. */
export const NAMESPACE = 'Roster';

/**
 * Sets of dimensions, which are members of the log line. `operation` with `code` makes many metrics, so only calls that
 * tell something about their operation are counted by them.
 */
export const BY_STAGE = ['stage'] as const;
export const BY_AREA = ['stage', 'area'] as const;
export const BY_CODE = ['stage', 'code'] as const;
export const BY_OPERATION = ['stage', 'operation', 'code'] as const;

/** Counts one per call. */
export const CALLS = 'calls';
/** Time and database units of a call, or of a run in the background, with their CloudWatch units. */
export const COSTS = { ms: 'Milliseconds', read_units: 'Count', write_units: 'Count' } as const;

/**
 * Events in the order of the dashboard. The write that makes an event happen also counts it (`measured` in
 * shared/data/step.ts), so that retries never count twice and refused writes not at all. The last two are reported by
 * writes: a partition key is near its greatest size, or has reached it.
 */
export const EVENTS = [
  'registrations',
  'users_deleted',
  'logins',
  'failed_logins',
  'lock_outs',
  'groups_made',
  'groups_dissolved',
  'joins',
  'leaves',
  'bans',
  'blocks',
  'files_published',
  'jobs_done',
  'jobs_cut_off',
  'users_forgotten',
  'users_held_back',
  'endpoints_failed',
  'fan_out_held',
  'issuers_failing',
  'large_collections',
  'full_collections',
] as const;

export type MeasuredEvent = (typeof EVENTS)[number];
