import { vi } from 'vitest';
import { Database } from '../../shared/data/database.ts';
import type { OperatorTable } from '../../shared/data/operator-queries.ts';
import type { Author } from '../../shared/data/stamp.ts';
import { relay, type ToldRecord } from '../../shared/domain/event/relay.ts';
import type { EventData, EventType } from '../../shared/events/catalogue.ts';
import type { AppId } from '../../shared/ids.ts';

/** A change as its author made it. */
export interface Told<T extends EventType = EventType> {
  type: T;
  data: EventData[T];
  /** When it was made (ms). */
  at: number;
  by: Author;
}

let records = 0;

/** The relay appends these events to the app's feed, all at a time (ms; default: now). */
export async function tell({ client, name }: OperatorTable, app: AppId, told: readonly Told[], now = Date.now()) {
  const of = told.map(({ type, data, at, by }): ToldRecord => {
    const stamp = { ...by, at, why: {} };
    const fact = { app, type, data, stamp };
    // Each in a partition of its own, so that none is taken for a repetition.
    return { partition: `U#${app}#${++records}`, sequenceNumber: '1', facts: [fact] };
  });
  // Only here: S3 refuses signatures of another time.
  vi.useFakeTimers({ toFake: ['Date'], now });
  try {
    await relay(new Database(client, name), app, of);
  } finally {
    vi.useRealTimers();
  }
}
