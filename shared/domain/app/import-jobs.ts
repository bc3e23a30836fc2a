import { randomBytes } from 'node:crypto';
import type { App } from '../../data/app-repo.ts';
import {
  cancelImportJob,
  type ImportJob,
  type ImportLane,
  importJobOf,
  importJobsOf,
  importLanesOf,
  putImportJob,
  putImportLane,
} from '../../data/import-job-repo.ts';
import { type OperatorTable, viewOf } from '../../data/operator-queries.ts';
import { badParameter } from '../../errors.ts';
import type { AppId } from '../../ids.ts';
import { type OperatorBucket, removeImportParts } from '../../storage/operator-object-repo.ts';
import { newLane, stepOf, type Wake, wakeBeginning } from './import-run.ts';

/** What operators do with imports by functions. */

export const newImportId = () => randomBytes(6).toString('hex');

/** An import, with its lanes. */
export interface ImportState {
  job: ImportJob;
  lanes: ImportLane[];
}

/** The outcomes of lines, in the order of reports. */
export const OUTCOMES = ['written', 'there', 'refused'] as const;

/** Writes a new import, whose parts are in the bucket, and wakes its lanes. */
export async function beginImport(
  table: OperatorTable,
  app: App,
  given: Omit<ImportJob, 'state' | 'by' | 'createdAt'>,
  wake: Wake,
): Promise<ImportState> {
  const db = viewOf(table);
  const now = Date.now();
  const job: ImportJob = { ...given, by: String(db.author?.id), createdAt: now, state: 'running' };
  const lanes = Array.from({ length: job.lanes }, (_, lane) => newLane(job, lane, now));
  await db.write([putImportJob(app.app, job), ...lanes.map((lane, at) => putImportLane(app.app, job, at, lane))]);
  await wakeBeginning(wake, { app: app.app, job, lanes });
  return { job, lanes };
}

/** @throws ApiError badParameter where the app has no such import */
export async function importNamed(table: OperatorTable, app: AppId, id: string): Promise<ImportState> {
  const { job, lanes } = await viewOf(table).read({ job: importJobOf(app, id), lanes: importLanesOf(app, id) });
  if (!job) throw badParameter('job', `the app has no import ${id}: imports are forgotten after two weeks`);
  return { job, lanes: lanes.filter((lane) => lane !== undefined) };
}

/** The imports of an app, the newest first. */
export async function importsOf(table: OperatorTable, app: AppId): Promise<ImportState[]> {
  const jobs = await viewOf(table).read(importJobsOf(app));
  jobs.sort((one, other) => other.createdAt - one.createdAt);
  return Promise.all(jobs.map(({ id }) => importNamed(table, app, id)));
}

export const isDone = ({ job, lanes }: ImportState) => stepOf(lanes) >= job.steps.length;

/** Wakes the lanes that have something to do: those whose message has failed too often. Others it does no harm. */
export async function resumeImport(app: AppId, state: ImportState, wake: Wake): Promise<number> {
  const step = stepOf(state.lanes);
  const behind = [...state.lanes.entries()].filter(([, lane]) => lane.step === step && step < state.job.steps.length);
  const wakings = behind.map(([lane]) => ({ app, job: state.job.id, lane }));
  await wake(wakings, `resume-${randomBytes(6).toString('hex')}`);
  return wakings.length;
}

/** Ends an import: lanes stop after the chunk that they are at. What is written stays. */
export async function cancelImport(
  table: OperatorTable,
  bucket: OperatorBucket,
  app: AppId,
  { job }: ImportState,
): Promise<void> {
  await viewOf(table).write([cancelImportJob(app, job.id)]);
  await removeImportParts(bucket, app, job.id);
}
