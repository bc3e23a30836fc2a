import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { nextId, nextRandom, type Play, play } from './history.ts';
import type { Ask } from './laws.ts';
import type { Input, Scheduler, Statement, Verb } from './scheduler.ts';

vi.mock('node:timers/promises', async (original) => ({
  ...(await original<typeof import('node:timers/promises')>()),
  setTimeout: async (ms: number) => (await import('./scheduler.ts')).pause(ms),
}));
vi.mock('../../shared/ids.ts', () => ({ newId: () => nextId(), newRandom: () => nextRandom() }));

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
  dropUnused(statement);
}

/** The database refuses placeholders that are not used. */
function dropUnused(statement: Statement): void {
  const text = `${statement.UpdateExpression ?? ''} ${statement.ConditionExpression ?? ''}`;
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
const isGroupMembership = ({ pk, sk }: Part) => pk.endsWith('#R') && sk.startsWith('R#');
const isApplication = ({ pk, sk }: Part) => pk.endsWith('#R') && sk.startsWith('A#');
const isUser = ({ pk, sk }: Part) => pk.startsWith('U#') && sk === '#';
const isUserMembership = ({ pk, sk }: Part) => pk.startsWith('U#') && sk.startsWith('E#');
const isFile = ({ pk }: Part) => /^G#[^#]+#\d+#F$/.test(pk);
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

/** What a block leaves on the user membership, by which invitations are void, is forgotten. */
const forgetBlocks: Scheduler['tamper'] = (input) => {
  for (const { statement } of partsOf(input).filter(isUserMembership)) {
    const { UpdateExpression: update = '' } = statement;
    statement.UpdateExpression = update.replace(/, #blocked = :v\d+|#blocked = :v\d+, /, '');
    dropUnused(statement);
  }
  return undefined;
};

const checksSigner = (part: Part) =>
  isGroupMembership(part) &&
  part.verb === 'ConditionCheck' &&
  /#joined\b/.test(part.statement.ConditionExpression ?? '');

const publishes = ({ statement: { UpdateExpression: update = '' } }: Part) => /#published = /.test(update);

/** Any number of files will do. */
const forgetQuota: Scheduler['tamper'] = (input) => {
  for (const { statement } of partsOf(input)) {
    const { ConditionExpression: condition } = statement;
    if (!condition?.includes('#files < ')) continue;
    statement.ConditionExpression = condition.replace(/#files < :v\d+/, 'attribute_exists(#files)');
    dropUnused(statement);
  }
  return undefined;
};

/** Whatever lies there now is copied. */
const copyAnything: Scheduler['tamperObject'] = ({ headers }) => {
  delete (headers as Record<string, string>)['x-amz-copy-source-if-match'];
};

interface Breakage extends Pick<Play, 'tamper' | 'tamperObject'> {
  title: string;
  /** Where to look for it, with how many people. */
  focus: Ask['op'][];
  people?: number;
  /** The seed that showed it after the fewest calls. */
  seed: number;
}

/** What somebody might forget, and how it looks to the database. */
const BREAKAGES: Breakage[] = [
  {
    title: 'ownership passes on whoever owns the group now',
    // The owner's membership, which is written too, proves its role.
    tamper: without((part) => isGroup(part) || isGroupMembership(part), 'owner', 'role'),
    focus: ['transfer', 'destroy'],
    seed: 43,
  },
  {
    title: 'the gate lets in whoever was blocked, or has joined, meanwhile',
    tamper: without((part) => isGroupMembership(part) && joins(part)),
    focus: ['apply', 'block', 'unblock', 'kick'],
    seed: 14,
  },
  {
    title: 'the gate does not count the seats',
    tamper: without(isGroup, 'count'),
    focus: ['apply', 'invite', 'approval', 'leave'],
    people: 7,
    seed: 32,
  },
  {
    title: 'a group dissolved meanwhile takes members',
    tamper: without(isGroup, 'status'),
    focus: ['apply', 'approval', 'destroy'],
    seed: 1,
  },
  {
    title: 'members are counted after the transaction',
    tamper: apart((part) => isGroup(part) && counts(part)),
    focus: ['apply', 'invite', 'leave', 'kick'],
    seed: 14,
  },
  {
    title: "a person's groups are counted after the transaction",
    tamper: apart((part) => isUser(part) && counts(part)),
    focus: ['create', 'apply', 'approval'],
    seed: 11,
  },
  {
    title: 'nothing is asked of the user who joins',
    tamper: without(isUser),
    focus: ['invite', 'group_confirm', 'leave'],
    seed: 21,
  },
  {
    title: 'a block voids no invitations',
    tamper: forgetBlocks,
    focus: ['invite', 'invite/handle', 'block', 'unblock', 'unblock'],
    seed: 98,
  },
  {
    title: 'an invitation is answered twice',
    tamper: without((part) => isInvitation(part) && part.verb === 'Update'),
    focus: ['invite', 'invite/handle', 'invite/handle', 'group_confirm'],
    people: 3,
    seed: 118,
  },
  {
    title: 'a settled application is approved',
    tamper: without(
      (part) => isApplication(part) || (isGroupMembership(part) && joins(part)),
      'status',
      'createdAt',
      'applied',
    ),
    focus: ['apply', 'apply/handle', 'leave'],
    seed: 297,
  },
  {
    title: 'the role of whoever acts is not proven in the write',
    tamper: without((part) => isGroupMembership(part) && part.verb === 'ConditionCheck'),
    focus: ['admin/remove', 'admin/add', 'kick', 'ban', 'transfer', 'invite'],
    seed: 24,
  },
  {
    title: 'a QR code lets in a user who was kicked after it was signed',
    tamper: without(isUserMembership, 'kicked'),
    focus: ['qrcode/sign', 'qrcode/invite', 'qrcode/invite', 'kick'],
    seed: 1,
  },
  {
    title: "the right of a QR code's signer is not proven in the write",
    tamper: without((part) => isGroup(part) || checksSigner(part), 'member_invite', 'state', 'role', 'joined'),
    focus: ['qrcode/sign', 'qrcode/invite', 'qrcode/invite', 'leave', 'member_invite'],
    seed: 22,
  },
  {
    title: 'the role of whoever is touched is not proven in the write',
    tamper: without((part) => isGroupMembership(part) && part.verb !== 'ConditionCheck', 'role'),
    focus: ['kick', 'block', 'transfer', 'invite'],
    seed: 51,
  },
  {
    title: 'an event publishes what another has published',
    tamper: without((part) => isFile(part) && publishes(part), 'published', 'random'),
    focus: ['file/reserve'],
    seed: 31,
  },
  {
    title: 'files are not counted against the limit in the write',
    tamper: forgetQuota,
    focus: ['file/reserve', 'file/link'],
    seed: 13,
  },
  {
    title: 'a reservation is deleted though it was published meanwhile',
    tamper: without((part) => isFile(part) && part.verb === 'Delete', 'published'),
    focus: ['file/reserve', 'file/delete'],
    seed: 147,
  },
  {
    title: 'an upload is copied though it is another one by now',
    tamperObject: copyAnything,
    focus: ['file/reserve'],
    seed: 105,
  },
];

/** Histories that each of them gets. */
const MOST = 60;

describe('The random histories find that', () => {
  for (const { title, tamper, tamperObject, focus, people = 4, seed: first } of BREAKAGES)
    test(title, { timeout: 600_000 }, async () => {
      let seed = first - 1;
      let violations: string[] = [];
      let calls = 0;
      while (violations.length === 0 && seed < first + MOST) {
        seed++;
        ({ violations, calls } = await play({ seed, faults: false, focus, people, tamper, tamperObject }));
      }
      console.log(`seed ${seed}, ${calls} calls: ${violations[0]}`);
      expect(violations, `${MOST} histories do not find it`).not.toEqual([]);
      const whole = await play({ seed, length: calls, faults: false, focus, people });
      expect(whole.violations, 'whole, it is in order').toEqual([]);
    });
});
