import { vi } from 'vitest';
import { Database } from '../../shared/data/database.ts';
import type { OperatorTable } from '../../shared/data/operator-queries.ts';
import type { Author, Stamp } from '../../shared/data/stamp.ts';
import { relay, type ToldRecord } from '../../shared/domain/event/relay.ts';
import type { EventData, EventType } from '../../shared/events/catalogue.ts';
import type { Fact } from '../../shared/events/facts.ts';
import type { AppId } from '../../shared/ids.ts';

/** A call of a user. */
export const STAMP: Stamp = { type: 'user', id: '7', cause: 'call', at: Date.now(), why: {} };

export const factOf = <T extends EventType>(app: AppId, type: T, data: EventData[T], stamp = STAMP): Fact => ({
  app,
  type,
  data,
  stamp,
});

let records = 0;

/** A record of the stream that tells facts; sequence numbers ascend and grow longer, as they do on AWS. */
export const recordOf = (partition: string, ...facts: Fact[]): ToldRecord => ({
  partition,
  sequenceNumber: String(9_990_000_000 + records++ * 997),
  facts,
});

/** A change as its author made it. */
export interface Told<T extends EventType = EventType> {
  type: T;
  data: EventData[T];
  /** When it was made (ms). */
  at: number;
  by: Author;
}

let partitions = 0;

/** The relay appends these events to the app's feed, all at a time (ms; default: now). */
export async function tell({ client, name }: OperatorTable, app: AppId, told: readonly Told[], now = Date.now()) {
  // Each in a partition of its own, as if none had to do with another.
  const of = told.map(({ type, data, at, by }) =>
    recordOf(`U#${app}#${++partitions}`, factOf(app, type, data, { ...by, at, why: {} })),
  );
  // Only here: S3 refuses signatures of another time.
  vi.useFakeTimers({ toFake: ['Date'], now });
  try {
    await relay(new Database(client, name), app, of);
  } finally {
    vi.useRealTimers();
  }
}
