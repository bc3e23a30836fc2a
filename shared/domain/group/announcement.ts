import type { Call } from '../../call/call.ts';
import { Idempotency } from '../../call/idempotency.ts';
import { fitting } from '../../call/page.ts';
import {
  type Announcement,
  announcementOf,
  announcementsOf,
  announcementTextOf,
  publishSteps,
  type WholeAnnouncement,
  withdrawSteps,
} from '../../data/announcement-repo.ts';
import type { Database } from '../../data/database.ts';
import { groupOf } from '../../data/group-repo.ts';
import { sequenceOf } from '../../data/sequence-repo.ts';
import { ApiError } from '../../errors.ts';
import { actorMembership, permit, sameRole, stillOpenCheck } from './permissions.ts';

/** As sections 7.5, 7.8–7.10 document it; `created_at` in seconds. */
const view = (group: number, { id, title, content, author, createdAt }: WholeAnnouncement) => ({
  id,
  group_id: group,
  title,
  content,
  author,
  created_at: Math.floor(createdAt / 1000),
});

/** Oldest ones read: some may be deleted meanwhile, and some be left over from calls that ran at one moment. */
const SPARE = 5;

/**
 * Section 7.8: publishes a new announcement with the group's next number; beyond what a group keeps the oldest goes.
 * @throws ApiError groupMissing, needsMember, needsAdmin
 */
export function publish(call: Call, id: number, title: string, content: string) {
  const idempotency = Idempotency.of(call, 'announcement/edit');
  const reads = {
    group: groupOf(call.app, id),
    me: actorMembership(call, id),
    sequence: sequenceOf(call.app, id),
    oldest: announcementsOf(call.app, id, { limit: SPARE }),
    earlier: idempotency ? [idempotency.part(0)] : [],
  };
  return call.change(reads, ({ group: found, me, sequence, oldest, earlier }) => {
    // Title and content are those of the request.
    const again = idempotency?.value<Omit<WholeAnnouncement, 'title' | 'content'>>(earlier[0]);
    if (again) return { steps: [], answer: () => view(id, { ...again, title, content }) };
    const { actor } = permit(call, 'publish', found, me);
    const published = { author: actor.user, createdAt: call.now };
    const next = { title, content, ...published };
    const tooMany = Math.max(0, (sequence?.announcements ?? 0) + 1 - call.limits.announcements);
    // One that another call has deleted since it was read is known to be gone.
    const there = oldest.filter((one) => call.db.cached(announcementOf(call.app, id, one.id))?.record !== undefined);
    const { id: number, steps } = publishSteps(call.app, id, sequence, next, there.slice(0, tooMany));
    return {
      steps: [
        ...steps,
        ...sameRole(call.app, id, actor),
        ...stillOpenCheck(call.app, id, 'publish', actor),
        ...(idempotency ? [idempotency.step(0, { id: number, ...published })] : []),
      ],
      answer: () => view(id, { ...next, id: number }),
    };
  });
}

/** Section 7.6. @throws ApiError groupMissing, needsMember, needsAdmin, announcementMissing */
export function withdraw(call: Call, id: number, announcement: number): Promise<object> {
  const reads = {
    group: groupOf(call.app, id),
    me: actorMembership(call, id),
    announcement: announcementOf(call.app, id, announcement),
  };
  return call.change(reads, ({ group, me, announcement }) => {
    const { actor } = permit(call, 'delete_announcement', group, me);
    if (!announcement) throw new ApiError('announcementMissing');
    return {
      steps: [...withdrawSteps(call.app, id, announcement), ...sameRole(call.app, id, actor)],
      answer: () => ({}),
    };
  });
}

/**
 * Section 7.5. A long content takes one more round trip.
 * @throws ApiError groupMissing, needsMember, announcementMissing
 */
export async function announcement(call: Call, id: number, number: number) {
  const { group, me, found } = await call.open({
    group: groupOf(call.app, id),
    me: actorMembership(call, id),
    found: announcementOf(call.app, id, number),
  });
  permit(call, 'announcements', group, me);
  const [whole] = await withTexts(call.db, call.app, id, found ? [found] : []);
  if (!whole) throw new ApiError('announcementMissing');
  return view(id, whole);
}

/**
 * Section 7.9. A long content takes one more round trip.
 * @throws ApiError groupMissing, needsMember, announcementMissing
 */
export async function lastAnnouncement(call: Call, id: number) {
  const { group, me, ...read } = await call.open({
    group: groupOf(call.app, id),
    me: actorMembership(call, id),
    found: announcementsOf(call.app, id, { limit: 1, latest: true }),
  });
  permit(call, 'announcements', group, me);
  for (let { found } = read; found.length > 0; ) {
    const [whole] = await withTexts(call.db, call.app, id, found);
    if (whole) return view(id, whole);
    // Deleted between the two reads: another one is the last.
    found = await call.db.read(announcementsOf(call.app, id, { limit: 1, latest: true }));
  }
  throw new ApiError('announcementMissing');
}

/**
 * Section 7.10: those that are kept, the oldest first; of long ones the newest that fit into one answer (decision 53).
 * Long contents take one more round trip.
 * @throws ApiError groupMissing, needsMember
 */
export async function announcementList(call: Call, id: number) {
  const reads = {
    group: groupOf(call.app, id),
    me: actorMembership(call, id),
    found: announcementsOf(call.app, id, { latest: true }),
  };
  const { found } = await call.open(reads, ({ group, me }) => void permit(call, 'announcements', group, me));
  const kept = found.slice(0, call.limits.announcements);
  const readable = kept.slice(
    0,
    fitting(kept, ({ textBytes = 0 }) => textBytes),
  );
  const newest = (await withTexts(call.db, call.app, id, readable)).map((one) => view(id, one));
  return newest.slice(0, fitting(newest)).reverse();
}

/** The announcements with their contents, long ones too; without those that were deleted meanwhile. */
export async function withTexts(
  db: Database,
  app: string,
  group: number,
  found: readonly Announcement[],
): Promise<WholeAnnouncement[]> {
  const texts = found.map(({ id, content }) => (content === undefined ? [announcementTextOf(app, group, id)] : []));
  const read = await db.read(texts);
  return found.flatMap((one, index) => {
    const content = one.content ?? read[index]?.[0]?.content;
    return content === undefined ? [] : [{ ...one, content }];
  });
}
