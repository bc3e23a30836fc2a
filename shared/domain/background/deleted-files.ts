import type { JobOf } from '../../data/job-repo.ts';
import { deleteObject } from '../../storage/objects.ts';

/** Objects of files whose records are gone: nearly always the call that removed those has done it. @returns all is done */
export async function forgetObjects({ objects }: JobOf<'deleted files'>): Promise<true> {
  await Promise.all(objects.map(deleteObject));
  return true;
}
