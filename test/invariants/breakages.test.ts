import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { nextId, play } from './history.ts';
import type { Ask } from './laws.ts';
import type { Input, Scheduler, Statement, Verb } from './scheduler.ts';

vi.mock('node:timers/promises', async (original) => ({
  ...(await original<typeof import('node:timers/promises')>()),
  setTimeout: async (ms: number) => (await import('./scheduler.ts')).pause(ms),
}));
vi.mock('../../shared/domain/ids.ts', () => ({ newId: () => nextId() }));

beforeAll(() => void vi.useFakeTimers({ toFake: ['Date'] }));
afterAll(() => void vi.useRealTimers());

/** A part of a transaction, or a write alone. */
interface Part {
  verb: Verb;
  pk: string;
  sk: string;
  statement: Statement;
}

/** Whether the statement's condition speaks of the attribute. */
const ALWAYS = 'attribute_exists(#pk) OR attribute_not_exists(#pk)';

/** Drops from a statement's condition what it says of these attributes; without any, all of it. */
function dropCondition(statement: Statement, ...attributes: string[]): void {
  const { ConditionExpression: condition } = statement;
  if (!condition) return;
  const left = condition
    .split(' AND ')
    .filter((part) => attributes.length > 0 && !attributes.some((name) => new RegExp(`#${name}\\b`).test(part)));
  statement.ConditionExpression = left.join(' AND ') || ALWAYS;
  if (left.length === 0) statement.ExpressionAttributeNames = { ...statement.ExpressionAttributeNames, '#pk': 'pk' };
  const text = `${statement.UpdateExpression ?? ''} ${statement.ConditionExpression}`;
  const used = <T>(placeholders: Record<string, T> | undefined) =>
    Object.fromEntries(Object.entries(placeholders ?? {}).filter(([name]) => new RegExp(`${name}\\b`).test(text)));
  statement.ExpressionAttributeNames = used(statement.ExpressionAttributeNames);
  const values = used(statement.ExpressionAttributeValues);
  if (Object.keys(values).length > 0) statement.ExpressionAttributeValues = values;
  else delete statement.ExpressionAttributeValues;
}

function partsOf(input: Input): Part[] {
  const parts = input.TransactItems?.map((part) => Object.entries(part)[0] as [Verb, Statement]) ?? [
    [input.Item ? 'Put' : 'Update', input] as [Verb, Statement],
  ];
  return parts.map(([verb, statement]) => {
    const { pk, sk } = (statement.Key ?? statement.Item) as { pk: string; sk: string };
    return { verb, statement, pk, sk };
  });
}

const isGroup = ({ pk, sk }: Part) => /^G#[^#]+#\d+$/.test(pk) && sk === '#';
const isRelation = ({ pk, sk }: Part) => pk.endsWith('#R') && sk.startsWith('R#');
const isApplication = ({ pk, sk }: Part) => pk.endsWith('#R') && sk.startsWith('A#');
const isUser = ({ pk, sk }: Part) => pk.startsWith('U#') && sk === '#';
const isEdge = ({ pk, sk }: Part) => pk.startsWith('U#') && sk.startsWith('E#');
const isInvitation = ({ pk, sk }: Part) => pk.startsWith('U#') && sk.startsWith('I#');
const joins = ({ statement: { Item } }: Part) => Item?.state === 'member';

/** Every matching part of a write loses (some of) its condition. */
const without =
  (matches: (part: Part) => boolean, ...attributes: string[]): Scheduler['tamper'] =>
  (input) => {
    for (const part of partsOf(input).filter(matches)) dropCondition(part.statement, ...attributes);
    return undefined;
  };

/** The matching parts leave the transaction and are written after it, unconditionally. */
const apart =
  (matches: (part: Part) => boolean): Scheduler['tamper'] =>
  (input) => {
    const places = partsOf(input).flatMap((part, place) => (input.TransactItems && matches(part) ? [place] : []));
    if (places.length === 0) return undefined;
    const later = { TransactItems: places.map((place) => input.TransactItems![place]!) };
    for (const { statement } of partsOf(later)) dropCondition(statement);
    for (const place of places) {
      const { TableName, Key } = partsOf(input)[place]!.statement;
      const check = { TableName, Key, ConditionExpression: ALWAYS, ExpressionAttributeNames: { '#pk': 'pk' } };
      input.TransactItems![place] = { ConditionCheck: check as Statement };
    }
    return later;
  };

const counts = ({ verb, statement: { UpdateExpression: update = '' } }: Part) =>
  verb === 'Update' && /ADD.*#(count|joined)\b/.test(update);

type Breakage = [title: string, tamper: Scheduler['tamper'], focus: Ask['op'][], people?: number];

/** What somebody might forget, how it looks to the database, and where to look for it first. */
const BREAKAGES: Breakage[] = [
  ['ownership passes on whoever owns the group now', without(isGroup, 'owner'), ['transfer', 'destroy']],
  [
    'the gate lets in whoever was blocked, or has joined, meanwhile',
    without((part) => isRelation(part) && joins(part)),
    ['apply', 'block', 'unblock', 'kick'],
  ],
  ['the gate does not count the seats', without(isGroup, 'count'), ['apply', 'invite', 'approval', 'leave'], 7],
  ['a group dissolved meanwhile takes members', without(isGroup, 'status'), ['apply', 'approval', 'destroy']],
  [
    'members are counted after the transaction',
    apart((part) => isGroup(part) && counts(part)),
    ['apply', 'invite', 'leave', 'kick'],
  ],
  [
    "a person's groups are counted after the transaction",
    apart((part) => isUser(part) && counts(part)),
    ['create', 'apply', 'approval'],
  ],
  ['nothing is asked of the user who joins', without(isUser), ['invite', 'group_confirm', 'leave']],
  [
    'an accepted invitation may be older than a block',
    without(isEdge),
    ['invite', 'invite/handle', 'invite/handle', 'block', 'unblock', 'unblock'],
  ],
  [
    'an invitation is answered twice',
    without((part) => isInvitation(part) && part.verb === 'Update'),
    ['invite', 'invite/handle', 'group_confirm'],
  ],
  [
    'a settled application is approved',
    without((part) => isApplication(part) || (isRelation(part) && joins(part)), 'status', 'made', 'applied'),
    ['apply', 'apply/handle', 'leave'],
  ],
  [
    'the role of whoever acts is not proven in the write',
    without((part) => isRelation(part) && part.verb === 'ConditionCheck'),
    ['admin/remove', 'admin/add', 'kick', 'ban', 'transfer', 'invite'],
  ],
  [
    'the role of whoever is touched is not proven in the write',
    without((part) => isRelation(part) && part.verb !== 'ConditionCheck', 'role'),
    ['kick', 'block', 'transfer', 'invite'],
  ],
];

/** Histories that each of them gets. */
const MOST = Number(process.env.MOST ?? 40);

describe('The random histories find', () => {
  for (const [title, tamper, focus, people = 4] of BREAKAGES)
    test(title, { timeout: 600_000 }, async () => {
      let seed = 0;
      let violations: string[] = [];
      while (violations.length === 0 && seed < MOST) {
        seed++;
        ({ violations } = await play({ seed, faults: false, focus, people, tamper }));
      }
      console.log(`${title}: seed ${seed}: ${violations[0]}`);
      expect(violations, `${MOST} histories do not find it`).not.toEqual([]);
      expect((await play({ seed, faults: false, focus, people })).violations, 'whole, it is in order').toEqual([]);
    });
});
