import type { Fact } from '../../shared/events/facts.ts';
import type { DeliveredRecord } from '../support/events.ts';
import { dropCondition, type Part, partsOf } from './mutants.ts';
import type { Options } from './runner.ts';
import type { Scheduler } from './scheduler.ts';

/** A deliberate fault of the events: in what writes tell, or in how relays append it. */
export interface EventMutant extends Pick<Options, 'mutate' | 'mutateRecords' | 'users' | 'focus' | 'length'> {
  title: string;
  /** What a write tells, in place of what it should tell. */
  facts?: (facts: Fact[]) => Fact[];
  /** The seed that showed it first. */
  seed: number;
}

const forgotten = (matches: (fact: Fact) => boolean) => (facts: Fact[]) => facts.filter((fact) => !matches(fact));

const isOpenPage = ({ pk, sk }: Part) => /^[VW]#/.test(pk) && sk === '~';
const isPageOfGroup = ({ pk, sk }: Part) => pk.startsWith('W#') && sk === '~';
const isPosition = ({ pk }: Part) => pk.startsWith('H#');

/** Changes the items of matching parts. */
const items =
  (matches: (part: Part) => boolean, change: (item: Record<string, unknown>) => void): Scheduler['mutate'] =>
  (input) => {
    for (const { statement } of partsOf(input).filter(matches)) if (statement.Item) change(statement.Item);
    return undefined;
  };

/** Some two records of an item in the wrong order, with their numbers. */
function swapped(records: DeliveredRecord[]): DeliveredRecord[] {
  const all = [...records];
  for (const [later, { dynamodb }] of records.entries()) {
    const earlier = records.findIndex((record) => record.dynamodb?.Keys?.pk?.S === dynamodb?.Keys?.pk?.S);
    if (earlier === later) continue;
    const [one, other] = [records[earlier]!, records[later]!];
    const numbered = (record: DeliveredRecord, { dynamodb: of }: DeliveredRecord) =>
      ({ dynamodb: { ...record.dynamodb, SequenceNumber: of?.SequenceNumber } }) as DeliveredRecord;
    [all[earlier], all[later]] = [numbered(other, one), numbered(one, other)];
    break;
  }
  return all;
}

export const EVENT_MUTANTS: EventMutant[] = [
  {
    title: 'a departure that is not told',
    facts: forgotten(({ type, data }) => type === 'group.member.removed' && 'reason' in data && data.reason === 'left'),
    focus: ['leave', 'apply'],
    seed: 1,
  },
  {
    title: 'a former owner who is not told to be a plain member',
    facts: forgotten(({ type, data }) => type === 'group.member.updated' && 'role' in data && data.role === 0),
    focus: ['admin/add', 'transfer', 'admin/add'],
    length: 50,
    seed: 9,
  },
  {
    title: 'the end of a ban that is not told',
    facts: forgotten(({ type }) => type === 'group.member.unbanned'),
    focus: ['ban', 'unban', 'transfer'],
    seed: 1,
  },
  {
    title: 'a member who is told twice',
    facts: (facts) => facts.flatMap((fact) => (fact.type === 'group.member.added' ? [fact, fact] : [fact])),
    focus: ['apply', 'invite', 'leave'],
    seed: 1,
  },
  {
    title: 'a ban that is told twice, though nothing adds up wrongly',
    facts: (facts) => facts.flatMap((fact) => (fact.type === 'group.member.banned' ? [fact, fact] : [fact])),
    focus: ['ban'],
    seed: 1,
  },
  {
    title: 'a member who is told with the invitation, before the consent',
    facts: (facts) =>
      facts.map((fact) =>
        fact.type === 'group.invitation.created'
          ? ({
              ...fact,
              type: 'group.member.added',
              data: {
                group_id: (fact.data as { group_id: number }).group_id,
                user_id: (fact.data as { user_id: number }).user_id,
                via: 'invited',
              },
            } as Fact)
          : fact,
      ),
    focus: ['invite', 'group_confirm'],
    seed: 2,
  },
  {
    title: 'a kick that names the kicked user as its actor',
    facts: (facts) =>
      facts.map((fact) =>
        fact.type === 'group.member.removed' && fact.stamp.type === 'user'
          ? { ...fact, stamp: { ...fact.stamp, id: String((fact.data as { user_id: number }).user_id) } }
          : fact,
      ),
    focus: ['kick', 'apply'],
    seed: 1,
  },
  {
    title: 'a change of a member that names the call before it as its cause',
    mutate: (input) => {
      for (const { pk, statement } of partsOf(input)) {
        const { ExpressionAttributeValues: values = {} } = statement;
        for (const [name, value] of Object.entries(values))
          if (pk.endsWith('#R') && typeof value === 'string')
            values[name] = value.replace(/ call-(\d+)/, (_, nth) => ` call-${Math.max(1, Number(nth) - 1)}`);
      }
      return undefined;
    },
    focus: ['admin/add', 'admin/remove', 'ban', 'unban'],
    seed: 1,
  },
  {
    title: 'records of one partition in the wrong order',
    mutateRecords: swapped,
    focus: ['ban', 'unban', 'leave', 'apply'],
    seed: 1,
  },
  {
    title: 'a relay that does not prove which event is the last',
    mutate: (input) => {
      for (const { statement } of partsOf(input).filter(isOpenPage)) dropCondition(statement);
      return undefined;
    },
    focus: ['ban', 'unban', 'leave', 'apply'],
    seed: 1,
  },
  {
    title: 'a relay that does not remember what it has read of a group',
    mutate: items(isPageOfGroup, (item) => {
      item.seen = {};
    }),
    focus: ['ban', 'unban', 'leave', 'apply'],
    seed: 1,
  },
  {
    title: 'a relay that does not remember what it has read of a user',
    mutate: items(isPosition, (item) => {
      item.seen = '0';
    }),
    focus: ['roster/block', 'roster/unblock', 'user/delete'],
    seed: 1,
  },
  {
    title: 'a relay that counts no departures',
    mutate: items(isPageOfGroup, (item) => {
      if (typeof item.members === 'number') item.members += Number(item.last) % 2;
    }),
    focus: ['leave', 'apply', 'kick'],
    seed: 1,
  },
  {
    title: 'a list whose version is newer than what it shows',
    mutate: items(isPageOfGroup, (item) => {
      item.at = 0;
    }),
    focus: ['leave', 'apply', 'kick', 'block', 'ban'],
    length: 50,
    seed: 13,
  },
];
