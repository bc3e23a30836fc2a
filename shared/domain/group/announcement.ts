import type { Call } from '../../call/call.ts';
import { Idempotency } from '../../call/idempotency.ts';
import { fitting } from '../../call/page.ts';
import type { Announcement, WholeAnnouncement } from '../../data/announcement-repo.ts';
import * as announcements from '../../data/announcement-repo.ts';
import { announcementOf, announcementsOf, announcementTextOf } from '../../data/announcement-repo.ts';
import type { Database } from '../../data/database.ts';
import { sequenceOf } from '../../data/sequence-repo.ts';
import { ApiError } from '../../errors.ts';
import type { AppId, GroupId } from '../../ids.ts';
import { groupCommand, groupRead } from './command.ts';

/** An announcement as the API shows it; `created_at` in seconds. */
const view = (group: GroupId, { id, title, content, author, createdAt }: WholeAnnouncement) => ({
  id,
  group_id: group,
  title,
  content,
  author,
  created_at: Math.floor(createdAt / 1000),
});

/** The oldest ones that are read: others may delete some of them, and concurrent calls may have left some over. */
const SPARE = 5;

/**
 * Publishes an announcement with the group's next number. The oldest goes where the group keeps no more.
 * @throws ApiError groupMissing, needsMember, needsAdmin
 */
export function publish(call: Call, id: GroupId, title: string, content: string) {
  const idempotency = Idempotency.of(call, 'announcement/edit');
  const reads = {
    sequence: sequenceOf(call.app, id),
    oldest: announcementsOf(call.app, id, { limit: SPARE }),
    earlier: idempotency ? [idempotency.part(0)] : [],
  };
  return groupCommand(
    call,
    id,
    'publish',
    reads,
    ({ actor }, { sequence, oldest }) => {
      const published = { author: actor.user, createdAt: call.now };
      const next = { title, content, ...published };
      const tooMany = Math.max(0, (sequence?.announcements ?? 0) + 1 - call.limits.announcements);
      // A lost race has shown which of them are deleted since they were read.
      const there = oldest.filter((one) => call.db.cached(announcementOf(call.app, id, one.id))?.record !== undefined);
      const { id: number, steps } = announcements.publish(call.app, id, sequence, next, there.slice(0, tooMany));
      return {
        steps: [...steps, ...(idempotency ? [idempotency.step(0, { id: number, ...published })] : [])],
        answer: () => view(id, { ...next, id: number }),
      };
    },
    ({ earlier }) => {
      // Title and content are those of the request.
      const before = idempotency?.value<Omit<WholeAnnouncement, 'title' | 'content'>>(earlier[0]);
      return before && view(id, { ...before, title, content });
    },
  );
}

/** Deletes an announcement. @throws ApiError groupMissing, needsMember, needsAdmin, announcementMissing */
export const withdraw = (call: Call, id: GroupId, number: number): Promise<object> =>
  groupCommand(
    call,
    id,
    'delete_announcement',
    { announcement: announcementOf(call.app, id, number) },
    (_, { announcement }) => {
      if (!announcement) throw new ApiError('announcementMissing');
      return { steps: announcements.remove(call.app, id, announcement), answer: () => ({}) };
    },
  );

/**
 * One announcement. A long content takes one more round trip.
 * @throws ApiError groupMissing, needsMember, announcementMissing
 */
export async function announcement(call: Call, id: GroupId, number: number) {
  const { records: found } = await groupRead(call, id, 'announcements', announcementOf(call.app, id, number));
  const [whole] = await withTexts(call.db, call.app, id, found ? [found] : []);
  if (!whole) throw new ApiError('announcementMissing');
  return view(id, whole);
}

/**
 * The last announcement. A long content takes one more round trip.
 * @throws ApiError groupMissing, needsMember, announcementMissing
 */
export async function lastAnnouncement(call: Call, id: GroupId) {
  const last = () => announcementsOf(call.app, id, { limit: 1, latest: true });
  let { records: found } = await groupRead(call, id, 'announcements', last());
  while (found.length > 0) {
    const [whole] = await withTexts(call.db, call.app, id, found);
    if (whole) return view(id, whole);
    // Deleted between the two reads: another one is the last.
    found = await call.db.read(last());
  }
  throw new ApiError('announcementMissing');
}

/**
 * The announcements that are kept, the oldest first; of long ones the newest that fit into one answer (decision 53).
 * Long contents take one more round trip.
 * @throws ApiError groupMissing, needsMember
 */
export async function announcementList(call: Call, id: GroupId) {
  const all = announcementsOf(call.app, id, { latest: true });
  const { records: found } = await groupRead(call, id, 'announcements', all);
  const kept = found.slice(0, call.limits.announcements);
  const readable = kept.slice(
    0,
    fitting(kept, ({ textBytes = 0 }) => textBytes),
  );
  const newest = (await withTexts(call.db, call.app, id, readable)).map((one) => view(id, one));
  return newest.slice(0, fitting(newest)).reverse();
}

/** The announcements with their contents, without those that were deleted meanwhile. */
export async function withTexts(
  db: Database,
  app: AppId,
  group: GroupId,
  found: readonly Announcement[],
): Promise<WholeAnnouncement[]> {
  const texts = found.map(({ id, content }) => (content === undefined ? [announcementTextOf(app, group, id)] : []));
  const read = await db.read(texts);
  return found.flatMap((one, index) => {
    const content = one.content ?? read[index]?.[0]?.content;
    return content === undefined ? [] : [{ ...one, content }];
  });
}
