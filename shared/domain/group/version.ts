import type { Call } from '../../call/call.ts';
import { type OpenChangePage, openChangesOf } from '../../data/log-repo.ts';
import type { GroupId } from '../../ids.ts';

/** How far the clocks of two functions differ at most (ms). */
const CLOCKS = 1000;

/** False where this instance knows that the app has no events: `version` is 0 then. */
export const mayHaveVersion = ({ cachedLimits }: Pick<Call, 'cachedLimits'>): boolean => cachedLimits?.event_days !== 0;

/** What a list reads to know its `version`. */
export const changesOf = (call: Call, group: GroupId) => (mayHaveVersion(call) ? [openChangesOf(call.app, group)] : []);

/**
 * The number of the last change that a list contains which this call has read, whatever the order of its reads: a change
 * has its number only after it can be read, so a number that was given before the call began stands for a change that
 * every read of the call sees. Later changes may be in the list too; to apply them again changes nothing.
 */
export function versionOf(
  { now, limits }: Pick<Call, 'now' | 'limits'>,
  [log]: readonly (OpenChangePage | undefined)[],
): number {
  if (!log || limits.event_days === 0) return 0;
  const before = now - CLOCKS;
  if (log.at < before) return log.last;
  return log.marks.findLast(([, at]) => at < before)?.[0] ?? 0;
}
