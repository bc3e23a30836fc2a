import type { AppId } from '../ids.ts';
import { time } from './keys.ts';
import type { Query } from './read.ts';
import * as schema from './schema.ts';
import { type Step, update } from './step.ts';

/** What the calls of an app have used, in numbers that can be added up: see `hourFields` of the schema. */
export type Sums = Record<string, number>;

const HOUR = 3_600_000;
/** How long an hour is kept (s). */
const KEPT = 8 * 86_400;

/** Adds to the hour of `now` (ms). It is never part of a transaction, so calls do not conflict here. */
export const addToHour = (app: AppId, now: number, add: Sums): Step => {
  const hour = Math.floor(now / HOUR) * HOUR;
  return update(schema.hour.key(app, hour), { set: { ttl: hour / 1000 + KEPT }, add });
};

/** The last `hours` of an app, this one included, the newest first. */
export const hoursOf = (app: AppId, now: number, hours: number): Query<{ hour: number; sums: Sums }[]> => ({
  query: {
    partition: schema.hour.partition(app),
    between: [time((Math.floor(now / HOUR) - hours + 1) * HOUR), '~'],
    descending: true,
    all: true,
  },
  parse: ({ items }) => items.map(({ pk: _pk, sk, ttl: _ttl, ...sums }) => ({ hour: Number(sk), sums: sums as Sums })),
});
