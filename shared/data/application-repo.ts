import type { AppId, GroupId, UserId } from '../ids.ts';
import { KEPT_IN_LISTS } from '../limits.ts';
import { all, equal, unchanged } from './expression.ts';
import { oldestListed, time } from './keys.ts';
import { type GroupMembership, groupMembershipTtl, userMembershipTtl } from './membership-repo.ts';
import { asRecord, before, type Get, getItem, type Query } from './read.ts';
import type { ItemOf, Keyed } from './schema.ts';
import * as schema from './schema.ts';
import { check, put, type Step, update } from './step.ts';
import { NOT_DELETED } from './user-repo.ts';

export const PENDING = 0;
export const AGREED = 1;
export const REJECTED = 2;
export type Outcome = 0 | 1 | 2;

/** A user has one application to a group; a second renews it. Times in milliseconds. */
export type Application = Keyed<ItemOf<typeof schema.applicationFields>> & { lsi1sk: string };

export const applicationOf = (app: AppId, group: GroupId, applicant: UserId): Get<Application | undefined> =>
  getItem(schema.application.key(app, group, applicant));
export const applicantOf = ({ sk }: Application): UserId =>
  Number(sk.slice(schema.application.sk.prefix.length)) as UserId;

/** Pending: neither handled nor expired. */
export const isPending = (application: Application | undefined, now: number): application is Application =>
  application?.status === PENDING && application.expiresAt > now;

const ttl = (createdAt: number) => Math.ceil(createdAt / 1000) + KEPT_IN_LISTS;

/**
 * Makes or renews an application. Its mark in the group membership voids it as soon as the user joins or is blocked, and
 * the user membership lets the deletion of the user find it.
 */
export function submit(
  app: AppId,
  group: GroupId,
  applicant: UserId,
  was: GroupMembership | undefined,
  { reason, createdAt, expiresAt }: { reason: string; createdAt: number; expiresAt: number },
): Step[] {
  const order = schema.application.orders.newest(createdAt, applicant);
  return [
    update(
      schema.groupMembership.key(app, group, applicant),
      {
        set: {
          applied: createdAt,
          applicationExpiresAt: expiresAt,
          ttl: groupMembershipTtl(was?.bannedUntil, ttl(createdAt)),
        },
      },
      unchanged(was, 'state', 'bannedUntil', 'applied'),
    ),
    put(schema.application.key(app, group, applicant), {
      reason,
      status: PENDING,
      createdAt,
      expiresAt,
      lsi1sk: order,
      lsi2sk: order,
      ttl: ttl(createdAt),
    }),
    update(schema.userMembership.key(app, applicant, group), {
      set: { applied: createdAt, ttl: userMembershipTtl(createdAt) },
    }),
    check(schema.user.key(app, applicant), NOT_DELETED),
  ];
}

/** Joining approves the pending application that the group membership marks. */
export const settle = (
  app: AppId,
  group: GroupId,
  user: UserId,
  was: GroupMembership | undefined,
  now: number,
): Step[] =>
  was?.applied !== undefined && (was.applicationExpiresAt ?? 0) > now
    ? [
        update(
          schema.application.key(app, group, user),
          { set: { status: AGREED } },
          stillPending({ createdAt: was.applied }),
        ),
      ]
    : [];

/** Rejects an application and removes its mark. Both conditions fail where it was renewed meanwhile. */
export const reject = (app: AppId, group: GroupId, applicant: UserId, application: Application): Step[] => [
  update(schema.application.key(app, group, applicant), { set: { status: REJECTED } }, stillPending(application)),
  update(
    schema.groupMembership.key(app, group, applicant),
    { set: { applied: undefined, applicationExpiresAt: undefined } },
    equal('applied', application.createdAt),
  ),
];

const stillPending = ({ createdAt }: Pick<Application, 'createdAt'>) =>
  all(equal('status', PENDING), equal('createdAt', createdAt));

/** The end of all, as a sort key. */
const NEWEST = `${schema.application.sk.prefix}~`;

/**
 * Applications to a group that lists show, the newest first, as `view` gives them.
 * @param until only those made until then; with `applicant`, only those before that user's of this very time
 */
export const applicationsOf = <T>(
  app: AppId,
  group: GroupId,
  now: number,
  until: { createdAt: number; applicant?: UserId } | undefined,
  limit: number,
  view: (application: Application) => T,
): Query<{ entries: T[]; more: boolean }> => ({
  query: {
    partition: schema.groupMembership.partition(app, group),
    index: 'lsi1',
    between: [oldestListed(schema.application.orders.newest.prefix, now), until ? newestUntil(until) : NEWEST],
    entryBytes: schema.application.bytes,
    descending: true,
    limit,
    all: true,
  },
  parse: ({ items, last }) => ({ entries: items.map((item) => view(asRecord(item))), more: last !== undefined }),
});

const newestUntil = ({ createdAt, applicant }: { createdAt: number; applicant?: UserId }) =>
  applicant === undefined
    ? `${schema.application.sk.prefix}${time(createdAt)}#~`
    : before(schema.application.orders.newest(createdAt, applicant));

/** How many applications to a group lists show. */
export const applicationCountOf = (app: AppId, group: GroupId, now: number): Query<number> => ({
  query: {
    partition: schema.groupMembership.partition(app, group),
    index: 'lsi2',
    between: [oldestListed(schema.application.orders.newest.prefix, now), NEWEST],
    entryBytes: schema.INDEX_BYTES.counted,
    count: true,
    all: true,
  },
  parse: ({ count }) => count,
});
