import type { AppId, GroupId } from '../ids.ts';
import { type Condition, equal, exists, missing, unchanged } from './expression.ts';
import type { Key } from './keys.ts';
import { asRecord, type Get, getItem, type Query } from './read.ts';
import type { ItemOf, Keyed } from './schema.ts';
import * as schema from './schema.ts';
import type { Sequence } from './sequence-repo.ts';
import { put, remove as removeKey, type Step, update } from './step.ts';

/** A long content has an item of its own, so that the items that the list reads first are small. */
export type Announcement = Keyed<ItemOf<typeof schema.announcementFields>>;

export type WholeAnnouncement = Omit<Announcement, 'sk' | 'textBytes'> & { content: string };

export const announcementOf = (app: AppId, group: GroupId, id: number): Get<Announcement | undefined> =>
  getItem(schema.announcement.key(app, group, id));
export const announcementTextOf = (app: AppId, group: GroupId, id: number): Get<{ content: string } | undefined> =>
  getItem(schema.announcementText.key(app, group, id), schema.announcementText.bytes);

/** Announcements of a group, the oldest first (or the latest); all of them where no limit is given. */
export const announcementsOf = (
  app: AppId,
  group: GroupId,
  given: { limit?: number; latest?: boolean } = {},
): Query<Announcement[]> => ({
  query: {
    partition: schema.announcement.partition(app, group),
    between: ['0', '9~'],
    entryBytes: schema.announcement.bytes,
    ...(given.latest && { descending: true }),
    ...(given.limit === undefined ? { all: true } : { limit: given.limit }),
  },
  parse: ({ items }) => items.map(asRecord<Announcement>),
});

/** The most bytes of title and content (in UTF-8) that one item holds together. */
const SHORT = 1800;

const putWhole = (
  app: AppId,
  group: GroupId,
  announcement: WholeAnnouncement,
  condition?: Condition | undefined,
): Step[] => {
  const { content, ...head } = announcement;
  const key = schema.announcement.key(app, group, announcement.id);
  const textBytes = Buffer.byteLength(content);
  if (Buffer.byteLength(head.title) + textBytes <= SHORT) return [put(key, announcement, condition)];
  return [
    put(key, { ...head, textBytes }, condition),
    put(schema.announcementText.key(app, group, announcement.id), { content }),
  ];
};

const removeWhole = (app: AppId, group: GroupId, { id, content }: Announcement, condition = exists): Step[] => [
  removeKey(schema.announcement.key(app, group, id), condition),
  ...(content === undefined ? [removeKey(schema.announcementText.key(app, group, id))] : []),
];

/** Nothing stays of the item of a deleted announcement, so the sequence tells of its end. */
const namesOf = (deleted: Announcement[]): Sequence['deleted'] =>
  deleted.length > 0 ? deleted.map(({ id, author }) => ({ id, author })) : undefined;

/** Publishes an announcement under the next number. @param oldest those that are removed for it */
export function publish(
  app: AppId,
  group: GroupId,
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
        schema.sequence.key(app, group),
        { set: { announcement: id, announcements, deleted: namesOf(oldest) } },
        unchanged(was, 'announcement', 'announcements'),
      ),
      ...putWhole(app, group, { ...next, id }),
      ...oldest.flatMap((one) => removeWhole(app, group, one)),
    ],
  };
}

/** Writes an imported announcement under its own number, where none has that number. */
export const putImported = (app: AppId, group: GroupId, announcement: WholeAnnouncement): Step[] =>
  putWhole(app, group, announcement, missing);

/** Counts imported announcements; the next one that is published gets a number after all of them. */
export const countImported = (
  app: AppId,
  group: GroupId,
  was: Sequence | undefined,
  numbers: readonly number[],
): Step =>
  update(
    schema.sequence.key(app, group),
    {
      set: { announcement: Math.max(was?.announcement ?? 0, ...numbers), deleted: undefined },
      add: { announcements: numbers.length },
    },
    unchanged(was, 'announcement', 'announcements', 'closed'),
  );

export const remove = (app: AppId, group: GroupId, announcement: Announcement): Step[] => [
  ...removeWhole(app, group, announcement, equal('createdAt', announcement.createdAt)),
  update(schema.sequence.key(app, group), { set: { deleted: namesOf([announcement]) }, add: { announcements: -1 } }),
];

/** Keys of one page of all that lies with a group's announcements, texts too. */
export const announcementItemsOf = (app: AppId, group: GroupId, limit: number): Query<Key[]> => ({
  query: { partition: schema.announcement.partition(app, group), between: ['0', '~'], limit },
  parse: ({ items }) => items.map(({ pk, sk }) => asRecord<Key>({ pk, sk })),
});
