import type { WholeAnnouncement } from '../../../data/announcement-repo.ts';
import * as announcements from '../../../data/announcement-repo.ts';
import { announcementOf, announcementTextOf } from '../../../data/announcement-repo.ts';
import * as groups from '../../../data/group-repo.ts';
import { groupOf } from '../../../data/group-repo.ts';
import { sequenceOf } from '../../../data/sequence-repo.ts';
import { badParameter } from '../../../errors.ts';
import type { GroupId, UserId } from '../../../ids.ts';
import { groupNamed, type LineKind, type Scope, unlessDiffering } from './line.ts';

export interface AnnouncementLine {
  kind: 'announcement';
  group_id: GroupId;
  id: number;
  title: string;
  content: string;
  author: UserId;
  created_at?: number | undefined;
}

export const announcementLine = (group: GroupId, announcement: WholeAnnouncement): AnnouncementLine => ({
  kind: 'announcement',
  group_id: group,
  id: announcement.id,
  title: announcement.title,
  content: announcement.content,
  author: announcement.author,
  created_at: announcement.createdAt,
});

const reads = ({ app }: Pick<Scope, 'app'>, lines: readonly AnnouncementLine[]) => ({
  group: groupOf(app, lines[0]!.group_id),
  sequence: sequenceOf(app, lines[0]!.group_id),
  announcements: lines.map(({ group_id, id }) => ({
    head: announcementOf(app, group_id, id),
    text: announcementTextOf(app, group_id, id),
  })),
});

export const announcementKind: LineKind<AnnouncementLine, ReturnType<typeof reads>> = {
  defaults: {},
  lane: ({ group_id }) => `group ${group_id}`,
  contended: ({ group_id, id }) => [`announcement ${group_id} ${id}`],
  reads,

  entry({ app, limits, now }, { group, sequence, announcements: found }, { entry: { line }, index }, batch) {
    const { group_id, id, title, content, author, created_at: createdAt = now } = line;
    groupNamed(group, group_id);
    const { head, text } = found[index]!;
    if (head) {
      const whole = { ...head, content: head.content ?? text?.content ?? '' };
      return unlessDiffering(line, announcementLine(group_id, whole));
    }
    if ((sequence?.announcements ?? 0) + batch.length >= limits.announcements)
      throw badParameter('id', `a group keeps at most ${limits.announcements} announcements`);
    return announcements.putImported(app, group_id, { id, title, content, author, createdAt });
  },

  shared({ app }, { group, sequence }, batch) {
    const id = group!.group;
    const numbers = batch.map(({ entry }) => entry.line.id);
    return [groups.isThere(app, id), announcements.countImported(app, id, sequence, numbers)];
  },
};
