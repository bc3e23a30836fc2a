import type { JobOf } from '../../data/job-repo.ts';
import { deleteObject } from '../../storage/objects.ts';
import type { Pace } from './pace.ts';

/** Objects of files whose records are gone: nearly always the call that removed those has done it. */
export const forgetObjects = ({ objects }: JobOf<'deleted files'>, pace: Pace): Promise<boolean> =>
  pace.each(objects, deleteObject);
