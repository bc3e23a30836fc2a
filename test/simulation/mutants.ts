import type { Options } from './runner.ts';
import type { Input, Scheduler, Statement, Verb } from './scheduler.ts';

/** A part of a transaction, or a write alone. */
export interface Part {
  verb: Verb;
  pk: string;
  sk: string;
  statement: Statement;
}

/** A condition that always holds. */
const ALWAYS = 'attribute_exists(#pk) OR attribute_not_exists(#pk)';

/** Drops the parts of a statement's condition that name these attributes; without attributes, all parts. */
export function dropCondition(statement: Statement, ...attributes: string[]): void {
  const { ConditionExpression: condition } = statement;
  if (!condition) return;
  const left = condition
    .split(' AND ')
    .filter((part) => attributes.length > 0 && !attributes.some((name) => new RegExp(`#${name}\\b`).test(part)));
  statement.ConditionExpression = left.join(' AND ') || ALWAYS;
  if (left.length === 0) statement.ExpressionAttributeNames = { ...statement.ExpressionAttributeNames, '#pk': 'pk' };
  dropUnused(statement);
}

/** DynamoDB refuses placeholders that are not used. */
function dropUnused(statement: Statement): void {
  const text = `${statement.UpdateExpression ?? ''} ${statement.ConditionExpression ?? ''}`;
  const used = <T>(placeholders: Record<string, T> | undefined) =>
    Object.fromEntries(Object.entries(placeholders ?? {}).filter(([name]) => new RegExp(`${name}\\b`).test(text)));
  statement.ExpressionAttributeNames = used(statement.ExpressionAttributeNames);
  const values = used(statement.ExpressionAttributeValues);
  if (Object.keys(values).length > 0) statement.ExpressionAttributeValues = values;
  else delete statement.ExpressionAttributeValues;
}

