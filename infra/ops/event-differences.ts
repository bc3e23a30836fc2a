/** Where the model that the events of an app tell differs from the table. */
import { type GroupModel, type Model, roleIn, type UserModel } from '../../client/fold.ts';
import type { EventData, EventType } from '../../shared/events/catalogue.ts';
import type { Said } from '../../shared/events/facts.ts';

export interface Difference {
  /** `user/12`, `group/77`, `group/77/member/12` */
  subject: string;
  field: string;
  events: string;
  table: string;
  /** What the events would have to tell. Empty where nothing can: a user or group that has ended never comes back. */
  missing: Said[];
}

/**
 * All differences, by user and by group. The table's model has all users and groups that live; what it does not have has
 * ended.
 * @param all the events begin with the app, or with a model that had all of it. Otherwise users and groups that they do
 *   not know from their creation are not compared
 * @param now bans and silences that are over by then are none (ms)
 */
export function differences(told: Model, table: Model, { now, all }: { now: number; all: boolean }): Difference[] {
  const isKnown = (one: { complete?: true } | undefined, ended: boolean) => all || one?.complete || ended;
  return [
    ...idsOf(told.users, table.users)
      .filter((id) => isKnown(told.users[id], told.users[id]?.status === 'deleted'))
      .flatMap((id) => ofUser(Number(id), told.users[id], table.users[id])),
    ...idsOf(told.groups, table.groups)
      .filter((id) => isKnown(told.groups[id], told.groups[id]?.dissolved === true))
      .flatMap((id) => ofGroup(Number(id), told.groups[id], table.groups[id], now)),
  ];
}

const idsOf = (...objects: object[]) =>
  [...new Set(objects.flatMap((object) => Object.keys(object)))].sort((one, other) => Number(one) - Number(other));

/** Shows what differs, where it does. */
function differing(subject: string, field: string, events: unknown, table: unknown, ...missing: Said[]): Difference[] {
  if (events === table) return [];
  const shown = (value: unknown) => (value === undefined ? 'none' : String(value));
  return [{ subject, field, events: shown(events), table: shown(table), missing }];
}

function ofUser(user_id: number, told: UserModel | undefined, table: UserModel | undefined): Difference[] {
  const subject = `user/${user_id}`;
  const was = told?.complete || told?.status === 'deleted' ? told.status : undefined;
  const is = table?.status ?? 'deleted';
  if (is === 'deleted') {
    const deleted: Said = ['user.deleted', { user_id, username: told?.username ?? '' }];
    return was === undefined ? [] : differing(subject, 'status', was, is, deleted);
  }
  if (was === 'deleted') return differing(subject, 'status', was, is);
  const status: Said[] = [];
  if (was === undefined) status.push(['user.created', { user_id, username: table!.username! }]);
  if (is === 'disabled') status.push(['user.disabled', { user_id }]);
  else if (was === 'disabled') status.push(['user.enabled', { user_id }]);
  const renamed: Said = ['user.updated', { user_id, changed: ['username'] }];
  return [
    ...differing(subject, 'status', was, is, ...status),
    // A username that has changed is not known from events.
    ...differing(subject, 'username', told?.username, told?.username && table!.username, renamed),
    ...idsOf(told?.blocked ?? {}, table!.blocked).flatMap((id) => {
      const type: EventType = table!.blocked[id] ? 'user.block.added' : 'user.block.removed';
      const fact: Said = [type, { user_id, blocked_id: Number(id) }];
      return differing(`${subject}/blocked/${id}`, 'blocked', told?.blocked[id], table!.blocked[id], fact);
    }),
  ];
}

function ofGroup(
  group_id: number,
  told: GroupModel | undefined,
  table: GroupModel | undefined,
  now: number,
): Difference[] {
  const subject = `group/${group_id}`;
  const isOver = !table || table.dissolved;
  if (isOver || told?.dissolved) {
    const state = (group: GroupModel | undefined) => (!group || group.dissolved ? 'dissolved' : 'normal');
    const missing: Said[] = isOver ? [['group.dissolved', { group_id }]] : [];
    return told ? differing(subject, 'status', state(told), state(table), ...missing) : [];
  }
  const { type, name, capacity, owner, members } = table as Required<GroupModel>;
  if (!told?.complete) {
    const created: Said = ['group.created', { group_id, owner_id: owner, type, name, capacity }];
    return [
      { subject, field: 'status', events: 'none', table: 'normal', missing: [created] },
      ...ofGroup(group_id, { ...(told ?? NOTHING), complete: true, owner, type, name }, table, now),
    ];
  }
  const ends = (of: GroupModel) => runs(of.silence, now);
  const [was, is] = [ends(told), ends(table)];
  const passed = { group_id, owner_id: owner, previous_owner_id: told.owner ?? owner };
  return [
    ...differing(subject, 'type', told.type, type),
    ...differing(subject, 'name', told.name, name, ['group.updated', { group_id, changed: ['name'], name }]),
    ...differing(subject, 'owner', told.owner, owner, ['group.owner_changed', { ...passed, reason: 'transferred' }]),
    ...differing(
      subject,
      'silence',
      was,
      is,
      is === undefined ? ['group.unsilenced', { group_id, until: 0 }] : ['group.silenced', { group_id, until: is }],
    ),
    ...idsOf(told.members, members, told.bans, table.bans, told.blocks, table.blocks).flatMap((id) =>
      ofPerson({ group_id, user_id: Number(id) }, told, table, now),
    ),
  ];
}

const NOTHING: GroupModel = { members: {}, bans: {}, blocks: {} };
/** The end, where it is not over: milliseconds, -1 for ever. */
const runs = (until: number | undefined, now: number) =>
  until !== undefined && (until === -1 || until > now) ? until : undefined;

/** The owner, who is told by the group, counts as a plain member. */
const roleBelowOwner = (group: GroupModel, user: number): 0 | 1 | undefined => {
  const role = roleIn(group, user);
  return role === 2 ? 0 : role;
};

function ofPerson(
  one: EventData['group.user.blocked'],
  told: GroupModel,
  table: GroupModel,
  now: number,
): Difference[] {
  const id = one.user_id;
  const subject = `group/${one.group_id}/member/${id}`;
  const [roleBefore, role] = [roleBelowOwner(told, id), roleBelowOwner(table, id)];
  const [banBefore, ban] = [runs(told.bans[id], now), runs(table.bans[id], now)];
  const facts: Said[] = [];
  if (role === undefined) facts.push(['group.member.removed', { ...one, reason: 'left' }]);
  else {
    // How a user came is not known any more.
    if (roleBefore === undefined) facts.push(['group.member.added', { ...one, via: 'imported' }]);
    if (role !== (roleBefore ?? 0)) facts.push(['group.member.updated', { ...one, changed: ['role'], role }]);
  }
  return [
    ...differing(subject, 'role', roleBefore, role, ...facts),
    ...differing(
      subject,
      'ban',
      banBefore,
      ban,
      ban === undefined
        ? ['group.member.unbanned', { ...one, until: 0 }]
        : ['group.member.banned', { ...one, until: ban }],
    ),
    ...differing(subject, 'blocked', told.blocks[id], table.blocks[id], [
      table.blocks[id] ? 'group.user.blocked' : 'group.user.unblocked',
      one,
    ]),
  ];
}
