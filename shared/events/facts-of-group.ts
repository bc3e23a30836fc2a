import type { Announcement } from '../data/announcement-repo.ts';
import { AGREED, type Application, PENDING } from '../data/application-repo.ts';
import type { SharedFile } from '../data/file-repo.ts';
import type { Group, GroupInfo, GroupText } from '../data/group-repo.ts';
import type { Invitation } from '../data/invitation-repo.ts';
import { FOR_EVER } from '../data/keys.ts';
import { type GroupMembership, isMember, MEMBER_ROLE, OWNER_ROLE, runningBanEnd } from '../data/membership-repo.ts';
import type { Item } from '../data/read.ts';
import type { Sequence } from '../data/sequence-repo.ts';
import type { Why } from '../data/stamp.ts';
import type { GroupId, UserId } from '../ids.ts';
import type { EventData } from './catalogue.ts';
import type { Change, Said } from './facts.ts';

/** A write as the kind of its item sees it. */
interface Written<I> {
  was: I | undefined;
  now: I;
  why: Why;
  /** Milliseconds. */
  at: number;
}

/** What a write of a group's item tells, or of an invitation, which lies with its invitee. */
export function factsOfGroup({ key: { pk, sk }, before, after, stamp: { at, why } }: Change): Said[] {
  const [, , id, part] = pk.split('#');
  const numbers = sk.split('#').map(Number);
  const written = <I>() => ({ was: before as I | undefined, now: after as Item as I, why, at });
  if (pk.startsWith('U#'))
    return ofInvitation(written(), {
      group_id: numbers[1] as GroupId,
      user_id: Number(id) as UserId,
      inviter_id: numbers[2] as UserId,
    });
  const group_id = Number(id) as GroupId;
  const last = numbers.at(-1)!;
  switch (part) {
    case 'R': {
      const one = { group_id, user_id: last as UserId };
      return sk.startsWith('A#') ? ofApplication(written(), one) : ofMembership(written(), one);
    }
    case 'N':
      return ofAnnouncement(written(), group_id);
    case 'F':
      return ofFile(written(), group_id);
  }
  switch (sk) {
    case 'I':
      return ofInfo(written(), group_id);
    case 'X':
      return ofText(written(), group_id);
    case 'S':
      return ofSequence(written(), group_id);
    default:
      return ofGroup(written(), group_id);
  }
}

type OfGroup = { group_id: GroupId };
type OfUser = OfGroup & { user_id: UserId };

const untilOf = (end: number) => (end === FOR_EVER ? -1 : end);

// ——— the group itself ———

/** The creation is told by the group info, which has the name. */
function ofGroup({ was, now, why, at }: Written<Group>, group_id: GroupId): Said[] {
  if (!was) return [];
  if (now.status === 'dissolved') return was.status === 'dissolved' ? [] : [['group.dissolved', { group_id }]];
  const passed = {
    group_id,
    owner_id: now.owner,
    previous_owner_id: was.owner,
    reason: (why.reason ?? 'transferred') as EventData['group.owner_changed']['reason'],
  };
  return [
    ...updated(group_id, settings(was), settings(now)),
    ...(now.owner === was.owner ? [] : ([['group.owner_changed', passed]] as const)),
    ...silenced(group_id, was.mutedUntil, now.mutedUntil, at),
  ];
}

const settings = (group: Group) => ({
  capacity: group.capacity,
  apply_approval: group.approval,
  member_invite: group.member_invite,
  member_modify: group.member_modify,
  history_visible: group.history_visible,
  read_ack: group.read_ack,
  hide_member_info: group.hide_member_info ?? false,
});

/** A silence that has passed is none. */
function silenced(group_id: GroupId, was: number, now: number, at: number): Said[] {
  if (now === was) return [];
  if (now > at) return [['group.silenced', { group_id, until: untilOf(now) }]];
  return was > at ? [['group.unsilenced', { group_id, until: 0 }]] : [];
}

type Fields = { [name: string]: string | number | boolean };

/** Fields that differ, with their new values unless they are texts. */
function updated(group_id: GroupId, was: Fields, now: Fields, { texts = false } = {}): Said[] {
  const differing = Object.entries(now).filter(([name, value]) => was[name] !== value);
  if (differing.length === 0) return [];
  const changed = differing.map(([name]) => name) as EventData['group.updated']['changed'];
  return [['group.updated', { group_id, changed, ...(!texts && Object.fromEntries(differing)) }]];
}

function ofInfo({ was, now, why, at }: Written<GroupInfo>, group_id: GroupId): Said[] {
  const view = ({ name, avatar }: GroupInfo) => ({ name, avatar });
  if (was) return updated(group_id, view(was), view(now));
  const {
    owner,
    type,
    capacity,
    mutedUntil = 0,
  } = why as { owner: UserId; mutedUntil?: number } & Pick<Group, 'type' | 'capacity'>;
  return [
    ['group.created', { group_id, owner_id: owner, type, name: now.name, capacity }],
    ...silenced(group_id, 0, mutedUntil, at),
  ];
}

