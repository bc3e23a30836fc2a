import { setTimeout as sleep } from 'node:timers/promises';

/** Waits for some time, or until the signal. */
export const pause = (milliseconds: number, signal: AbortSignal): Promise<void> =>
  sleep(milliseconds, undefined, { signal }).catch(() => {});