export function partsOf(input: Input): Part[] {
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
const isContact = ({ pk, sk }: Part) => pk.startsWith('U#') && sk.startsWith('F#');
const isContactCounts = ({ pk, sk }: Part) => pk.startsWith('U#') && sk === 'C';
const isSettings = ({ pk, sk }: Part) => pk.startsWith('U#') && sk === 'S';
const joins = ({ statement: { Item } }: Part) => Item?.state === 'member';

/** Every matching part of a write loses its condition, or the parts of it that name these attributes. */
const without =
  (matches: (part: Part) => boolean, ...attributes: string[]): Scheduler['mutate'] =>
  (input) => {
    for (const part of partsOf(input).filter(matches)) dropCondition(part.statement, ...attributes);
    return undefined;
  };

/** The matching parts leave the transaction and are written after it, unconditionally. */
const apart =
  (matches: (part: Part) => boolean): Scheduler['mutate'] =>
  (input) => {
    const places = partsOf(input).flatMap((part, place) => (input.TransactItems && matches(part) ? [place] : []));
    if (places.length === 0) return undefined;
    const later = { TransactItems: places.map((place) => input.TransactItems![place]!) };
    for (const { statement } of partsOf(later)) dropCondition(statement);
    for (const place of places) {
      const { statement, pk, sk } = partsOf(input)[place]!;
      const { TableName } = statement;
      const [Key, ExpressionAttributeNames] = [{ pk, sk }, { '#pk': 'pk' }];
      const check = { TableName, Key, ConditionExpression: ALWAYS, ExpressionAttributeNames };
      input.TransactItems![place] = { ConditionCheck: check as Statement };
    }
    return later;
  };

/** The matching parts leave the transaction and are never written. */
const unwritten =
  (matches: (part: Part) => boolean): Scheduler['mutate'] =>
  (input) => {
    apart(matches)(input);
    return undefined;
  };

const befriends = (part: Part) => isContact(part) && part.statement.Item?.friendAt !== undefined;

const accepts = (part: Part) => befriends(part) && part.statement.Item?.requestStatus === 1;

const counts = ({ verb, statement: { UpdateExpression: update = '' } }: Part) =>
  verb === 'Update' && /ADD.*#(count|joined)\b/.test(update);

/** Drops the mark that a block leaves with the user, by which invitations are void. */
const forgetBlocks: Scheduler['mutate'] = (input) => {
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

/** Drops the limit of files from the conditions. */
const forgetQuota: Scheduler['mutate'] = (input) => {
  for (const { statement } of partsOf(input)) {
    const { ConditionExpression: condition } = statement;
    if (!condition?.includes('#files < ')) continue;
    statement.ConditionExpression = condition.replace(/#files < :v\d+/, 'attribute_exists(#files)');
    dropUnused(statement);
  }
  return undefined;
};

/** Copies the object of any content. */
const copyAnything: Scheduler['mutateObject'] = ({ headers }) => {
  delete (headers as Record<string, string>)['x-amz-copy-source-if-match'];
};

/** A deliberate fault: a rule that the product might forget to prove in its writes. */
export interface Mutant extends Pick<Options, 'mutate' | 'mutateObject' | 'users'> {
  title: string;
  /** The operations that show it. */
  focus: string[];
  /** The seed that showed it after the fewest calls. */
  seed: number;
}

export const MUTANTS: Mutant[] = [
  {
    title: "a transfer that proves neither the owner of the group nor the owner's role",
    // The owner's membership, which is written too, proves its role.
    mutate: without((part) => isGroup(part) || isGroupMembership(part), 'owner', 'role'),
    focus: ['transfer', 'destroy'],
    seed: 43,
  },
  {
    title: 'a gate that does not prove that the user is neither blocked nor a member',
    mutate: without((part) => isGroupMembership(part) && joins(part)),
    focus: ['apply', 'block', 'unblock', 'kick'],
    seed: 14,
  },
  {
    title: 'a gate that does not count the members',
    mutate: without(isGroup, 'count'),
    focus: ['apply', 'invite', 'approval', 'leave'],
    users: 7,
    seed: 32,
  },
  {
    title: 'a gate that does not prove that the group still exists',
    mutate: without(isGroup, 'status'),
    focus: ['apply', 'approval', 'destroy'],
    seed: 4,
  },
  {
    title: 'a count of members that is written after the transaction',
    mutate: apart((part) => isGroup(part) && counts(part)),
    focus: ['apply', 'invite', 'leave', 'kick'],
    seed: 14,
  },
  {
    title: "a count of a user's groups that is written after the transaction",
    mutate: apart((part) => isUser(part) && counts(part)),
    focus: ['create', 'apply', 'approval'],
    seed: 11,
  },
  {
    title: "a join that proves nothing about the user's record",
    mutate: without(isUser),
    focus: ['invite', 'group_confirm', 'leave'],
    seed: 44,
  },
  {
    title: 'a block that voids no invitations',
    mutate: forgetBlocks,
    focus: ['invite', 'invite/handle', 'block', 'unblock', 'unblock'],
    seed: 99,
  },
  {
    title: 'an invitation that can be answered twice',
    mutate: without((part) => isInvitation(part) && part.verb === 'Update'),
    focus: ['invite', 'invite/handle', 'invite/handle', 'group_confirm'],
    users: 3,
    seed: 121,
  },
  {
    title: 'an approval that does not prove that the application is pending',
    mutate: without(
      (part) => isApplication(part) || (isGroupMembership(part) && joins(part)),
      'status',
      'createdAt',
      'applied',
    ),
    focus: ['apply', 'apply/handle', 'leave'],
    seed: 368,
  },
  {
    title: "a write that does not prove the actor's role",
    mutate: without((part) => isGroupMembership(part) && part.verb === 'ConditionCheck'),
    focus: ['admin/remove', 'admin/add', 'kick', 'ban', 'transfer', 'invite'],
    seed: 24,
  },
  {
    title: 'a QR code that admits a user who was kicked after it was signed',
    mutate: without(isUserMembership, 'kicked'),
    focus: ['qrcode/sign', 'qrcode/invite', 'qrcode/invite', 'kick'],
    seed: 1,
  },
  {
    title: 'a QR code whose signer is not proven to have the right still',
    mutate: without((part) => isGroup(part) || checksSigner(part), 'member_invite', 'state', 'role', 'joined'),
    focus: ['qrcode/sign', 'qrcode/invite', 'qrcode/invite', 'leave', 'member_invite'],
    seed: 29,
  },
  {
    title: 'a write that does not prove the role of the user it is about',
    mutate: without((part) => isGroupMembership(part) && part.verb !== 'ConditionCheck', 'role'),
    focus: ['kick', 'block', 'transfer', 'invite'],
    seed: 55,
  },
  {
    title: 'an event that publishes a file a second time',
    mutate: without((part) => isFile(part) && publishes(part), 'published', 'random'),
    focus: ['file/reserve'],
    seed: 45,
  },
  {
    title: 'a write that does not count the files against the limit',
    mutate: forgetQuota,
    focus: ['file/reserve', 'file/link'],
    seed: 13,
  },
  {
    title: 'a deletion of a reservation that was published meanwhile',
    mutate: without((part) => isFile(part) && part.verb === 'Delete', 'published'),
    focus: ['file/reserve', 'file/delete'],
    seed: 147,
  },
  {
    title: 'a copy of an upload whose content changed meanwhile',
    mutateObject: copyAnything,
    focus: ['file/reserve'],
    seed: 110,
  },
  {
    title: 'a friendship of which one side is not written',
    mutate: unwritten((part) => befriends(part) && part.pk.split('#')[2]! < part.sk.slice(2)),
    focus: ['roster/apply', 'roster/accept'],
    seed: 1,
  },
  {
    title: 'a friend request that can be accepted twice',
    mutate: (input) => (partsOf(input).some(accepts) ? without(isContact)(input) : undefined),
    focus: ['roster/apply', 'roster/accept', 'roster/accept', 'roster/delete'],
    users: 3,
    seed: 12,
  },
  {
    title: 'two friend requests that cross and make no friends',
    mutate: without((part) => isContact(part) && !befriends(part)),
    focus: ['roster/apply'],
    users: 3,
    seed: 11,
  },
  {
    title: 'a friend request that does not prove that nobody has blocked the other',
    mutate: without(isContact, 'blockedAt'),
    focus: ['roster/apply', 'roster/block', 'roster/unblock'],
    seed: 4,
  },
  {
    title: 'a change of friends that is not counted for one of the two',
    mutate: unwritten(
      (part) =>
        isContactCounts(part) &&
        part.statement.ExpressionAttributeNames?.['#friends'] !== undefined &&
        Number(part.pk.split('#')[2]) % 2 === 0,
    ),
    focus: ['roster/apply', 'roster/accept', 'roster/delete'],
    seed: 1,
  },
  {
    title: 'a friendship that does not prove the limit of friends',
    mutate: without(isContactCounts, 'friends'),
    focus: ['roster/apply', 'roster/accept', 'roster/apply/batch'],
    users: 7,
    seed: 6,
  },
  {
    title: 'a friend request that does not prove how the other user verifies friends',
    mutate: without(isSettings),
    focus: ['roster/apply', 'auth_mode'],
    seed: 1,
  },
  {
    title: 'a friendship with a user who was deleted meanwhile',
    mutate: without((part) => isUser(part) && part.verb === 'ConditionCheck'),
    focus: ['roster/apply', 'roster/accept', 'user/delete'],
    users: 7,
    seed: 3,
  },
];
