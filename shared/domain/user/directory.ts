import type { Call } from '../../call/call.ts';
import { after, Cursor } from '../../call/cursor.ts';
import { Page } from '../../call/page.ts';
import {
  DIRECTORY_BEGIN,
  DIRECTORY_FORM,
  directoryOf,
  directoryPosition,
  isUser,
  userOf,
} from '../../data/user-repo.ts';

/** Entries skipped by one counting Query: about as many as fit into 1 MB. */
const SKIPPED_AT_ONCE = 20_000;

/**
 * Section 1.13: the users of the app in order of registration. A page number reads all entries before its page (32
 * bytes and the app's id each: 10 to 16 read units per thousand); a cursor does not.
 */
export async function userList(
  call: Call,
  given: { page_num: number; page_size: number; cursor?: string | undefined },
) {
  const { page_size: size } = given;
  const cursor = new Cursor(call, 'list', DIRECTORY_FORM, given.cursor);
  const { position } = cursor;
  let skip = position === undefined ? (given.page_num - 1) * size : 0;
  let from = position === undefined ? DIRECTORY_BEGIN : after(position);
  while (skip > SKIPPED_AT_ONCE) {
    const { last } = await call.open(directoryOf(call.app, { from, limit: SKIPPED_AT_ONCE, count: true }));
    if (last === undefined) return new Page([]);
    from = after(last);
    skip -= SKIPPED_AT_ONCE;
  }
  const { users } = await call.open(directoryOf(call.app, { from, limit: skip + size + 1 }));
  const page = users.slice(skip, skip + size);
  const records = await call.db.read(page.map((user) => userOf(call.app, user)));
  // Users deleted between the two reads are left out.
  const existing = records.filter(isUser);
  const last = records.findLast((user) => user !== undefined);
  const goesOn = users.length > skip + size && last;
  return new Page(
    existing.map(({ user, username, status }) => ({ user_id: user, username, status: status === 'disabled' ? 1 : 0 })),
    goesOn ? cursor.next(directoryPosition(last)) : undefined,
  );
}
