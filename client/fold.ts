/**
 * Builds a model of an app from its events: users, and groups with owner, roles, members, bans, blocks and silence. Copy
 * it with `event-types.ts`. The model is plain data: keep it as JSON, and go on from there after a restart.
 */
import type { EventData, EventType } from './event-types.ts';

/** What the events of an app add up to. */
export interface Model {
  /** Number of the last event that the model contains; 0: none. */
  sequence: number;
  /** By user id. */
  users: { [user: string]: UserModel };
  /** By group id. */
  groups: { [group: string]: GroupModel };
}

export interface UserModel {
  /** The model knows all of the user. Absent where the user is older than the events. */
  complete?: true;
  /** Absent where the user is older than the events, and they have not told it yet. */
  status?: 'active' | 'disabled' | 'deleted';
  /** Absent once the user has changed it: events do not tell the new one. A deleted user has none. */
  username?: string;
  /** Users whom this one has blocked, by id. */
  blocked: { [user: string]: true };
}

export interface GroupModel {
  /** The model knows all of the group. Absent where the group is older than the events: only later members are known. */
  complete?: true;
  dissolved?: true;
  owner?: number;
  type?: EventData['group.created']['type'];
  name?: string;
  capacity?: number;
  /** Only admins may speak until then: milliseconds since 1970, -1 for ever. Absent or past: all may speak. */
  silence?: number;
  /** By user id: 1 for admins, 0 for other members. The owner has either: see `roleIn`. */
  members: { [user: string]: 0 | 1 };
  /** Ends of bans by user id: milliseconds since 1970, -1 for ever. Of users who left and may come back, too. */
  bans: { [user: string]: number };
  /** Users who are blocked, by id. */
  blocks: { [user: string]: true };
}

/** What an event is folded by: any of feed, webhooks, event bus or archive. */
export type FoldedEvent = { sequence: string; type: string; data: object };

export const emptyModel = (): Model => ({ sequence: 0, users: {}, groups: {} });

/**
 * Adds the next event to the model, and ignores an event that the model contains already. Each event states how its
 * subject is from then on, so it is no harm if a model contains changes that are newer than its number, as one made from
 * lists does, or an export: it agrees with the server again after the events that were newer.
 *
 * The owner, name and silence of a group lie elsewhere than its members, and the server may tell of both in either
 * order. A member may come before the group, or after its end.
 * @returns whether the model did not contain the event yet
 */
export function fold(model: Model, event: FoldedEvent): boolean {
  const sequence = Number(event.sequence);
  if (sequence <= model.sequence) return false;
  model.sequence = sequence;
  const data = event.data as { group_id?: number; user_id?: number };
  // Nothing becomes of a dissolved group or a deleted user any more, whatever comes late.
  const isOver =
    model.groups[data.group_id ?? 0]?.dissolved ||
    (event.type.startsWith('user.') && model.users[data.user_id ?? 0]?.status === 'deleted');
  // Most types change nothing here, nor do types newer than this copy.
  if (!isOver) CHANGES[event.type as EventType]?.(model, data as never);
  return true;
}

/** 2 owner, 1 admin, 0 other member; undefined: no member. */
export const roleIn = ({ owner, members }: GroupModel, user: number): 0 | 1 | 2 | undefined =>
  members[user] !== undefined && user === owner ? 2 : members[user];

/** The number of members. Undefined where the group is older than the events. */
export const countOf = ({ complete, members }: GroupModel): number | undefined =>
  complete && Object.keys(members).length;

const userIn = ({ users }: Model, id: number): UserModel => {
  users[id] ??= { blocked: {} };
  return users[id];
};

const groupIn = ({ groups }: Model, id: number): GroupModel => {
  groups[id] ??= { members: {}, bans: {}, blocks: {} };
  return groups[id];
};

const CHANGES: { [T in EventType]?: (model: Model, data: EventData[T]) => void } = {
  'user.created': (model, { user_id, username }) => {
    Object.assign(userIn(model, user_id), { complete: true, status: 'active', username });
  },
  'user.updated': (model, { user_id, changed }) => {
    if (changed.includes('username')) delete userIn(model, user_id).username;
  },
  'user.disabled': (model, { user_id }) => {
    userIn(model, user_id).status = 'disabled';
  },
  'user.enabled': (model, { user_id }) => {
    userIn(model, user_id).status = 'active';
  },
  'user.deleted': (model, { user_id }) => {
    model.users[user_id] = { status: 'deleted', blocked: {} };
  },
  'user.block.added': (model, { user_id, blocked_id }) => {
    userIn(model, user_id).blocked[blocked_id] = true;
  },
  'user.block.removed': (model, { user_id, blocked_id }) => {
    delete userIn(model, user_id).blocked[blocked_id];
  },
  'group.created': (model, { group_id, owner_id, type, name, capacity }) => {
    Object.assign(groupIn(model, group_id), { complete: true, owner: owner_id, type, name, capacity });
  },
  'group.updated': (model, { group_id, name }) => {
    if (name !== undefined) groupIn(model, group_id).name = name;
  },
  'group.owner_changed': (model, { group_id, owner_id }) => {
    groupIn(model, group_id).owner = owner_id;
  },
  'group.silenced': (model, { group_id, until }) => {
    groupIn(model, group_id).silence = until;
  },
  'group.unsilenced': (model, { group_id }) => {
    delete groupIn(model, group_id).silence;
  },
  'group.dissolved': (model, { group_id }) => {
    model.groups[group_id] = { dissolved: true, members: {}, bans: {}, blocks: {} };
  },
  'group.member.added': (model, { group_id, user_id }) => {
    groupIn(model, group_id).members[user_id] = 0;
  },
  'group.member.updated': (model, { group_id, user_id, role }) => {
    if (role !== undefined) groupIn(model, group_id).members[user_id] = role;
  },
  'group.member.removed': (model, { group_id, user_id }) => {
    delete groupIn(model, group_id).members[user_id];
  },
  'group.member.banned': (model, { group_id, user_id, until }) => {
    groupIn(model, group_id).bans[user_id] = until;
  },
  'group.member.unbanned': (model, { group_id, user_id }) => {
    delete groupIn(model, group_id).bans[user_id];
  },
  'group.user.blocked': (model, { group_id, user_id }) => {
    groupIn(model, group_id).blocks[user_id] = true;
  },
  'group.user.unblocked': (model, { group_id, user_id }) => {
    delete groupIn(model, group_id).blocks[user_id];
  },
};
