import {
  type Announcement,
  announcementOf,
  announcementsOf,
  publishSteps,
  withdrawSteps,
} from '../../data/announcement-repo.ts';
import { groupOf } from '../../data/group-repo.ts';
import { sequenceOf } from '../../data/sequence-repo.ts';
import { Refusal } from '../../refusal.ts';
import type { Call } from '../call.ts';
import { Repetition } from '../repetition.ts';
import { actorRelation, permit, sameRole, stillOpenCheck } from './permissions.ts';

/** As sections 7.5, 7.8–7.10 document it; `created_at` in seconds. */
const view = (group: number, { id, title, content, author, made }: Omit<Announcement, 'sk'>) => ({
  id,
  group_id: group,
  title,
  content,
  author,
  created_at: Math.floor(made / 1000),
});

/** Oldest ones read: some may be deleted meanwhile, and some be left over from calls that ran at one moment. */
const SPARE = 5;

/**
 * Section 7.8: publishes a new announcement with the group's next number; beyond what a group keeps the oldest goes.
 * @throws Refusal 20001 20011 20012
 */
export function publish(call: Call, id: number, title: string, content: string) {
  const repetition = Repetition.of(call, 'announcement/edit');
  const reads = {
    group: groupOf(call.app, id),
    me: actorRelation(call, id),
    sequence: sequenceOf(call.app, id),
    oldest: announcementsOf(call.app, id, { limit: SPARE }),
    earlier: repetition ? [repetition.part(0)] : [],
  };
  return call.change(reads, ({ group: found, me, sequence, oldest, earlier }) => {
    const again = repetition?.value<ReturnType<typeof view>>(earlier[0]);
    if (again) return { steps: [], answer: () => again };
    const { actor } = permit(call, 'publish', found, me);
    const next = { title, content, author: actor.user, made: call.now };
    const tooMany = Math.max(0, (sequence?.announcements ?? 0) + 1 - call.limits.announcements);
    // One that another call has deleted since it was read is known to be gone.
    const there = oldest.filter((one) => call.db.known(announcementOf(call.app, id, one.id))?.record !== undefined);
    const { id: number, steps } = publishSteps(call.app, id, sequence, next, there.slice(0, tooMany));
    const published = view(id, { ...next, id: number });
    return {
      steps: [
        ...steps,
        ...sameRole(call.app, id, actor),
        ...stillOpenCheck(call.app, id, 'publish', actor),
        ...(repetition ? [repetition.step(0, published)] : []),
      ],
      answer: () => published,
    };
  });
}

/** Section 7.6. @throws Refusal 20001 20011 20012 20020 */
export function withdraw(call: Call, id: number, announcement: number): Promise<object> {
  const reads = {
    group: groupOf(call.app, id),
    me: actorRelation(call, id),
    announcement: announcementOf(call.app, id, announcement),
  };
  return call.change(reads, ({ group, me, announcement }) => {
    const { actor } = permit(call, 'delete_announcement', group, me);
    if (!announcement) throw new Refusal('announcementMissing');
    return {
      steps: [...withdrawSteps(call.app, id, announcement), ...sameRole(call.app, id, actor)],
      answer: () => ({}),
    };
  });
}

/** Section 7.5. @throws Refusal 20001 20011 20020 */
export async function announcement(call: Call, id: number, number: number) {
  const { group, me, found } = await call.open({
    group: groupOf(call.app, id),
    me: actorRelation(call, id),
    found: announcementOf(call.app, id, number),
  });
  permit(call, 'announcements', group, me);
  if (!found) throw new Refusal('announcementMissing');
  return view(id, found);
}

/** Section 7.9. @throws Refusal 20001 20011 20020 */
export async function lastAnnouncement(call: Call, id: number) {
  const { group, me, found } = await call.open({
    group: groupOf(call.app, id),
    me: actorRelation(call, id),
    found: announcementsOf(call.app, id, { limit: 1, latest: true }),
  });
  permit(call, 'announcements', group, me);
  if (!found[0]) throw new Refusal('announcementMissing');
  return view(id, found[0]);
}

/** Section 7.10: all that are kept, the oldest first. @throws Refusal 20001 20011 */
export async function announcementList(call: Call, id: number) {
  const { group, me, found } = await call.open({
    group: groupOf(call.app, id),
    me: actorRelation(call, id),
    found: announcementsOf(call.app, id),
  });
  permit(call, 'announcements', group, me);
  return found.slice(-call.limits.announcements).map((one) => view(id, one));
}
