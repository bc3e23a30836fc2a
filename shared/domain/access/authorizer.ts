import { cacheApp, cachedApp } from '../../call/app-cache.ts';
import { appOf } from '../../data/app-repo.ts';
import type { Database } from '../../data/database.ts';
import { ApiError } from '../../errors.ts';
import type { AppId } from '../../ids.ts';
import { type Decision, decide, type Question, readsOf, refused } from './decision.ts';

/**
 * The decisions of `/access/check` in a function that a message service calls by itself: there is no caller to verify.
 * They tell no version.
 */
export async function decideFor(
  db: Database,
  id: AppId,
  questions: readonly (Question | ApiError)[],
): Promise<Decision[]> {
  const now = Date.now();
  const cached = cachedApp(id, now);
  const reads = questions.map((question) => readsOf(id, question, false));
  await db.load([cached ? [] : appOf(id), reads]);
  const app = cached ?? db.records(appOf(id));
  // A record from the cache keeps its time, so that it is read again after that.
  if (app && !cached) cacheApp(app, now);
  const found = db.records(reads);
  if (app?.status === 'active') return questions.map((question, index) => decide(app, now, question, found[index]!));
  const error = new ApiError(app ? 'appDisabled' : 'appMissing');
  return questions.map((question) => refused(question instanceof ApiError ? question : error));
}
