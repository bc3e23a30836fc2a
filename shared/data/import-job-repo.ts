import type { AppId } from '../ids.ts';
import { equal, exists, missing } from './expression.ts';
import { type Get, getItem, getItems, prefix, type Query } from './read.ts';
import type { ItemOf } from './schema.ts';
import * as schema from './schema.ts';
import { put, type Step, update } from './step.ts';

/** Imports by functions: see docs/decisions/0081-import-by-functions.md. */

export type ImportJob = ItemOf<typeof schema.importJobFields>;
export type ImportLane = ItemOf<typeof schema.importLaneFields>;

/** Lanes of an import, at most: so many functions write at the same time. */
export const MOST_LANES = 16;
/** An import and its lines are kept for so long, as messages of its queue are (days). */
export const IMPORT_DAYS = 14;

const ttlOf = (createdAt: number) => Math.ceil(createdAt / 1000) + IMPORT_DAYS * 86_400;

export const importJobOf = (app: AppId, job: string): Get<ImportJob | undefined> =>
  getItem(schema.importJob.key(app, job));

/** All imports of an app that are not forgotten. */
export const importJobsOf = (app: AppId): Query<ImportJob[]> =>
  getItems({ partition: schema.importJob.partition(app), between: prefix('', '0'), all: true });

/** All lanes that an import may have. */
export const importLanesOf = (app: AppId, job: string): Get<ImportLane | undefined>[] =>
  Array.from({ length: MOST_LANES }, (_, lane) => getItem(schema.importLane.key(app, job, lane)));

export const putImportJob = (app: AppId, job: ImportJob): Step =>
  put(schema.importJob.key(app, job.id), { ...job, ttl: ttlOf(job.createdAt) }, missing);

export const cancelImportJob = (app: AppId, job: string): Step =>
  update(schema.importJob.key(app, job), { set: { state: 'cancelled' } }, exists);

/** Refused where another run has moved the lane since it was read. */
export const putImportLane = (app: AppId, job: ImportJob, lane: number, next: ImportLane): Step =>
  put(
    schema.importLane.key(app, job.id, lane),
    { ...next, ttl: ttlOf(job.createdAt) },
    next.revision === 1 ? missing : equal('revision', next.revision - 1),
  );
