import type { AppId } from '../ids.ts';
import { equal, missing } from './expression.ts';
import { type Get, getItem } from './read.ts';
import type { ItemOf } from './schema.ts';
import * as schema from './schema.ts';
import { put, remove, type Step } from './step.ts';

/** The erasure of a user or of an app that runs. */
export type Erasure = ItemOf<typeof schema.erasureFields>;

/** @param of the id of a user, or `app` */
export const erasureOf = (app: AppId, of: string): Get<Erasure | undefined> => getItem(schema.erasure.key(app, of));

/** Refused where another command has written it since it was read. */
export const putErasure = (app: AppId, of: string, next: Erasure): Step =>
  put(schema.erasure.key(app, of), next, next.revision === 1 ? missing : equal('revision', next.revision - 1));

export const removeErasure = (app: AppId, of: string, { revision }: Erasure): Step =>
  remove(schema.erasure.key(app, of), equal('revision', revision));
