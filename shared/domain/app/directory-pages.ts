import { after } from '../../call/cursor.ts';
import type { Database } from '../../data/database.ts';
import { DIRECTORY_BEGIN, type DirectoryPage, directoryOf } from '../../data/user-repo.ts';
import type { AppId } from '../../ids.ts';

/**
 * All users of an app in order of registration, page by page. Users who register meanwhile are on the last page, or not.
 * @param given.to the last sort key @param given.limit users per page @param given.count count them only
 */
export async function* directoryPages(
  open: () => Database,
  app: AppId,
  given: { to?: string; limit?: number; count?: boolean },
): AsyncGenerator<DirectoryPage> {
  for (let from: string | undefined = DIRECTORY_BEGIN; from !== undefined; ) {
    const page: DirectoryPage = await open().read(directoryOf(app, { from, ...given }));
    yield page;
    from = page.more && page.last !== undefined ? after(page.last) : undefined;
  }
}
