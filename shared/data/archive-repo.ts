import type { AppId } from '../ids.ts';
import { unchanged } from './expression.ts';
import { type Get, getItem } from './read.ts';
import type { ItemOf } from './schema.ts';
import * as schema from './schema.ts';
import { put, type Step } from './step.ts';

/** How far the events of an app are in the archive. */
export type ArchiveCursor = ItemOf<typeof schema.archiveCursorFields>;

/** Undefined before the first event is archived. */
export const archiveCursorOf = (app: AppId): Get<ArchiveCursor | undefined> => getItem(schema.archiveCursor.key(app));

/** Moves the cursor. Refused where it has been written since it was read. */
export const moveArchiveCursor = (
  app: AppId,
  was: ArchiveCursor | undefined,
  { last, hour, planned }: Omit<ArchiveCursor, 'revision'>,
): Step =>
  put(
    schema.archiveCursor.key(app),
    { last, hour, ...(planned && { planned }), revision: (was?.revision ?? 0) + 1 },
    unchanged(was, 'revision'),
  );
