import type { JobOf } from '../../data/job-repo.ts';
import * as objects from '../../storage/object-repo.ts';
import type { Pace } from './pace.ts';

/** Deletes the objects of deleted files. The call that deleted the files has nearly always done so. */
export const forgetObjects = (job: JobOf<'deleted files'>, pace: Pace): Promise<boolean> =>
  pace.each(job.objects, objects.remove);
