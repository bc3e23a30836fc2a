import type { AppId } from '../ids.ts';
import { any, below, missing, unchanged } from './expression.ts';
import { asRecord, before, type Get, getItem, type Query } from './read.ts';
import type { ItemOf } from './schema.ts';
import * as schema from './schema.ts';
import { type Step, update } from './step.ts';
import { DIRECTORY_BEGIN, directoryOf } from './user-repo.ts';

/** Counts of blocks of an app's directory: decision 79 tells why they are right. */

/** Some blocks, one after the other. */
export type CountsPart = ItemOf<typeof schema.directoryCountsFields>;
export type Block = CountsPart['blocks'][number];

export interface DirectoryCounts {
  generation: number;
  /** Until then the directory may get entries anywhere: nothing may be counted. */
  until: number;
  /** The first begins with the directory, each other one where the one before ends. */
  parts: CountsPart[];
}

/** All that the present generation has counted. */
export const directoryCountsOf = (app: AppId): Query<DirectoryCounts> => ({
  query: {
    partition: schema.directoryCounts.partition(app),
    between: ['#', '~'],
    entryBytes: schema.directoryCounts.bytes,
    all: true,
  },
  parse: ({ items }) => {
    const isPart = (item: object) => 'blocks' in item;
    const { generation = 0, until = 0 }: Partial<Generation> = items.find((item) => !isPart(item)) ?? {};
    const parts = items.filter(isPart).map(asRecord<CountsPart>);
    const stale = parts.findIndex((part) => part.generation !== generation);
    return { generation, until, parts: stale < 0 ? parts : parts.slice(0, stale) };
  },
});
type Generation = ItemOf<typeof schema.directoryGenerationFields>;

/** A block with its place among all. */
export interface Placed {
  from: string;
  end: string;
  count: number | null;
  part: number;
  place: number;
}

/** All blocks, in their order. */
export function blocksIn(parts: readonly CountsPart[]): Placed[] {
  let from = DIRECTORY_BEGIN;
  return parts.flatMap(({ blocks }, part) =>
    blocks.map(([end, count], place) => {
      const block = { from, end, count, part, place };
      from = end;
      return block;
    }),
  );
}

/** Counts a block now. */
export const countOf = (app: AppId, { from, end }: Placed) => directoryOf(app, { from, to: before(end), count: true });

/** One of the parts, by its number. */
export const countsPartOf = (app: AppId, number: number): Get<CountsPart | undefined> =>
  getItem(schema.directoryCounts.key(app, number));

/**
 * Writes a part. Refused where another call has changed it since it was read (`was`), or has made it. Within a generation, the
 * ends of its blocks stay, blocks come behind them, and counts only fall: so no part is ever again as it was before.
 */
export const putPart = (
  app: AppId,
  number: number,
  was: CountsPart | undefined,
  { generation, blocks }: CountsPart,
): Step =>
  update(
    schema.directoryCounts.key(app, number),
    { set: { generation, blocks } },
    was ? unchanged(was, 'generation', 'blocks') : any(missing, below('generation', generation)),
  );

/** Voids all counts. @param until the directory may get entries anywhere until then */
export const beginGeneration = (app: AppId, until?: number): Step =>
  update(schema.directoryGeneration.key(app), { set: until === undefined ? {} : { until }, add: { generation: 1 } });
