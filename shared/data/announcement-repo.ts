import { equal, exists, missing, unchanged } from './expression.ts';
import { announcementKey, announcementPartition, announcementTextKey, type Key, sequenceKey } from './keys.ts';
import { type Get, getItem, type Query } from './read.ts';
import type { Sequence } from './sequence-repo.ts';
import { MOST_BYTES } from './sizes.ts';
import { put, remove, type Step, update } from './step.ts';

/** A long content lies apart, so that the items that the list begins with are small whatever is announced. */
export interface Announcement {
  sk: string;
  id: number;
  title: string;
  /** Absent where it is long: then it is `announcementTextOf`, of so many bytes. */
  content?: string;
  textBytes?: number;
  author: number;
  /** Milliseconds. */
  createdAt: number;
}

export type WholeAnnouncement = Omit<Announcement, 'sk' | 'textBytes'> & { content: string };

export const announcementOf = (app: string, group: number, id: number): Get<Announcement | undefined> =>
  getItem(announcementKey(app, group, id));
export const announcementTextOf = (app: string, group: number, id: number): Get<{ content: string } | undefined> =>
  getItem(announcementTextKey(app, group, id), MOST_BYTES.announcementText);

/** Announcements of a group, the oldest first (or the latest); all of them where no limit is given. */
export const announcementsOf = (
  app: string,
  group: number,
  given: { limit?: number; latest?: boolean } = {},
): Query<Announcement[]> => ({
  query: {
    partition: announcementPartition(app, group),
    between: ['0', '9~'],
    entryBytes: MOST_BYTES.announcement,
    ...(given.latest && { descending: true }),
    ...(given.limit === undefined ? { all: true } : { limit: given.limit }),
  },
  parse: ({ items }) => items as unknown as Announcement[],
});

/** Title and content together that one item holds (bytes in UTF-8). */
const SHORT = 1800;

const putSteps = (
  app: string,
  group: number,
  announcement: WholeAnnouncement,
  condition?: Parameters<typeof put>[2],
): Step[] => {
  const { content, ...head } = announcement;
  const key = announcementKey(app, group, announcement.id);
  const textBytes = Buffer.byteLength(content);
  if (Buffer.byteLength(head.title) + textBytes <= SHORT) return [put(key, announcement, condition)];
  return [
    put(key, { ...head, textBytes }, condition),
    put(announcementTextKey(app, group, announcement.id), { content }),
  ];
};

const removeSteps = (app: string, group: number, { id, content }: Announcement, condition = exists): Step[] => [
  remove(announcementKey(app, group, id), condition),
  ...(content === undefined ? [remove(announcementTextKey(app, group, id))] : []),
];

/** The next announcement; the oldest go where there are too many. */
export function publishSteps(
  app: string,
  group: number,
  was: Sequence | undefined,
  next: Omit<WholeAnnouncement, 'id'>,
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
      ...putSteps(app, group, { ...next, id }),
      ...oldest.flatMap((one) => removeSteps(app, group, one)),
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
export const bringAnnouncementSteps = (app: string, group: number, announcement: WholeAnnouncement): Step[] =>
  putSteps(app, group, announcement, missing);

export const withdrawSteps = (app: string, group: number, announcement: Announcement): Step[] => [
  ...removeSteps(app, group, announcement, equal('createdAt', announcement.createdAt)),
  update(sequenceKey(app, group), { add: { announcements: -1 } }),
];

/** Keys of one page of all that lies with a group's announcements, texts too. */
export const announcementItemsOf = (app: string, group: number, limit: number): Query<Key[]> => ({
  query: { partition: announcementPartition(app, group), between: ['0', '~'], limit },
  parse: ({ items }) => items.map(({ pk, sk }) => ({ pk, sk }) as unknown as Key),
});
