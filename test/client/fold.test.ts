import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { countOf, emptyModel, type FoldedEvent, fold, type Model, roleIn } from '../../client/fold.ts';
import type { EventData, EventType } from '../../shared/events/catalogue.ts';

type Said = { [T in EventType]: readonly [type: T, data: EventData[T]] }[EventType];

const numbered = (all: readonly Said[], from = 1): FoldedEvent[] =>
  all.map(([type, data], index) => ({ type, data, sequence: String(from + index).padStart(16, '0') }));

function folded(events: readonly FoldedEvent[], model: Model = emptyModel()): Model {
  for (const event of events) fold(model, event);
  return model;
}

const [ANN, BOB, EVE] = [11, 12, 13];
const g = { group_id: 77 };
const added = (user_id: number, via: 'created' | 'invited' = 'invited'): Said => [
  'group.member.added',
  { ...g, user_id, via },
];

/** What a group and its members tell, each in the order of its changes. */
const OF_GROUP: Said[] = [
  ['group.created', { ...g, owner_id: ANN, type: 0, name: 'Friends', capacity: 9 }],
  ['group.silenced', { ...g, until: -1 }],
  ['group.owner_changed', { ...g, owner_id: BOB, previous_owner_id: ANN, reason: 'transferred' }],
  ['group.updated', { ...g, changed: ['name'], name: 'Old friends' }],
  ['group.unsilenced', { ...g, until: 0 }],
  ['group.owner_changed', { ...g, owner_id: ANN, previous_owner_id: BOB, reason: 'transferred' }],
];
const OF_MEMBERS: Said[] = [
  added(ANN, 'created'),
  added(BOB),
  ['group.member.updated', { ...g, user_id: BOB, changed: ['role'], role: 1 }],
  ['group.member.updated', { ...g, user_id: ANN, changed: ['role'], role: 0 }],
  added(EVE),
  ['group.member.banned', { ...g, user_id: EVE, until: -1 }],
  ['group.member.updated', { ...g, user_id: BOB, changed: ['role'], role: 0 }],
  ['group.member.removed', { ...g, user_id: EVE, reason: 'kicked' }],
  ['group.user.blocked', { ...g, user_id: EVE }],
];
const GROUP = {
  complete: true,
  owner: ANN,
  type: 0,
  name: 'Old friends',
  capacity: 9,
  members: { [ANN]: 0, [BOB]: 0 },
  bans: { [EVE]: -1 },
  blocks: { [EVE]: true },
};

/** Both in their order, in any order beside each other. */
const merged = fc.infiniteStream(fc.boolean()).map((draws) => {
  const [one, other] = [[...OF_GROUP], [...OF_MEMBERS]];
  const all: Said[] = [];
  while (one.length + other.length > 0) {
    const from = (draws.next().value && one.length > 0) || other.length === 0 ? one : other;
    all.push(from.shift()!);
  }
  return all;
});

describe('a model folded from events', () => {
  test('is the same in whichever order a group and its members are told', () => {
    fc.assert(
      fc.property(merged, (all) => {
        const model = folded(numbered(all));
        expect(model).toEqual({ sequence: all.length, users: {}, groups: { 77: GROUP } });
        expect(roleIn(model.groups[77]!, ANN)).toBe(2);
        expect(roleIn(model.groups[77]!, BOB)).toBe(0);
        expect(roleIn(model.groups[77]!, EVE)).toBeUndefined();
        expect(countOf(model.groups[77]!)).toBe(2);
      }),
    );
  });

  test('does not change when a suffix is folded again, nor by a way through JSON', () => {
    fc.assert(
      fc.property(merged, fc.nat(20), (all, from) => {
        const events = numbered(all);
        const again = folded(events.slice(from), JSON.parse(JSON.stringify(folded(events))));
        expect(again).toEqual(folded(events));
        expect(fold(again, events[0]!)).toBe(false);
      }),
    );
  });

  test('agrees again after changes that it already had when it began', () => {
    fc.assert(
      fc.property(merged, fc.nat(20), (all, from) => {
        const begun = { ...folded(numbered(all)), sequence: 0 };
        expect(folded(numbered(all.slice(from)), begun).groups).toEqual({ 77: GROUP });
      }),
    );
  });

  test('keeps nothing of a dissolved group and a deleted user, whatever comes late', () => {
    const model = folded(
      numbered([
        ['user.created', { user_id: ANN, username: 'ann' }],
        ['user.block.added', { user_id: ANN, blocked_id: BOB }],
        added(ANN, 'created'),
        ['group.dissolved', g],
        added(BOB),
        ['user.deleted', { user_id: ANN, username: 'ann' }],
        ['user.block.removed', { user_id: ANN, blocked_id: BOB }],
      ]),
    );
    expect(model.users).toEqual({ [ANN]: { status: 'deleted', blocked: {} } });
    expect(model.groups).toEqual({ 77: { dissolved: true, members: {}, bans: {}, blocks: {} } });
  });

  test('knows of users their state and the username that they had when they came', () => {
    const model = folded(
      numbered([
        ['user.created', { user_id: ANN, username: 'ann' }],
        ['user.created', { user_id: BOB, username: 'bob' }],
        ['user.disabled', { user_id: BOB }],
        ['user.updated', { user_id: ANN, changed: ['username'] }],
        ['user.block.added', { user_id: ANN, blocked_id: BOB }],
        ['user.enabled', { user_id: EVE }],
      ]),
    );
    expect(model.users).toEqual({
      [ANN]: { complete: true, status: 'active', blocked: { [BOB]: true } },
      [BOB]: { complete: true, status: 'disabled', username: 'bob', blocked: {} },
      [EVE]: { status: 'active', blocked: {} },
    });
  });

  test('says of a group that is older than its events that it does not know all of it', () => {
    const model = folded(numbered([added(BOB)]));
    expect(model.groups[77]).toEqual({ members: { [BOB]: 0 }, bans: {}, blocks: {} });
    expect(countOf(model.groups[77]!)).toBeUndefined();
  });

  test('passes over types that it does not know', () => {
    const model = emptyModel();
    expect(fold(model, { type: 'group.moved', data: g, sequence: '0000000000000001' })).toBe(true);
    expect(model).toEqual({ sequence: 1, users: {}, groups: {} });
  });
});
