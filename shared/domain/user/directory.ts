import type { Call } from '../../call/call.ts';
import { after, Cursor } from '../../call/cursor.ts';
import { Page } from '../../call/page.ts';
import { directoryCountsOf } from '../../data/directory-count-repo.ts';
import {
  DIRECTORY_BEGIN,
  DIRECTORY_FORM,
  directoryOf,
  directoryPosition,
  isUser,
  userOf,
} from '../../data/user-repo.ts';
import { DirectoryBlocks, MOST } from './directory-counts.ts';

/** Entries read by one Query: about as many as fit into 1 MB. */
const READ_AT_ONCE = 20_000;
/** Blocks that one round trip counts. */
const COUNTED_AT_ONCE = 30;

/** A place in the directory: so many entries after a sort key. */
interface Place {
  from: string;
  skip: number;
}

/**
 * Section 1.13: the users of the app in order of registration. A cursor says where its page begins. The place of a page
 * by number follows from the counts of the blocks before it.
 */
export async function userList(
  call: Call,
  given: { page_num: number; page_size: number; cursor?: string | undefined },
) {
  const { page_size: size } = given;
  const cursor = new Cursor(call, 'list', DIRECTORY_FORM, given.cursor);
  const { position } = cursor;
  const place =
    position === undefined ? await placeAt(call, (given.page_num - 1) * size) : { from: after(position), skip: 0 };
  if (!place) return new Page([]);
  const { from, skip } = place;
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

/** A place near the entry that so many others precede; undefined after the last entry. */
async function placeAt(call: Call, number: number): Promise<Place | undefined> {
  let [from, skip] = [DIRECTORY_BEGIN, number];
  // As near as a block would bring it: so the first pages take one round trip less.
  if (skip < MOST) return { from, skip };
  const counts = await call.open(directoryCountsOf(call.app));
  const known = counts.until <= call.now ? new DirectoryBlocks(call.db, call.app, counts) : undefined;
  let blocks = known?.all() ?? [];
  for (let at = 0; at < blocks.length; at++) {
    if (blocks[at]!.count === null) {
      await known!.count(blocks.slice(at).filter(isUncounted).slice(0, COUNTED_AT_ONCE));
      blocks = known!.all();
    }
    const { end, count } = blocks[at] as { end: string; count: number };
    if (count > skip) return { from, skip };
    skip -= count;
    from = end;
  }
  // After the last block: what is passed here becomes blocks for the calls to come.
  while (skip >= MOST) {
    const page = await call.open(directoryOf(call.app, { from, limit: Math.min(skip, READ_AT_ONCE) }));
    await known?.add(page, call.now);
    if (!page.more || page.last === undefined) return undefined;
    from = after(page.last);
    skip -= page.positions.length;
  }
  return { from, skip };
}

const isUncounted = ({ count }: { count: number | null }) => count === null;
