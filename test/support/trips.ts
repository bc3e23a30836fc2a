import { type Entity, formOf } from '../../shared/data/entity.ts';
import * as schema from '../../shared/data/schema.ts';
import { routes } from '../../shared/routes/index.ts';
import type { Keyed, Recorded } from './table-recorder.ts';

/** docs/round-trips.md: what each round trip of each operation is for, made of recorded requests. */

const isKind = (exported: unknown): exported is Entity =>
  typeof exported === 'object' && exported !== null && 'has' in exported && 'shape' in exported;

const KINDS = Object.entries<unknown>(schema).flatMap(([name, kind]) =>
  isKind(kind) ? [{ name: words(name), has: kind.has, shape: kind.shape }] : [],
);

function words(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

const kindOf = (key: Keyed): string => {
  const kind = KINDS.find(({ has }) => has(key));
  if (!kind) throw new Error(`an item of no kind: ${key.pk} ${key.sk}`);
  return kind.name;
};

/** `user, group × 3`: kinds in the order in which they first appear. */
function counted(kinds: readonly string[]): string {
  const times = Map.groupBy(kinds, (kind) => kind);
  return [...times].map(([kind, { length }]) => (length === 1 ? kind : `${kind} × ${length}`)).join(', ');
}

/** The kinds at both ends of a Query's range. */
function queried({ IndexName, ExpressionAttributeValues = {} }: Recorded['input']): string {
  const [partition = '', from = '', to = ''] = Object.values(ExpressionAttributeValues).map(String);
  const fits = (bound: string) =>
    KINDS.filter(({ shape: { pk, sk, orders = {}, gsi1 } }) => {
      const [ofKeys, sortKeys] =
        IndexName === undefined
          ? [pk, [sk]]
          : gsi1 && IndexName === 'gsi1'
            ? [gsi1[0], [gsi1[1]]]
            : [pk, Object.values(orders).flatMap(([index, order]) => (index === IndexName ? [order] : []))];
      return (
        formOf(ofKeys).test(partition) && sortKeys.some((template) => bound.startsWith(template.split('{')[0] ?? ''))
      );
    }).map(({ name }) => name);
  const [first, last] = [fits(from), fits(to)];
  // What begins with no letters of its own fits all bounds: only if nothing else does.
  const kinds = [...new Set([first.at(-1), last.at(-1)])].filter((kind) => kind !== undefined);
  if (kinds.length === 0) throw new Error(`a Query of no kind: ${partition} ${from} ${to}`);
  return `list of ${kinds.join(' to ')}`;
}

interface Trip {
  writes: boolean;
  what: string;
}

/** What each round trip of a call reads and writes. @param isPublic it has no caller whom it verifies */
function tripsOf(requests: readonly Recorded[], isPublic: boolean): Trip[] {
  const waves = [...Map.groupBy(requests, ({ wave }) => wave).values()];
  return waves.map((wave, nth) => {
    const [read, lists, written, checked] = [[], [], [], []] as [string[], string[], string[], string[]];
    for (const { input } of wave) {
      const { RequestItems, TransactItems, Key, Item } = input;
      if (RequestItems) read.push(...Object.values(RequestItems).flatMap(({ Keys }) => Keys.map(kindOf)));
      else if (Key || Item) written.push(kindOf((Key ?? Item)!));
      else if (!TransactItems) lists.push(queried(input));
      for (const step of TransactItems ?? [])
        for (const [action, { Key, Item }] of Object.entries(step))
          (action === 'ConditionCheck' ? checked : written).push(kindOf((Key ?? Item)!));
    }
    // What proves the caller stands first: an admin token, or a session's device and user.
    const caller = isPublic || nth > 0 ? [] : read.splice(0, read[0] === 'admin token' ? 1 : 2);
    const what = [
      ...(caller.length > 0 ? ['caller'] : []),
      ...[read, lists, written].filter(({ length }) => length > 0).map(counted),
      ...(checked.length > 0 ? [`unchanged: ${counted(checked)}`] : []),
    ];
    return { writes: written.length > 0, what: what.join(', ') };
  });
}

/**
 * Why an operation reads more than once. An entry for each such operation, and none for others: `documentOf` throws
 * where one is missing, or is there for nothing.
 */
const READS_AGAIN: { why: string; ids: string[] }[] = [
  {
    why: 'The first trip brings ids, and only they tell which items follow.',
    ids: [
      ...['user/list', 'group/application-list', 'group/invitation-list', 'roster/mobile', 'roster/name'],
      ...['admin/user/search', 'admin/user/groups', 'admin/group/list', 'admin/group/search'],
      ...['admin/group/members/search', 'admin/group/members/set'],
    ],
  },
  {
    why: 'The open page of events says which of the earlier pages are wanted. Mostly none is, and the first trip suffices.',
    ids: ['event/list', 'event/endpoint/redeliver', 'group/changes', 'admin/access/explain'],
  },
  {
    why: 'The rest could cost more than 20 units, so the rights of the caller are proven first.',
    ids: ['roster/id', 'roster/list/details', 'admin/user/info', 'admin/overview'],
  },
];

const HEAD = `# Round trips

What each round trip to the database is for, of an everyday call of each operation. \`npm run test:record\` writes this page
from recorded requests, and \`test/costs.test.ts\` fails where an operation makes a trip that it does not name.

Why they cannot be fewer:

- **One trip is the least.** Session or admin token, and the user, are read in every call: a revoked token ends at once. Public
  operations read what they ask about; the app's record is cached on the instance for 30 seconds.
- **A change takes two.** What is written rests on what was read: the caller's rights first, since a caller without rights
  writes nothing and costs a read. All of it goes into one transaction, which proves again what it rests on.
  \`user/register/anonymous\` has nobody to verify and nothing to look up, so it writes at once. The other registrations look
  their name up, since a taken one would cost a cancelled transaction otherwise.
- **A login takes two**, although a name leads to an account: [the likely id](data-model.md#two-trips-per-login).
- **A second read** has a reason of its own:
`;

/** The page. @param calls the requests of a call of each operation, by its id @throws where a second read has no reason */
export function documentOf(calls: ReadonlyMap<string, readonly Recorded[]>): string {
  const rows = routes.map(({ id, access }) => ({ id, trips: tripsOf(calls.get(id) ?? [], access === 'public') }));
  const again = rows.filter(({ trips }) => trips.filter(({ writes }) => !writes).length > 1).map(({ id }) => id);
  const explained = READS_AGAIN.flatMap(({ ids }) => ids);
  const wrong = [...again.filter((id) => !explained.includes(id)), ...explained.filter((id) => !again.includes(id))];
  if (wrong.length > 0) throw new Error(`a second read without a reason, or a reason for none: ${wrong}`);
  const twice = rows.filter(({ trips }) => trips.filter(({ writes }) => writes).length > 1);
  if (twice.length > 0) throw new Error(`an everyday call writes twice: ${twice.map(({ id }) => id)}`);
  const reasons = READS_AGAIN.map(({ why, ids }) => `  - ${why} ${ids.map((id) => `\`${id}\``).join(', ')}.`);
  const numbers = Map.groupBy(rows, ({ trips }) => trips.length);
  const sums = [...numbers].sort(([one], [other]) => one - other).map(([trips, of]) => `${of.length} with ${trips}`);
  const cells = rows.map(({ id, trips }) => {
    const reads = trips.filter(({ writes }) => !writes).map(({ what }) => what);
    const write = trips.find(({ writes }) => writes)?.what ?? '';
    return `| \`${id}\` | ${trips.length} | ${reads[0] ?? ''} | ${reads.slice(1).join('; ')} | ${write} |`;
  });
  return `${HEAD}${reasons.join('\n')}

Operations by their round trips: ${sums.join(', ')}. Longer lists take more ([data model](data-model.md#every-operation)).
"Caller" is an admin token, or the device and the user of a session; "list of" a Query; "unchanged" what the transaction
proves of items that it leaves as they are. Kinds of items are those of the [data model](data-model.md#entities).

| operation | trips | reads | then reads | writes |
| --- | --: | --- | --- | --- |
${cells.join('\n')}
`;
}