/** There is none before the first text, which a new group may have. */
function ofText({ was, now, why }: Written<GroupText>, group_id: GroupId): Said[] {
  const view = ({ description = '', ext = '' }: Partial<GroupText>) => ({ description, ext });
  return why.via === 'created' ? [] : updated(group_id, view(was ?? {}), view(now), { texts: true });
}

// ——— people ———

/** A membership that ends before its user is blocked, a start before the ban that the user brings along. */
function ofMembership({ was, now, why, at }: Written<GroupMembership>, one: OfUser): Said[] {
  const facts: Said[] = [];
  const [before, after] = [isMember(was) ? was : undefined, isMember(now) ? now : undefined];
  const [wasBlocked, isBlocked] = [was?.state === 'blocked', now.state === 'blocked'];
  if (before && !after) {
    const reason = isBlocked ? 'blocked' : (why.reason ?? 'left');
    facts.push(['group.member.removed', { ...one, reason } as EventData['group.member.removed']]);
  }
  if (wasBlocked && !isBlocked) facts.push(['group.user.unblocked', one]);
  if (after && !before) {
    const { via, by } = why;
    const other = by !== undefined && by !== one.user_id;
    facts.push(['group.member.added', { ...one, via, ...(other && { by }) } as EventData['group.member.added']]);
  }
  if (after) {
    const changed = changedOf(before, after);
    const role = changed.includes('role') && { role: after.role as 0 | 1 };
    if (changed.length > 0) facts.push(['group.member.updated', { ...one, changed, ...role }]);
  }
  const [banBefore, ban] = [runningBanEnd(was, at), runningBanEnd(now, at)];
  const renewed = ban !== banBefore || now.banned !== was?.banned || (after && !before);
  if (ban !== undefined && renewed) facts.push(['group.member.banned', { ...one, until: untilOf(ban) }]);
  if (ban === undefined && banBefore !== undefined) facts.push(['group.member.unbanned', { ...one, until: 0 }]);
  if (isBlocked && !wasBlocked) facts.push(['group.user.blocked', one]);
  return facts;
}

/**
 * What differs from a plain member who has just joined. A new owner is told by the group. That the previous one is a
 * plain member again is told here too: events of the group and those of its members come in any order, so only the
 * latter can say which role a member has after some times as admin and as owner.
 */
function changedOf(was: GroupMembership | undefined, now: GroupMembership) {
  const { role = MEMBER_ROLE, name = '', mute = 0, push = 0 } = was ?? {};
  const changed: EventData['group.member.updated']['changed'] = [];
  if (now.role !== role && now.role !== OWNER_ROLE) changed.push('role');
  if ((now.name ?? '') !== name) changed.push('display_name');
  if ((now.mute ?? 0) !== mute) changed.push('mute_mode');
  if ((now.push ?? 0) !== push) changed.push('push_mode');
  return changed;
}

/** A renewed application is a new one. */
function ofApplication({ was, now }: Written<Application>, one: OfUser): Said[] {
  if (now.status === PENDING) return now.createdAt === was?.createdAt ? [] : [['group.application.created', one]];
  if (now.status === was?.status) return [];
  return [[now.status === AGREED ? 'group.application.approved' : 'group.application.rejected', one]];
}

/** The same of invitations. */
function ofInvitation({ was, now }: Written<Invitation>, one: EventData['group.invitation.created']): Said[] {
  if (now.status === PENDING) return now.createdAt === was?.createdAt ? [] : [['group.invitation.created', one]];
  if (now.status === was?.status) return [];
  return [[now.status === AGREED ? 'group.invitation.accepted' : 'group.invitation.declined', one]];
}

// ——— contents ———

const ofAnnouncement = ({ was, now }: Written<Announcement>, group_id: GroupId): Said[] =>
  was ? [] : [['group.announcement.published', { group_id, announcement_id: now.id, author: now.author }]];

/** Every write of announcements names those that it deletes, and the others leave the names as they are. */
function ofSequence({ was, now }: Written<Sequence>, group_id: GroupId): Said[] {
  const { deleted = [] } = now;
  if (JSON.stringify(deleted) === JSON.stringify(was?.deleted)) return [];
  return deleted.map(({ id, author }) => ['group.announcement.deleted', { group_id, announcement_id: id, author }]);
}

/** A reserved file is told once it is published. */
function ofFile({ was, now }: Written<SharedFile>, group_id: GroupId): Said[] {
  const view = ({ id, uploader, name, size, type }: SharedFile) => ({
    group_id,
    file_id: id,
    uploader,
    name,
    size,
    type,
  });
  if (was?.published === undefined) return now.published === undefined ? [] : [['group.file.published', view(now)]];
  if (now.published === undefined) return [['group.file.deleted', view(was)]];
  return now.name === was.name ? [] : [['group.file.renamed', view(now)]];
}
