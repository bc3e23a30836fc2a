/**
 * What the log lines of functions measure (decision 30): CloudWatch makes metrics of them, the dashboard and the alarms
 * show these names. Imports nothing.
 */

/** Namespace of all metrics; the stage is their first dimension. */
export const NAMESPACE = 'Roster';

/**
 * Dimensions are members of the log line. By `area` and `code` there are few; by `operation` and `code` there are many,
 * so only calls that say something about their operation are counted so.
 */
export const BY_STAGE = ['stage'] as const;
export const BY_AREA = ['stage', 'area'] as const;
export const BY_CODE = ['stage', 'code'] as const;
export const BY_OPERATION = ['stage', 'operation', 'code'] as const;

/** One a call. */
export const CALLS = 'calls';
/** Milliseconds and units of the database that a call, or a run in the background, took; with their CloudWatch units. */
export const COSTS = { ms: 'Milliseconds', read_units: 'Count', write_units: 'Count' } as const;

/**
 * What happened, counted by the very write that makes it happen (`measured` in shared/data/step.ts), so that what is
 * refused, tried again or decided again counts once or not at all. In the order of the dashboard. The last two are no
 * events but what writes were answered: that a partition key nears the size it may have, or has it.
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
  'large_collections',
  'full_collections',
] as const;

export type MeasuredEvent = (typeof EVENTS)[number];
