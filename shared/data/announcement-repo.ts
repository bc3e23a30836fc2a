import { equal, exists, missing, unchanged } from './expression.ts';
import { announcementKey, announcementPartition, sequenceKey } from './keys.ts';
import { type Get, prefix, type Query, record } from './read.ts';
import type { Sequence } from './sequence-repo.ts';
import { put, remove, type Step, update } from './step.ts';

export interface Announcement {
  sk: string;
  id: number;
  title: string;
  content: string;
  author: number;
  /** Milliseconds. */
  made: number;
}

export const announcementOf = (app: string, group: number, id: number): Get<Announcement | undefined> =>
  record(announcementKey(app, group, id));

/** Announcements of a group, the oldest first (or the latest); all of them where no limit is given. */
export const announcementsOf = (
  app: string,
  group: number,
  given: { limit?: number; latest?: boolean } = {},
): Query<Announcement[]> => ({
  query: {
    partition: announcementPartition(app, group),
    between: prefix('', '0'),
    ...(given.latest && { descending: true }),
    ...(given.limit === undefined ? { all: true } : { limit: given.limit }),
  },
  parse: ({ items }) => items as unknown as Announcement[],
});

/** The next announcement; the oldest go where there are too many. */
export function publishSteps(
  app: string,
  group: number,
  was: Sequence | undefined,
  next: Omit<Announcement, 'sk' | 'id'>,
  oldest: Announcement[],
): { id: number; steps: Step[] } {
  const id = (was?.announcement ?? 0) + 1;
  const announcements = (was?.announcements ?? 0) + 1 - oldest.length;
  return {
    id,
    steps: [
      update(
        sequenceKey(app, group),
        { set: { announcement: id, announcements } },
        unchanged(was, 'announcement', 'announcements'),
      ),
      put(announcementKey(app, group, id), { ...next, id }),
      ...oldest.map((one) => remove(announcementKey(app, group, one.id), exists)),
    ],
  };
}

/** Announcements of elsewhere under the numbers that they have there; the next one gets a number after all of them. */
export const bringAnnouncementsStep = (
  app: string,
  group: number,
  was: Sequence | undefined,
  numbers: readonly number[],
): Step =>
  update(
    sequenceKey(app, group),
    { set: { announcement: Math.max(was?.announcement ?? 0, ...numbers) }, add: { announcements: numbers.length } },
    unchanged(was, 'announcement', 'announcements', 'closed'),
  );
export const bringAnnouncementStep = (app: string, group: number, announcement: Omit<Announcement, 'sk'>): Step =>
  put(announcementKey(app, group, announcement.id), announcement, missing);

export const withdrawSteps = (app: string, group: number, { id, made }: Announcement): Step[] => [
  remove(announcementKey(app, group, id), equal('made', made)),
  update(sequenceKey(app, group), { add: { announcements: -1 } }),
];
