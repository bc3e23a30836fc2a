import { isDeepStrictEqual } from 'node:util';
import type { Entry, Reads, Records, Step } from '../../../call/transact.ts';
import { count, type Pair, pairOf, withoutRequests } from '../../../data/contact-repo.ts';
import { type Group, groupOf } from '../../../data/group-repo.ts';
import { FOR_EVER, groupMembershipOf } from '../../../data/membership-repo.ts';
import { checkExists, isUser, type User, userOf } from '../../../data/user-repo.ts';
import { badParameter } from '../../../errors.ts';
import type { AppId, GroupId, UserId } from '../../../ids.ts';
import type { Limits } from '../../../limits.ts';
import { existingGroup } from '../../group/permissions.ts';

/** Fields of a line that need not be given. */
export type Optional<T> = { [field in keyof T]?: T[field] | undefined };

/** A line of a file, and its number there, from 1 on. */
export interface Numbered<L> {
  line: L;
  number: number;
}

/** The app that lines are imported into. */
export interface Scope {
  app: AppId;
  limits: Limits;
  /** Milliseconds. */
  now: number;
}

/**
 * Everything about one kind of line but its schema (infra/ops/line-schemas.ts). Lines are imported some at a time: all
 * of one group, or of one user with others, or users, or groups. All functions but `prepare` are pure and may be asked again.
 */
export interface LineKind<L, R extends Reads = Reads> {
  /** Values that a line need not give: an export leaves them out. */
  defaults: Partial<L>;
  /** Lines of one lane follow one another. @param lanes how many there are, where any will do */
  lane(line: L, lanes: number): string;
  /** Names of the records that only one transaction at a time can write: lines of one record follow one another. */
  contended(line: L): string[];
  reads(scope: Pick<Scope, 'app' | 'limits'>, lines: readonly L[]): R;
  /** What takes long, done once before the lines are decided; not in a rehearsal. */
  prepare?(records: Records<R>, lines: readonly Numbered<L>[]): Promise<readonly Numbered<L>[]>;
  /** The steps of one line, or its error. No steps: the record is there already with the same content. */
  entry(scope: Scope, records: Records<R>, entry: Entry<Numbered<L>>, batch: readonly Entry<Numbered<L>>[]): Step[];
  /** The steps that a transaction needs once for its lines. */
  shared(scope: Scope, records: Records<R>, batch: readonly Entry<Numbered<L>>[]): Step[];
}

/** The first field that the line gives and that has another value in the record. Passwords are not compared. */
export const differing = <L extends object>(given: L, there: L): string | undefined =>
  Object.entries(given).find(
    ([field, value]) =>
      value !== undefined &&
      field !== 'password' &&
      field !== 'password_hash' &&
      !isDeepStrictEqual(value, there[field as keyof L]),
  )?.[0];

/** No steps for a line whose record is there with the same content. @throws ApiError badParameter where it differs */
export function unlessDiffering<L extends object>(line: L, there: L): Step[] {
  const different = differing(line, there);
  if (different !== undefined) throw differs(different);
  return [];
}

export const differs = (field: string) =>
  badParameter(field, 'the record is there already and has another value, which is kept');
/** The user that a line names. @throws ApiError badParameter with that field where it does not exist */
export function userNamed(field: string, user: User | undefined, id: UserId): User {
  if (!isUser(user)) throw badParameter(field, `there is no user ${id}`);
  return user;
}

export function groupNamed(group: Group | undefined, id: GroupId): Group {
  if (!group) throw badParameter('group_id', `there is no group ${id}`);
  return existingGroup(group);
}

/** What lines about users of one group read. */
export function usersOfGroup({ app }: Pick<Scope, 'app'>, lines: readonly { group_id: GroupId; user_id: UserId }[]) {
  return {
    group: groupOf(app, lines[0]!.group_id),
    users: lines.map(({ group_id, user_id }) => ({
      user: userOf(app, user_id),
      membership: groupMembershipOf(app, group_id, user_id),
    })),
  };
}

/** What lines about one user and others read. @param fields the fields of a line that name them */
export function usersOfPairs<F extends string>(
  { app }: Pick<Scope, 'app'>,
  lines: readonly Record<F, UserId>[],
  [userField, otherField]: readonly [user: F, other: F],
) {
  const user = lines[0]![userField];
  return {
    user: userOf(app, user),
    pairs: lines.map(({ [otherField]: other }) => ({ found: userOf(app, other), sides: pairOf(app, user, other) })),
  };
}

/**
 * The pair of a line about two users.
 * @param fields the fields of the line that name them
 * @throws ApiError badParameter where one does not exist, or both are the same
 */
export function pairNamed<F extends string>(
  { app }: Scope,
  { user, pairs }: Records<ReturnType<typeof usersOfPairs>>,
  { entry: { line }, index }: Entry<Numbered<Record<F, UserId>>>,
  fields: readonly [user: F, other: F],
): Pair {
  const { found, sides } = pairs[index]!;
  const [userField, otherField] = fields;
  userNamed(userField, user, line[userField]);
  userNamed(otherField, found, line[otherField]);
  if (line[userField] === line[otherField]) throw badParameter(otherField, `is the user of ${userField} too`);
  return { app, user: line[userField], other: line[otherField], ...sides };
}

/** Counts the others of a batch at the user of all its lines, whose waiting requests from them end. */
export function countPairs(
  { app, limits }: Scope,
  { user, pairs }: Records<ReturnType<typeof usersOfPairs>>,
  batch: readonly Entry<unknown>[],
  counter: 'friends' | 'blocked',
): Step[] {
  const { myCounts } = pairs[0]!.sides;
  const mine = batch.map(({ index }) => pairs[index]!.sides.mine);
  const sum = { [counter]: mine.length, ...withoutRequests(mine, myCounts) };
  return [...count(app, user!.user, myCounts, sum, { [counter]: limits[counter] }), checkExists(app, user!.user)];
}

/** An end as lines have it: −1 is for ever. */
export const lineTime = (end: number) => (end === FOR_EVER ? -1 : end);
/** An end as records have it. */
export const storedTime = (end: number) => (end === -1 ? FOR_EVER : end);
